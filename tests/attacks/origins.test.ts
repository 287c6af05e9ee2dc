/** Pages of others, open in the browser of someone who chats here: none may act in that person's name. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { call, expectProblem, identify, poll, post, write } from '../harness/api.ts';
import { launchChromium } from '../harness/chromium.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { AddressInfo } from 'node:net';
import type { Browser } from '@playwright/test';

const start = (settings = {}) => startTestServer({ journal: 'memory', ...settings });

async function cookieOf(url: string): Promise<string> {
  const { headers } = await call(url, '/polling/');
  return headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** @returns origins that are not this server's, some of which look like it */
function foreignOrigins(port: number): string[] {
  return [
    'https://evil.example',
    'null',
    '',
    'file://',
    'http://127.0.0.1',
    `http://127.0.0.1:${port + 1}`,
    `http://127.0.0.1.:${port}`,
    `HTTP://127.0.0.1:${port}`,
    `http://127.1:${port}`,
    `ftp://127.0.0.1:${port}`,
    `http://x@127.0.0.1:${port}`,
    `http://127.0.0.1:${port}/`,
    `http://127.0.0.1.evil.example:${port}`,
    `http://evil.example/127.0.0.1:${port}`,
    `http://127.0.0.1:${port}@evil.example`,
    `http://evil.example#127.0.0.1:${port}`,
    `http://localhost:${port}`,
    `http://[::1]:${port}`,
    `http://127.0.0.1:${port}, https://evil.example`,
    `127.0.0.1:${port}`,
    `//127.0.0.1:${port}`,
    'chrome-extension://abcdefghijklmnop',
  ];
}

describe('a cookie', () => {
  it('does not act for a page of another origin, on any way to listen or write', async () => {
    const { url, port } = await start();
    const cookie = await cookieOf(url);
    const { id } = await post(url, 'mine', { headers: { cookie } });
    for (const origin of foreignOrigins(port)) {
      const headers = { cookie, origin };
      const said = await post(url, 'theirs', { headers });
      expect(said.author, origin).toBeUndefined();
      for (const [method, path, body] of [
        ['PATCH', `/messages/${id}`, { message: 'changed' }],
        ['DELETE', `/messages/${id}`, {}],
        ['PUT', `/messages/${id}/reactions/👍`, {}],
        ['POST', '/messages', { user: 'Azin', message: 'later', sendAt: '2026-12-24T18:00:00Z' }],
      ] as const) {
        const answer = await write(url, path, body, { method, headers });
        expect([origin, method, answer.status]).toEqual([origin, method, 401]);
      }
      expect((await call(url, '/scheduled', { headers })).status, origin).toBe(401);
    }
    expect((await poll(url, { room: 'lobby' })).messages[0]).toMatchObject({ message: 'mine' });
  });

  it('is not even looked at, where the page is of another origin', async () => {
    const { url, port } = await start();
    const forged = { cookie: 'since_identity=forged' };
    const paths = ['/messages', '/messages?since=0&wait=0', '/rooms', '/search?q=x'];
    for (const path of paths) {
      expectProblem(await call(url, path, { headers: forged }), 401, 'identity-required');
      for (const origin of foreignOrigins(port)) {
        expect((await call(url, path, { headers: { ...forged, origin } })).status, origin).toBe(200);
      }
    }
  });

  it('does not act on a WebSocket that a page of another origin opens', async () => {
    const { url, port } = await start();
    const cookie = await cookieOf(url);
    const { id } = await post(url, 'mine', { headers: { cookie } });
    for (const origin of foreignOrigins(port)) {
      const client = await connectWs(url, { client: { headers: { cookie, origin } } });
      const { message } = await client.ask('send-message', { user: 'Azin', message: 'theirs' });
      expect(message, origin).not.toHaveProperty('author');
      expect(await client.ask('delete-message', { id })).toMatchObject({ message: { code: 'identity-required' } });
      client.drop();
    }
  });

  it('acts for a page of this server, also behind a proxy', async () => {
    const { url, port } = await start();
    const cookie = await cookieOf(url);
    // A proxy in front may have TLS, or give the server another name than browsers know it by.
    for (const headers of [
      { origin: url },
      { origin: `https://127.0.0.1:${port}` },
      { origin: 'https://chat.example', 'Sec-Fetch-Site': 'same-origin' },
    ]) {
      expect((await post(url, 'mine', { headers: { cookie, ...headers } })).author).toBeDefined();
    }
  });

  it('does not act where the browser says that a page of elsewhere asks, although it names no origin', async () => {
    const { url } = await start();
    const cookie = await cookieOf(url);
    for (const site of ['cross-site', 'same-site']) {
      const headers = { cookie, 'Sec-Fetch-Site': site };
      expect((await call(url, '/scheduled', { headers })).status, site).toBe(401);
    }
    for (const site of ['same-origin', 'none']) {
      const headers = { cookie, 'Sec-Fetch-Site': site };
      expect((await call(url, '/scheduled', { headers })).status, site).toBe(200);
    }
  });
});

describe('a list of origins', () => {
  const ALLOWED = 'https://chat.example';

  it('lets no WebSocket of any other origin in', async () => {
    const { url, port } = await start({ allowedOrigins: [ALLOWED] });
    const lookalikes = [
      'https://chat.example.',
      'https://chat.example:443',
      'https://CHAT.example',
      'HTTPS://chat.example',
      'http://chat.example',
      'https://chat.example:8443',
      'https://chat.example/',
      'https://chat.example.evil.example',
      'https://xchat.example',
      'https://chat-example',
      `${ALLOWED}, ${ALLOWED}`,
      'https://chat.example https://evil.example',
    ];
    for (const origin of [...lookalikes, ...foreignOrigins(port)]) {
      // No browser writes its own origin in a second way, so each of these is somebody's invention.
      const refused = await connectWs(url, { client: { headers: { origin } } }).catch((error: unknown) => error);
      expect([origin, refused]).toMatchObject([origin, { status: 403 }]);
      const { headers } = await call(url, '/messages', { headers: { origin } });
      expect(headers.has('access-control-allow-origin'), origin).toBe(false);
    }
    await connectWs(url, { client: { headers: { origin: ALLOWED } } });
  });
});

describe('a form', () => {
  const CONTENT = '{"user":"Mallory","message":"forged"}';
  const TYPES = [
    undefined,
    '',
    'text/plain',
    'text/plain; application/json',
    'text/plain;charset=application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
    'application/jsonp',
    'application/json-seq',
    'text/json',
    'x-application/json',
    'application/json, text/plain',
    'application/ json',
    '\tapplication',
  ];

  it('cannot write, of whatever type it says that it is', async () => {
    const { url } = await start();
    const cookie = await cookieOf(url);
    const { id } = await post(url, 'mine', { headers: { cookie } });
    for (const type of TYPES) {
      for (const [method, path] of [
        ['POST', '/messages'],
        ['POST', '/subscriptions'],
        ['PATCH', `/messages/${id}`],
      ] as const) {
        const body = new Blob([CONTENT]);
        const headers = { cookie, origin: 'https://evil.example', ...(type !== undefined && { 'Content-Type': type }) };
        const answer = await call(url, path, { method, headers, body });
        expect([type, path, answer.status]).toEqual([type, path, 415]);
      }
    }
    expect((await poll(url)).messages).toHaveLength(1);
  });

  it('cannot say that it is another method than it is', async () => {
    const { url } = await start();
    const cookie = await cookieOf(url);
    const { id } = await post(url, 'mine', { headers: { cookie } });
    for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      const answer = await call(url, `/messages/${id}?_method=DELETE`, {
        method: 'POST',
        headers: { cookie, [name]: 'DELETE' },
        body: '_method=DELETE',
      });
      expect(answer.status).toBe(405);
    }
    expect((await poll(url)).messages[0]).toMatchObject({ message: 'mine' });
  });

  it('gets an identity of its own at most, and no cookie', async () => {
    const { url } = await start();
    const { headers, json } = await call(url, '/identity', {
      method: 'POST',
      headers: { origin: 'https://evil.example', cookie: await cookieOf(url), 'Content-Type': 'text/plain' },
      body: 'x',
    });
    expect(headers.getSetCookie()).toEqual([]);
    expect(headers.has('access-control-allow-credentials')).toBe(false);
    expect(json).not.toEqual(await identify(url));
  });

  it('is told by no preflight that it may bring the cookie', async () => {
    const { url } = await start();
    for (const method of ['PUT', 'PATCH', 'DELETE', 'POST']) {
      for (const origin of ['https://evil.example', 'null']) {
        const { headers } = await call(url, '/messages/1', {
          method: 'OPTIONS',
          headers: { origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'cookie' },
        });
        expect(headers.has('access-control-allow-credentials')).toBe(false);
        expect(headers.get('access-control-allow-headers')).not.toMatch(/cookie/i);
      }
    }
  });
});

describe('in a browser that has the cookie', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  /** Everything that a page may try, whatever comes of it. */
  const PAGE = `<!doctype html><form id="form" method="post" enctype="text/plain" target="frame"></form>
    <iframe name="frame"></iframe><script>
    async function attack(chat, id) {
      const body = JSON.stringify({ user: 'Mallory', message: 'forged' });
      const json = { 'Content-Type': 'application/json' };
      const each = [];
      for (const credentials of ['include', 'same-origin', 'omit']) for (const mode of ['cors', 'no-cors']) {
        const ask = (path, init) => each.push(fetch(chat + path, { credentials, mode, ...init }).catch(() => {}));
        ask('/messages', { method: 'POST', body });
        ask('/messages', { method: 'POST', body, headers: json });
        ask('/messages', { method: 'POST', body: new Blob([body], { type: 'application/json' }) });
        ask('/messages/' + id, { method: 'PATCH', body, headers: json });
        ask('/messages/' + id, { method: 'DELETE' });
        ask('/messages/' + id + '/reactions/👍', { method: 'PUT' });
        ask('/scheduled');
      }
      navigator.sendBeacon(chat + '/messages', new Blob([body], { type: 'application/json' }));
      navigator.sendBeacon(chat + '/messages', body);
      const form = document.getElementById('form');
      form.action = chat + '/messages';
      form.innerHTML = '<input name=\\'{"user":"Mallory","message":"forged","a":"\\' value=\\'"}\\'>';
      form.submit();
      const answers = [];
      const socket = new WebSocket(chat.replace('http', 'ws') + '/messages');
      each.push(new Promise((resolve) => {
        socket.onopen = () => {
          socket.send(JSON.stringify({ command: 'send-message', key: 'a', message: { user: 'Mallory', message: 'forged' } }));
          socket.send(JSON.stringify({ command: 'delete-message', key: 'b', message: { id } }));
        };
        socket.onmessage = ({ data }) => {
          const { command, message, key } = JSON.parse(data);
          if (key) answers.push(message.author ?? message.code ?? 'nobody');
          if (key === 'b') resolve();
        };
        socket.onclose = resolve;
      }));
      const events = new EventSource(chat + '/messages', { withCredentials: true });
      each.push(new Promise((resolve) => (events.onerror = events.onmessage = resolve)));
      await Promise.all(each);
      return answers;
    }</script>`;

  async function serveAttack(): Promise<number> {
    const server = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end(PAGE));
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  // To browsers another port is another origin and yet the same site: there the cookie goes along.
  it.each(['127.0.0.1', 'localhost'])('a page of another port of %s does nothing in that name', async (host) => {
    const { url } = await start();
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(`${url}/polling/`);
    const own = (await page.evaluate(async () => {
      const body = JSON.stringify({ user: 'Azin', message: 'mine' });
      const headers = { 'Content-Type': 'application/json' };
      return (await fetch('/messages', { method: 'POST', headers, body })).json();
    })) as { id: number; author: string };
    expect(own.author).toBeDefined();

    await page.goto(`http://${host}:${await serveAttack()}/`);
    const answers = await page.evaluate(`attack(${JSON.stringify(url)}, ${own.id})`);
    expect(answers).toEqual(['nobody', 'identity-required']);
    const { messages } = await poll(url);
    expect(messages[0]).toEqual({ ...own });
    for (const forged of messages.slice(1)) expect(forged).not.toHaveProperty('author');
    expect((await poll(url, { room: 'lobby' })).messages.length).toBeGreaterThan(1);
  });
});
