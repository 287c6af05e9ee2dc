/** Which compression of a text a client gets, where it is compressed once and kept. */
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Request } from 'express';

/** The best first. Browsers take "br" only where a page comes over TLS or from this very machine. */
const ENCODINGS = ['br', 'gzip'] as const;

export type Encoding = (typeof ENCODINGS)[number];

export const COMPRESS: Readonly<Record<Encoding, (bytes: Uint8Array) => Promise<Buffer>>> = {
  br: promisify(brotliCompress),
  gzip: promisify(gzip),
};

/** @returns the best that the client takes: browsers name all in one breath, gzip first; undefined for none */
export function encodingFor(request: Request): Encoding | undefined {
  return ENCODINGS.find((one) => request.acceptsEncodings(one) === one);
}
