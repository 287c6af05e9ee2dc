/**
 * Keeps the pages in the browser, and gives them where there is no network. A page comes from the server whenever that
 * answers soon. One that comes from here is of one piece: all it loads comes from here too, by addresses that say of which
 * version, so an old page never meets a new part. Messages, identities and everything else are not its business.
 *
 * The server puts `PAGES` in front of it: another version is another file, which is how a browser notices.
 */

/**
 * @typedef {object} Pages
 * @property {string} version
 * @property {Record<string, string>} documents by path, each with the SHA-256 of its bytes in Base64
 * @property {Record<string, string>} files likewise, what they load
 */
/** @typedef {Event & { waitUntil: (promise: Promise<unknown>) => void }} WorkerEvent */
/**
 * @typedef {WorkerEvent & { request: Request, preloadResponse: Promise<Response | undefined>,
 *   respondWith: (response: Promise<Response>) => void, notification: Notification }} Asked
 */
/** @typedef {{ url: string, focus: () => Promise<unknown>, navigate: (url: string) => Promise<unknown> }} Tab */
/**
 * @typedef {object} Worker
 * @property {Pages} [PAGES]
 * @property {() => Promise<void>} skipWaiting
 * @property {ServiceWorkerRegistration} registration
 * @property {{ claim: () => Promise<void>, matchAll: (options: { type: 'window' }) => Promise<Tab[]>,
 *   openWindow: (url: string) => Promise<unknown> }} clients
 * @property {(name: string, react: (event: Asked) => void) => void} addEventListener
 */
const worker = /** @type {Worker} */ (/** @type {unknown} */ (globalThis));

const { version, documents, files } = worker.PAGES ?? { version: '', documents: {}, files: {} };
const PREFIX = 'since.pages.';
const CACHE = PREFIX + version;
/** Versions: this one, and the one before, from which a page may still be open. */
const MAX_VERSIONS = 2;
/** What a kept page loads: `/kept/<version>/frontend-shared/style.css`. */
const KEPT = /^\/kept\/([\w-]+)(\/.+)$/;
/** What is loaded at need, under a name made of its content. */
const PART = /\/parts\/[\w-]+\.js$/;
/** What emoji are called: loaded when somebody asks for one, and kept from then on. */
const EMOJI = /^\/emoji\/[a-z]+\.json$/;
/** Milliseconds to wait for the server while there is a page at hand. */
const NETWORK_WITHIN_MS = 3_000;

worker.addEventListener('install', (event) => event.waitUntil(keepAll().then(() => worker.skipWaiting())));

worker.addEventListener('activate', (event) => {
  // The server is asked for a page while this is still being started.
  const preloading = worker.registration.navigationPreload?.enable();
  // Pages that are open as well: what they load later may be gone from the server by then.
  event.waitUntil(Promise.all([preloading, dropOld()]).then(() => worker.clients.claim()));
});

worker.addEventListener('notificationclick', (event) => {
  const { notification } = event;
  notification.close();
  event.waitUntil(leadTo(String(notification.data)));
});

worker.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== location.origin) return;
  const kept = KEPT.exec(pathname);
  if (kept) event.respondWith(answerKept(event.request, kept[1] ?? '', kept[2] ?? ''));
  else if (mode === 'navigate' && Object.hasOwn(documents, pathname)) event.respondWith(answerPage(event, pathname));
  else if (PART.test(pathname)) event.respondWith(answerPart(event.request, pathname));
  else if (EMOJI.test(pathname)) event.respondWith(answerEmoji(event, pathname));
});

/** All of one version, or nothing: a server that is changed meanwhile gives something else than it has promised. */
async function keepAll() {
  const cache = await caches.open(CACHE);
  try {
    const all = Object.entries({ ...documents, ...files });
    await Promise.all(all.map(async ([path, digest]) => cache.put(path, await load(path, digest))));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

/** @type {(path: string, digest: string) => Promise<Response>} */
async function load(path, digest) {
  const response = await fetch(path, { cache: 'no-cache', credentials: 'omit' });
  const bytes = await response.arrayBuffer();
  if (!response.ok || (await digestOf(bytes)) !== digest) throw new Error(`${path} is not of this version`);
  const headers = new Headers(response.headers);
  // Of what was on the wire.
  for (const name of ['content-encoding', 'content-length', 'etag', 'link']) headers.delete(name);
  const body = Object.hasOwn(documents, path) ? toKept(new TextDecoder().decode(bytes), path) : bytes;
  return new Response(body, { headers });
}

/** @type {(bytes: ArrayBuffer) => Promise<string>} */
async function digestOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(String.fromCharCode(...digest));
}

/** Says that it is kept, and loads what is kept with it. @type {(html: string, path: string) => string} */
function toKept(html, path) {
  const base = new URL(path, location.origin);
  /** @type {(all: string, name: string, value: string) => string} */
  const keep = (all, name, value) => {
    const { origin, pathname } = new URL(value, base);
    if (origin !== location.origin || !Object.hasOwn(files, pathname)) return all;
    return `${name}="/kept/${version}${pathname}"`;
  };
  return html.replace('<html ', '<html data-kept ').replaceAll(/\b(href|src)="([^"]+)"/g, keep);
}

async function dropOld() {
  const ours = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  // In the order in which they were made.
  const old = ours.filter((name) => name !== CACHE).slice(0, -(MAX_VERSIONS - 1));
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** @type {(event: Asked, path: string) => Promise<Response>} */
async function answerPage(event, path) {
  const asking = Promise.resolve(event.preloadResponse).then((response) => response ?? fetch(event.request));
  // Also when it comes too late it brings this browser's identity.
  event.waitUntil(asking.catch(() => undefined));
  const late = new Promise((/** @type {(nothing: undefined) => void} */ resolve) => {
    setTimeout(() => resolve(undefined), NETWORK_WITHIN_MS);
  });
  const response = await Promise.race([asking.catch(() => undefined), late]);
  // 500 and above: what stands before the server is there, and the server is not.
  if (response && response.status < 500) return response;
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? response ?? asking;
}

/** In a tab of that page, where there is one. @type {(address: string) => Promise<void>} */
async function leadTo(address) {
  const tabs = await worker.clients.matchAll({ type: 'window' });
  const tab = tabs.find(({ url }) => new URL(url).pathname === new URL(address).pathname);
  if (!tab) return void (await worker.clients.openWindow(address));
  await tab.focus().catch(() => {}); // a browser may see no reason for it
  await tab.navigate(address);
}

/** @type {(request: Request, of: string, path: string) => Promise<Response>} */
async function answerKept(request, of, path) {
  const kept = await caches.match(path, { cacheName: PREFIX + of });
  return kept ?? fetch(request);
}

/**
 * What an older page wants to load now, the server may not have any more.
 * @type {(request: Request, path: string) => Promise<Response>}
 */
async function answerPart(request, path) {
  return (await caches.match(path)) ?? fetch(request);
}

/** @type {(event: Asked, path: string) => Promise<Response>} */
async function answerEmoji(event, path) {
  try {
    const response = await fetch(event.request);
    if (!response.ok) return (await caches.match(path)) ?? response;
    const copy = response.clone();
    event.waitUntil(caches.open(CACHE).then((cache) => cache.put(path, copy)));
    return response;
  } catch (error) {
    const kept = await caches.match(path);
    if (kept) return kept;
    throw error;
  }
}
