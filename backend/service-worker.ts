/** The service worker, with what it is to keep: everything that the pages are made of, each with its digest. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RequestHandler } from 'express';
import type { JoinedFiles } from './joined-files.ts';

const WORKER = 'service-worker.js';
/** What belongs to a page as it stands, and what belongs to it where nothing is joined. */
const PLAIN = /^[\w/-]+\.(?:html|svg)$/;
const SOURCE = /^[\w/-]+\.(?:html|svg|js|css)$/;

export interface ServedFolder {
  /** Where it is served, without a slash at its end. */
  path: string;
  /** Absolute. */
  root: string;
  joined: JoinedFiles;
  /** Where its `index.html` is served. */
  document: string;
}

interface Kept {
  version: string;
  /** Digests by path: SHA-256 in Base64. */
  documents: Record<string, string>;
  files: Record<string, string>;
}

/** @param home the folder that the worker's own file is in */
export function serveWorker(folders: readonly ServedFolder[], home: ServedFolder): RequestHandler {
  return async (_request, response) => {
    const kept = await listKept(folders);
    const joined = await home.joined.find(WORKER);
    const code = Buffer.from(joined?.bytes ?? (await readFile(join(home.root, WORKER)))).toString();
    response.set({ 'Cache-Control': 'no-cache', 'Service-Worker-Allowed': '/' }).type('js');
    // A worker has no page beside it, whose address its source map would be relative to.
    response.send(`self.PAGES=${JSON.stringify(kept)};\n${code.replace(/\/\/# sourceMappingURL=.*/, '')}`);
  };
}

async function listKept(folders: readonly ServedFolder[]): Promise<Kept> {
  const documents: Kept['documents'] = {};
  const files: Kept['files'] = {};
  for (const { path, root, joined, document } of folders) {
    const made = await joined.all();
    const isPlain = made === undefined ? SOURCE : PLAIN;
    for (const [name, { bytes }] of made ?? []) if (isKept(name)) files[`${path}/${name}`] = digestOf(bytes);
    for (const entry of await readdir(root, { recursive: true })) {
      const name = entry.replaceAll('\\', '/');
      if (!isPlain.test(name) || !isKept(name)) continue;
      const digest = digestOf(await readFile(join(root, name)));
      if (name === 'index.html') documents[document] = digest;
      else files[`${path}/${name}`] = digest;
    }
  }
  const version = createHash('sha256')
    .update(JSON.stringify([documents, files]))
    .digest('base64url')
    .slice(0, 16);
  return { version, documents, files };
}

// The browser keeps the worker itself; and nobody who has no network debugs.
const isKept = (name: string) => name !== WORKER && !name.endsWith('.map');

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}
