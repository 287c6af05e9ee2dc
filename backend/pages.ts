/** The pages and what belongs to them: files that any server could give as they are, and that this one joins. */
import { fileURLToPath } from 'node:url';
import express from 'express';
import { serveEmoji } from './emoji.ts';
import { ChatError } from './errors.ts';
import { joinFiles } from './joined-files.ts';
import { servePacked } from './page-files.ts';
import { headersOfFiles, pageHeaders, pageHeadersOfKept } from './page-headers.ts';
import { serveWorker } from './service-worker.ts';
import type { ServerResponse } from 'node:http';
import type { Express, RequestHandler } from 'express';
import type { Identity } from './identity.ts';

/** A folder, where it and its `index.html` are served, and what is joined in it. */
interface Folder {
  folder: string;
  path: string;
  document: string;
  entries: readonly string[];
}

const PAGES: readonly Folder[] = [
  { folder: 'frontend-polling', path: '/polling', document: '/polling/', entries: ['main.js'] },
  { folder: 'frontend-websocket', path: '/websocket', document: '/websocket/', entries: ['main.js'] },
];
const SHARED: Folder = {
  folder: 'frontend-shared',
  // Under its own name: so the pages' imports mean the same to a browser and to the compiler.
  path: '/frontend-shared',
  document: '/',
  entries: ['style.css', 'front/front.js', 'styles/front.css', 'service-worker.js'],
};
const ROOT = new URL('../', import.meta.url);

/** @param onFailure of joining: then the pages are given as they are */
export function servePages(app: Express, identity: Identity, onFailure: (error: unknown) => void): void {
  const setCookie: RequestHandler = (request, response, next) => {
    // With the document only: its scripts and styles come with the cookie already.
    if (request.path === '/' || request.path.endsWith('.html')) {
      const cookie = identity.cookieFor(request);
      if (cookie !== undefined) response.setHeader('Set-Cookie', cookie);
    }
    next();
  };
  const refuse = refuseOthers(new Set(['GET']));
  const refuseWriting: RequestHandler = (request, response, next) =>
    request.method === 'GET' || request.method === 'HEAD' ? next() : refuse(request, response, next);
  const serve = ({ folder, path, document, entries }: Folder, headers: RequestHandler) => {
    const root = fileURLToPath(new URL(folder, ROOT));
    const joined = joinFiles(root, { entries, onFailure });
    const packed = servePacked(root, joined);
    const files = express.static(root, { cacheControl: false, setHeaders: revalidate });
    app.use(path, refuseWriting, addSlash, headersOfFiles(headers), setCookie, packed, files);
    return { path, root, joined, handlers: [packed, files], document };
  };
  const shared = serve(SHARED, pageHeaders);
  const pages = PAGES.map((page) => serve(page, pageHeadersOfKept));
  app.get('/service-worker.js', pageHeaders, serveWorker([...pages, shared], shared));
  app.use('/emoji', refuseWriting, pageHeaders, serveEmoji());
  app.get('/', pageHeadersOfKept, setCookie, ...shared.handlers);
  app.get('/favicon.ico', (_request, response) => {
    response.type('image/svg+xml').sendFile('favicon.svg', { root: shared.root });
  });
  app.all(['/', '/favicon.ico', '/service-worker.js'], refuseWriting);
}

// Not left to Express, which leads to whatever host the target names, if it names one.
const addSlash: RequestHandler = (request, response, next) => {
  const [path = '', query] = request.originalUrl.split(/\?(.*)/s, 2);
  if (request.path !== '/' || path.endsWith('/')) return next();
  response.writeHead(301, { Location: `${request.baseUrl}/${query === undefined ? '' : `?${query}`}` }).end();
};

// Small files that change with the server: asked for each time, and sent only when they changed.
function revalidate(response: ServerResponse): void {
  response.setHeader('Cache-Control', 'no-cache');
}

/** @param known methods that are answered before */
export function refuseOthers(known: ReadonlySet<string>): RequestHandler {
  const allow = [...known, ...(known.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return () => {
    throw new ChatError('method-not-allowed', `This takes ${allow}.`, { allow });
  };
}
