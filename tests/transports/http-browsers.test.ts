/** What browsers are told: cross-origin rules, headers of the pages, cookies, and nothing outside of the pages. */
import { describe, expect, it } from 'vitest';
import { call, expectProblem, identify, poll, post, write } from '../harness/api.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';

const start = (settings = {}) => startTestServer({ journal: 'memory', ...settings });

const ORIGIN = 'https://chat.example';
const EXPOSED = ['next-since', 'more', 'batch', 'location', 'retry-after'];

const listOf = (header: string | null) => (header ?? '').split(',').map((part) => part.trim().toLowerCase());

const PAGES = ['/', '/polling/', '/websocket/'];

describe('cross-origin requests', () => {
  it('are answered to every origin, with the headers that clients need, and never with credentials', async () => {
    const { url } = await start();
    const { headers } = await call(url, '/messages', { headers: { origin: ORIGIN } });
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(listOf(headers.get('access-control-expose-headers'))).toEqual(EXPOSED);
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  it.each<[what: string, path: string, init: RequestInit, status: number]>([
    ['a wrong query', '/messages?limit=0', {}, 400],
    ['a missing token', '/messages', { headers: { authorization: 'Bearer x' } }, 401],
    ['a message that is not there', '/messages/7', {}, 404],
    ['a path that is not there', '/nothing', {}, 404],
    ['a wrong method', '/messages', { method: 'PUT' }, 405],
    ['a wrong Accept', '/messages', { headers: { accept: 'image/png' } }, 406],
    ['a cursor that is gone', '/messages?since=99', {}, 410],
    ['a wrong type', '/messages', { method: 'POST', body: 'x' }, 415],
  ])('that fail by %s are told so', async (_what, path, init, status) => {
    const { url } = await start();
    const answer = await call(url, path, { ...init, headers: { ...(init.headers as object), origin: ORIGIN } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(listOf(answer.headers.get('access-control-expose-headers'))).toEqual(EXPOSED);
  });

  it('are preflighted, with all methods and headers that the server takes', async () => {
    const { url } = await start();
    for (const path of ['/messages', '/messages/1', '/messages/1/reactions/x', '/identity']) {
      const { status, headers } = await call(url, path, {
        method: 'OPTIONS',
        headers: { origin: ORIGIN, 'access-control-request-method': 'PATCH' },
      });
      expect(status).toBe(204);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      const methods = listOf(headers.get('access-control-allow-methods'));
      expect(methods).toEqual(['get', 'post', 'put', 'patch', 'delete']);
      const allowed = listOf(headers.get('access-control-allow-headers'));
      expect(allowed).toEqual(['authorization', 'content-type', 'idempotency-key', 'last-event-id']);
      expect(headers.has('access-control-allow-credentials')).toBe(false);
    }
  });

  it('are allowed by name where there is a list, which caches are told of', async () => {
    const { url } = await start({ allowedOrigins: [ORIGIN, 'http://other.example'] });
    for (const origin of [ORIGIN, 'http://other.example']) {
      const { headers } = await call(url, '/messages', { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(listOf(headers.get('vary'))).toEqual(expect.arrayContaining(['origin', 'accept']));
    }
    for (const origin of ['https://evil.example', `${ORIGIN}.evil.example`, 'null', `${ORIGIN}:8443`]) {
      const { headers } = await call(url, '/messages', { headers: { origin } });
      expect(headers.has('access-control-allow-origin'), origin).toBe(false);
      expect(listOf(headers.get('vary'))).toContain('origin');
    }
  });
});

describe('the pages', () => {
  it.each(PAGES)('at %s allow nothing from elsewhere, and no one to frame them', async (path) => {
    const { url } = await start();
    const { status, headers } = await call(url, path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html; charset=utf-8$/i);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|\*/);
    for (const directive of ['default-src', 'script-src', 'frame-ancestors', 'base-uri']) {
      expect(policy).toContain(directive);
    }
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('server')).toBe(false);
  });

  it('hold no inline script or style, which the policy would refuse', async () => {
    const { url } = await start();
    for (const path of PAGES) {
      const { text } = await call(url, path);
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:/i);
      expect(text).not.toMatch(/(src|href)="(https?:)?\/\//i);
    }
  });

  it('are linked from the first one', async () => {
    const { url } = await start();
    const { text } = await call(url, '/');
    expect(text).toContain('href="/polling/"');
    expect(text).toContain('href="/websocket/"');
  });

  it('are led to where the slash was forgotten', async () => {
    const { url } = await start();
    const { status, headers } = await call(url, '/polling');
    expect([301, 302, 307, 308]).toContain(status);
    expect(headers.get('location')).toMatch(/\/polling\/$/);
  });

  it('are not sent again when they did not change', async () => {
    const { url, port } = await start();
    for (const path of ['/polling/', '/frontend-shared/style.css']) {
      const first = await call(url, path);
      const etag = first.headers.get('etag') ?? '';
      expect(etag).not.toBe('');
      // By hand, as fetch asks for the whole again whenever it is given such a header.
      const raw = await connectRaw(port);
      raw.send([`GET ${path} HTTP/1.1`, 'Host: localhost', `If-None-Match: ${etag}`, '']);
      const { status, headers, body } = await raw.response();
      expect([status, body]).toEqual([304, '']);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('answer HEAD without a body', async () => {
    const { url } = await start();
    for (const path of PAGES)
      expect(await call(url, path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it.each([...PAGES, '/frontend-shared/style.css'])('at %s cannot be written', async (path) => {
    const { url } = await start();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await call(url, path, { method });
      expectProblem(answer, 405, 'method-not-allowed');
      expect(listOf(answer.headers.get('allow'))).toEqual(expect.arrayContaining(['get', 'head']));
    }
  });

  it.each([
    ['Range', 'bytes=99999999-'],
    ['Range', 'bytes=5-1'],
    ['Range', 'junk'],
    ['If-Match', '"x"'],
    ['If-Unmodified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['If-Modified-Since', 'junk'],
    ['If-None-Match', 'junk, "'],
  ])('do not break by %s: %s', async (name, value) => {
    const { url } = await start();
    const answer = await call(url, '/frontend-shared/style.css', { headers: { [name]: value } });
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('what is not a page', () => {
  it.each([
    '/polling/../package.json',
    '/polling/../../etc/passwd',
    '/polling/%2e%2e/package.json',
    '/polling/..%2fpackage.json',
    '/polling/%2e%2e%2fpackage.json',
    '/polling/..%5cpackage.json',
    '/polling/..\\package.json',
    '/polling/%252e%252e%252fpackage.json',
    '/polling//etc/passwd',
    '/polling/%2fetc%2fpasswd',
    '/frontend-shared/./../backend/main.ts',
    '/frontend-shared/.%2e/.git/config',
    '/polling/.git',
    '/polling/%00',
    '/polling/index.html%00.js',
    '/polling/%',
    '/polling/%ff',
    '/polling/con',
    '/polling/main.js/',
    '//polling/..//package.json',
    '/package.json',
    '/backend/main.ts',
    '/frontend-polling/index.html',
    '/data/secret',
    '/.env',
    '/%2e%2e/',
    '/%',
    '//evil.example/',
    '/polling/../..',
    `/${'a'.repeat(8_000)}`,
    '*',
    'polling',
    'http://[::1',
  ])('is not given at %s', async (path) => {
    const { port, url } = await start();
    const raw = await connectRaw(port);
    raw.send([`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', '']);
    const { status, headers, body } = await raw.response();
    expect([400, 404]).toContain(status);
    expectProblem({ status, text: body }, status, status === 400 ? 'invalid-query' : 'not-found');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect((await call(url, '/healthz')).status).toBe(200);
  });
});

describe('the cookie of a page', () => {
  const cookieOf = (headers: Headers) => headers.getSetCookie()[0] ?? '';

  it.each(PAGES)('is set by %s, for this site and its server only', async (path) => {
    const { url } = await start();
    const { headers } = await call(url, path);
    const [pair = '', ...attributes] = cookieOf(headers).split('; ');
    expect(pair).toMatch(/^[\w-]+=\S{32,}$/);
    expect(attributes).toEqual(expect.arrayContaining(['Path=/', 'HttpOnly', 'SameSite=Strict']));
    expect(attributes).not.toContain('Secure');
    expect(attributes.some((one) => one.startsWith('Domain'))).toBe(false);
  });

  it('is Secure behind a trusted proxy that has TLS', async () => {
    const headers = { 'X-Forwarded-Proto': 'https' };
    const trusting = await start({ trustProxy: 'loopback' });
    expect(cookieOf((await call(trusting.url, '/polling/', { headers })).headers)).toMatch(/; Secure/);
    const { url } = await start();
    expect(cookieOf((await call(url, '/polling/', { headers })).headers)).not.toMatch(/Secure/);
  });

  it('is an identity, which stays the same', async () => {
    const { url } = await start();
    const [cookie = ''] = cookieOf((await call(url, '/polling/')).headers).split(';');
    expect((await call(url, '/websocket/', { headers: { cookie } })).headers.getSetCookie()).toEqual([]);
    const one = await post(url, 'one', { headers: { cookie } });
    const two = await post(url, 'two', { headers: { cookie: `a=b; ${cookie}; c="d` } });
    expect(one.author).toMatch(/./);
    expect(two.author).toBe(one.author);
    expect(cookie).not.toContain(one.author);
  });

  it('is given anew by a page where it is not known, and refused elsewhere', async () => {
    const { url } = await start();
    const name = cookieOf((await call(url, '/')).headers).split('=')[0] ?? '';
    const headers = { cookie: `${name}=unknown` };
    expect(cookieOf((await call(url, '/polling/', { headers })).headers)).toMatch(new RegExp(`^${name}=(?!unknown)`));
    expectProblem(await call(url, '/messages', { headers }), 401, 'identity-required');
    expectProblem(await write(url, '/messages', { user: 'a', message: 'b' }, { headers }), 401, 'identity-required');
  });

  it('gives way to a bearer token', async () => {
    const { url } = await start();
    const [cookie = ''] = cookieOf((await call(url, '/polling/')).headers).split(';');
    const { token, author } = await identify(url);
    expect((await post(url, 'one', { token, headers: { cookie } })).author).toBe(author);
  });

  it.each(['=', ';', 'a', '====', '%00', 'x=y; '.repeat(50), '\u00ff=\u00fe', '__proto__=1'])(
    'may be beside %j',
    async (cookie) => {
      const { url } = await start();
      expect((await poll(url, {}, { headers: { cookie } })).messages).toEqual([]);
    },
  );
});

describe('operations', () => {
  it.each(['/healthz', '/readyz'])('%s says that all is well', async (path) => {
    const { url } = await start();
    const { status, headers } = await call(url, path);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each(['/healthz', '/readyz'])('%s cannot be written', async (path) => {
    const { url } = await start();
    const answer = await call(url, path, { method: 'POST' });
    expectProblem(answer, 405, 'method-not-allowed');
    expect(listOf(answer.headers.get('allow'))).toEqual(expect.arrayContaining(['get', 'head']));
  });

  it.each<[path: string, method: string, allowed: string[]]>([
    ['/messages', 'PUT', ['get', 'head', 'post']],
    ['/messages', 'PATCH', ['get', 'head', 'post']],
    ['/messages', 'DELETE', ['get', 'head', 'post']],
    ['/messages?since=0', 'PROPFIND', ['get', 'head', 'post']],
    ['/messages/1', 'POST', ['get', 'head', 'patch', 'delete']],
    ['/messages/1', 'PUT', ['get', 'head', 'patch', 'delete']],
    ['/messages/1/reactions/x', 'POST', ['put', 'delete']],
    ['/messages/1/reactions/x', 'GET', ['put', 'delete']],
    ['/identity', 'GET', ['post']],
  ])('%s does not take %s', async (path, method, allowed) => {
    const { url } = await start();
    const answer = await call(url, path, { method });
    expectProblem(answer, 405, 'method-not-allowed');
    expect(
      listOf(answer.headers.get('allow'))
        .filter((one) => one !== 'options')
        .toSorted(),
    ).toEqual(allowed.toSorted());
  });
});
