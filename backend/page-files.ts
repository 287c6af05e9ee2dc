/** The files of the pages, compressed: small texts are all that a first visit loads. */
import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { COMPRESS, encodingFor } from './compressing.ts';
import type { RequestHandler } from 'express';
import type { Encoding } from './compressing.ts';
import type { JoinedFile, JoinedFiles } from './joined-files.ts';

/** Small letters, and no dot but the one before the ending: nothing that leads elsewhere. */
const FILE = /^\/((?:[a-z][a-z-]*\/){0,2}[a-z][a-z-]*\.(?:js|css|html|svg))?$/;
const PAGE = 'index.html';
const ENTRY = 'main.js';
const FOR_EVER = 'public, max-age=31536000, immutable';

interface Packed {
  bytes: Promise<Uint8Array>;
  /** The same however it is compressed, and as Express' own for the plain file: what one has may be asked about as another. */
  tag: string;
}

/**
 * Answers with files of the folder: joined where they are to be, else as they are; once compressed, and then from memory.
 * Whatever is none of them, or is neither joined nor to be compressed, is passed on.
 */
export function servePacked(folder: string, joined: JoinedFiles): RequestHandler {
  const packed = new Map<string, Packed>();

  const pack = async (name: string, encoding: Encoding, file: JoinedFile | undefined): Promise<Packed> => {
    const path = join(folder, name);
    const tag = file?.tag ?? (await tagOf(path));
    const key = `${encoding} ${name}`;
    const known = packed.get(key);
    if (known?.tag === tag) return known;
    const compress = async () => COMPRESS[encoding](file?.bytes ?? (await readFile(path)));
    // Kept before it is there: after a start many ask for the same at once.
    const fresh = { bytes: compress(), tag };
    packed.set(key, fresh);
    fresh.bytes.catch(() => packed.delete(key));
    return fresh;
  };

  return async (request, response, next) => {
    const path = request.path.slice(1);
    response.vary('Accept-Encoding');
    const file = await joined.find(path);
    const name = file === undefined ? FILE.exec(request.path)?.[1] : path;
    const isPage = request.path === '/' || name === PAGE;
    if (name === undefined && !isPage) return next();
    // Without a slash at its end the page's own links lead elsewhere: that is for the one who redirects.
    if (name === undefined && !request.originalUrl.split('?', 1)[0]?.endsWith('/')) return next();
    if (isPage) {
      // It is the next to be asked for. The page does not wait for it.
      void joined.find(ENTRY);
      const parts = joined.partsOf(ENTRY).map((part) => `<${request.baseUrl}/${part}>; rel="modulepreload"`);
      if (parts.length > 0) response.set('Link', parts.join(', '));
    }

    const encoding = encodingFor(request);
    // A range of the plain file is no range of the joined one, which comes whole: that is always allowed.
    if (file === undefined && (encoding === undefined || request.headers.range !== undefined)) return next();
    const answer = encoding !== undefined ? await pack(name ?? PAGE, encoding, file).catch(() => undefined) : file;
    const bytes = await answer?.bytes;
    if (answer === undefined || bytes === undefined) return next();
    if (encoding !== undefined) response.set('Content-Encoding', encoding);
    response.set({ ETag: answer.tag, 'Cache-Control': file?.isForEver === true ? FOR_EVER : 'no-cache' });
    response.type(name?.endsWith('.map') === true ? 'json' : extname(name ?? PAGE));
    response.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  };
}

async function tagOf(path: string): Promise<string> {
  const { size, mtime } = await stat(path);
  return `W/"${size.toString(16)}-${mtime.getTime().toString(16)}"`;
}
