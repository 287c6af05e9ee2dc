/** Who is calling: tokens, the cookie of the pages, and the moderator. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { call, identify, post, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs, RefusedHandshake } from '../harness/ws-client.ts';

const PAGES = ['/', '/polling/', '/websocket/'];
const UNKNOWN = 'AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

const start = (options = {}) => startTestServer({ journal: 'memory', ...options });
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('an identity', () => {
  it('is given as a secret token and a public author, each time another', async () => {
    const { url } = await start();
    const given = await Promise.all(Array.from({ length: 50 }, () => identify(url)));
    for (const { token, author } of given) {
      expect(token.length).toBeGreaterThanOrEqual(32);
      expect(author).toMatch(/^[a-z0-9]{8,40}$/);
      expect(token).not.toContain(author);
    }
    expect(new Set(given.flatMap(({ token, author }) => [token, author])).size).toBe(100);
  });

  it('is answered with 201, and not to be cached', async () => {
    const { url } = await start();
    const { status, headers, json } = await call(url, '/identity', { method: 'POST' });
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(Object.keys(json as object).toSorted()).toEqual(['author', 'token']);
  });

  it('signs what it posts with its author, and never with its token', async () => {
    const { url } = await start();
    const { token, author } = await identify(url);
    const first = await post(url, 'one', { token });
    const second = await post(url, { message: 'two', room: 'attic' }, { token });
    expect([first.author, second.author]).toEqual([author, author]);
    expect((await call(url, '/messages')).text).not.toContain(token.slice(0, 20));
    expect(await post(url, 'nobody')).not.toHaveProperty('author');
  });

  it('is the same on WebSocket', async () => {
    const { url } = await start();
    const { token, author } = await identify(url);
    const client = await connectWs(url, { token });
    expect((await client.ask('send-message', { user: 'Azin', message: 'hi' })).message).toMatchObject({ author });
  });

  it('cannot be had by naming an author', async () => {
    const { url } = await start();
    const { author, token } = await identify(url);
    await post(url, 'one', { token });
    expect((await call(url, '/scheduled', bearer(author))).status).toBe(401);
  });

  it('is kept over restarts, by a secret that only its owner can read', async () => {
    const first = await startTestServer();
    const { token, author } = await identify(first.url);
    const { id } = await post(first.url, 'one', { token });
    await first.stop();
    expect(statSync(join(first.dataDir, 'secret')).mode & 0o777).toBe(0o600);
    const { url } = await startTestServer({ dataDir: first.dataDir });
    expect(await post(url, 'two', { token })).toMatchObject({ author });
    const edited = await write(url, `/messages/${id}`, { message: 'edited' }, { method: 'PATCH', token });
    expect(edited.status).toBe(200);
  });

  it('is known to every server that has the same SECRET, and to no other', async () => {
    const secret = 'a secret of the tests, long enough to be one';
    const [one, other, foreign] = [await start({ secret }), await start({ secret }), await start()];
    const { token, author } = await identify(one.url);
    expect(await post(other.url, 'hi', { token })).toMatchObject({ author });
    expect((await call(foreign.url, '/messages', bearer(token))).status).toBe(401);
  });
});

describe('a token that is not known', () => {
  const ROUTES = [
    ['GET', '/messages'],
    ['GET', '/messages?since=0&wait=50'],
    ['GET', '/messages?as=sse'],
    ['GET', '/messages?as=ndjson'],
    ['GET', '/messages/1'],
    ['POST', '/messages'],
    ['PATCH', '/messages/1'],
    ['DELETE', '/messages/1'],
    ['PUT', '/messages/1/reactions/👍'],
    ['DELETE', '/messages/1/reactions/👍'],
    ['GET', '/scheduled'],
    ['DELETE', '/scheduled/x'],
    ['POST', '/subscriptions'],
    ['GET', '/subscriptions/x/messages'],
    ['DELETE', '/subscriptions/x'],
    ['GET', '/rooms'],
    ['GET', '/search?q=one'],
    ['POST', '/identity'],
  ] as const;

  it.each(ROUTES)('is 401 at %s %s', async (method, path) => {
    const { url } = await start();
    await post(url, 'one');
    const body = { user: 'Azin', message: 'two' };
    for (const headers of [{ authorization: `Bearer ${UNKNOWN}` }, { cookie: `since_identity=${UNKNOWN}` }]) {
      const {
        status,
        json,
        headers: answered,
      } = await call(url, path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(method !== 'GET' && { body: JSON.stringify(body) }),
      });
      expect([status, json]).toEqual([401, expect.objectContaining({ code: 'identity-required', status: 401 })]);
      expect(answered.get('www-authenticate')).toBe('Bearer');
    }
    expect((await call(url, '/messages')).json).toHaveLength(1);
  });

  it('is 401 at the handshake of a WebSocket', async () => {
    const { url } = await start();
    const refused = await connectWs(url, { token: UNKNOWN }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RefusedHandshake);
    expect(refused).toMatchObject({ status: 401 });
  });

  it.each(PAGES)('is passed over by the page %s, which sets a new one', async (page) => {
    const { url } = await start();
    const { status, headers } = await call(url, page, { headers: { cookie: `since_identity=${UNKNOWN}` } });
    expect([status, headers.get('set-cookie')]).toEqual([200, expect.stringContaining('since_identity=')]);
  });

  it('is any that was tampered with', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    const other = await identify(url);
    const [id = '', signature = ''] = token.split('.');
    const flipped = (text: string, at: number) =>
      text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    const forged = [
      '',
      '.',
      'x',
      'null',
      id,
      `${id}.`,
      `.${signature}`,
      `${token}.`,
      `${token}x`,
      `${token}.${signature}`,
      token.slice(0, -1),
      flipped(token, 0),
      flipped(token, token.length - 1),
      `${other.token.split('.')[0]}.${signature}`,
      token.toUpperCase(),
      `${id}.${signature}=`,
      encodeURIComponent(`${token} `),
      signature,
      `${id}..${signature}`,
    ];
    for (const one of forged) {
      expect([one, (await call(url, '/messages', { headers: { authorization: `Bearer ${one}` } })).status]).toEqual([
        one,
        401,
      ]);
    }
    for (const authorization of [
      token,
      `Basic ${token}`,
      `Bearer`,
      `Bearer ${token} x`,
      `Bearer${token}`,
      `Bearer ${token}, Bearer ${token}`,
    ]) {
      expect([authorization, (await call(url, '/messages', { headers: { authorization } })).status]).toEqual([
        authorization,
        401,
      ]);
    }
    expect((await call(url, '/messages', { headers: { authorization: `bearer ${token}` } })).status).toBe(200);
  });
});

describe('the cookie of the pages', () => {
  const cookieOf = async (url: string, page = '/polling/', headers: Record<string, string> = {}) =>
    (await call(url, page, { headers })).headers.get('set-cookie') ?? '';

  it.each(PAGES)('is set by %s, for this origin and no script', async (page) => {
    const { url } = await start();
    const flags = (await cookieOf(url, page)).split('; ');
    expect(flags).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/']));
    expect(flags).not.toContain('Secure');
    expect(flags.some((flag) => flag.startsWith('Domain'))).toBe(false);
  });

  it('is an identity like any other', async () => {
    const { url } = await start();
    const [cookie = ''] = (await cookieOf(url)).split(';');
    const body = JSON.stringify({ user: 'Azin', message: 'hi' });
    const init = {
      method: 'POST',
      headers: { cookie: `a=b; ${cookie}; c=d`, 'content-type': 'application/json' },
      body,
    };
    const { json } = await call(url, '/messages', init);
    const { author } = json as { author: string };
    expect(author).toMatch(/^[a-z0-9]+$/);
    const client = await connectWs(url, { client: { headers: { cookie } } });
    expect((await client.ask('send-message', { user: 'Azin', message: 'hi' })).message).toMatchObject({ author });
    const [, token = ''] = cookie.split('=');
    expect(await post(url, 'hi', { token })).toMatchObject({ author });
  });

  it('is not set again for one who has it, nor with anything but a page', async () => {
    const { url } = await start();
    const [cookie = ''] = (await cookieOf(url)).split(';');
    expect(await cookieOf(url, '/websocket/', { cookie })).toBe('');
    for (const path of ['/messages', '/polling/main.js', '/healthz', '/nowhere'])
      expect(await cookieOf(url, path)).toBe('');
  });

  it('is Secure behind a proxy that speaks TLS, if that proxy is trusted', async () => {
    const behind = { 'x-forwarded-proto': 'https' };
    expect(await cookieOf((await start({ trustProxy: 'loopback' })).url, '/', behind)).toContain('; Secure');
    expect(await cookieOf((await start({ trustProxy: 1 })).url, '/', behind)).toContain('; Secure');
    expect(await cookieOf((await start()).url, '/', behind)).not.toContain('Secure');
    expect(
      await cookieOf((await start({ trustProxy: 'loopback' })).url, '/', { 'x-forwarded-proto': 'http' }),
    ).not.toContain('Secure');
    expect(await cookieOf((await start({ trustProxy: '10.0.0.1' })).url, '/', behind)).not.toContain('Secure');
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'x'])(
    'does not count in a request from the origin %s',
    async (origin) => {
      const { url } = await start();
      const [cookie = ''] = (await cookieOf(url)).split(';');
      const own = { method: 'GET', headers: { cookie, origin: url } };
      expect((await call(url, '/scheduled', own)).status).toBe(200);
      expect((await call(url, '/scheduled', { headers: { cookie, origin } })).status).toBe(401);
      const headers = { cookie, origin, 'content-type': 'application/json' };
      const posted = await call(url, '/messages', { method: 'POST', headers, body: '{"user":"Azin","message":"hi"}' });
      expect(posted.json).not.toHaveProperty('author');
      const client = await connectWs(url, { client: { headers: { cookie }, origin } });
      expect((await client.ask('send-message', { user: 'Azin', message: 'hi' })).message).not.toHaveProperty('author');
    },
  );

  it('gives way to a bearer token', async () => {
    const { url } = await start();
    const [cookie = ''] = (await cookieOf(url)).split(';');
    const { token, author } = await identify(url);
    expect(await post(url, 'hi', { token, headers: { cookie } })).toMatchObject({ author });
  });
});

describe('a moderator', () => {
  it('is whoever shows MODERATOR_TOKEN, and nobody where there is none', async () => {
    const moderatorToken = 'let me in';
    const { url } = await start({ moderatorToken: 'let-me-in' });
    const { id } = await post(url, 'spam', { token: (await identify(url)).token });
    const remove = (token: string) => write(url, `/messages/${id}`, undefined, { method: 'DELETE', token });
    for (const wrong of ['let-me-i', 'let-me-inn', 'LET-ME-IN', moderatorToken])
      expect((await remove(wrong)).status).toBe(401);
    expect((await remove('let-me-in')).json).toMatchObject({ id, deleted: true });
    const closed = await start();
    const spam = await post(closed.url, 'spam');
    for (const token of ['undefined', 'null', '']) {
      const { status } = await write(closed.url, `/messages/${spam.id}`, undefined, { method: 'DELETE', token });
      expect(status).toBe(401);
    }
  });
});
