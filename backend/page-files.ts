/** The files of the pages, compressed: dozens of small texts are all that a first visit loads. */
import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { RequestHandler } from 'express';

/** Browsers take "br" only where a page comes over TLS or from this very machine. */
const COMPRESS = { br: promisify(brotliCompress), gzip: promisify(gzip) };
/** Lower case only, and no folder but the one of the languages: nothing that leads elsewhere. */
const FILE = /^\/((?:words\/)?[a-z-]+\.(?:js|css|html|svg))?$/;

interface Packed {
  bytes: Buffer;
  /** The same however it is compressed, and as Express' own for the plain file: what one has may be asked about as another. */
  tag: string;
}

/**
 * Answers with files of the folder, once compressed and then from memory. Whatever is none of them, or is not to be
 * compressed, is passed on.
 */
export function servePacked(folder: string): RequestHandler {
  const packed = new Map<string, Packed>();

  const pack = async (name: string, encoding: keyof typeof COMPRESS): Promise<Packed> => {
    const path = join(folder, name);
    const { size, mtime } = await stat(path);
    const tag = `W/"${size.toString(16)}-${mtime.getTime().toString(16)}"`;
    const known = packed.get(`${encoding} ${name}`);
    if (known?.tag === tag) return known;
    const fresh = { bytes: await COMPRESS[encoding](await readFile(path)), tag };
    packed.set(`${encoding} ${name}`, fresh);
    return fresh;
  };

  return async (request, response, next) => {
    const name = FILE.exec(request.path);
    response.vary('Accept-Encoding');
    const encoding = request.acceptsEncodings(['br', 'gzip', 'identity']);
    const isToBePacked = (encoding === 'br' || encoding === 'gzip') && request.headers.range === undefined;
    if (name === null || !isToBePacked) return next();
    // Without a slash at its end the page's own links lead elsewhere: that is for the one who redirects.
    if (name[1] === undefined && !request.originalUrl.split('?', 1)[0]?.endsWith('/')) return next();
    const file = await pack(name[1] ?? 'index.html', encoding).catch(() => undefined);
    if (file === undefined) return next();
    response.set({ 'Content-Encoding': encoding, ETag: file.tag, 'Cache-Control': 'no-cache' });
    response.type(extname(name[1] ?? 'index.html'));
    response.send(file.bytes);
  };
}
