/** The handshake of a WebSocket: who is let in, and what the others are told. */
import { describe, expect, it } from 'vitest';
import { call, expectProblem, identify, post } from '../harness/api.ts';
import { clientFrame, connectRaw, HANDSHAKE, OPCODE } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs, RefusedHandshake } from '../harness/ws-client.ts';
import type { WsOptions } from '../harness/ws-client.ts';

const start = (settings = {}) => startTestServer({ journal: 'memory', ...settings });

/** @returns the answer to a handshake that must not succeed */
async function refusal(url: string, options: WsOptions): Promise<RefusedHandshake> {
  const outcome = await connectWs(url, options).catch((error: unknown) => error);
  if (outcome instanceof RefusedHandshake) return outcome;
  throw new Error('the handshake was not refused', { cause: outcome });
}

async function expectRefusal(url: string, options: WsOptions, status: number, code: string) {
  const { status: actual, body, headers } = await refusal(url, options);
  expect(headers['content-type']).toMatch(/^application\/problem\+json\b/);
  expect(headers['x-content-type-options']).toBe('nosniff');
  return expectProblem({ status: actual, text: body }, status, code);
}

const without = (name: string) => HANDSHAKE.filter((line) => !line.startsWith(name));

describe('the handshake', () => {
  it.each(['/messages', '/', '/messages?room=attic', '/?room=attic&since=0', '/messages?x=1&x=2'])(
    'succeeds at %s',
    async (path) => {
      const { url } = await start();
      const client = await connectWs(url, { path });
      const room = path.includes('attic') ? 'attic' : 'lobby';
      expect(await client.nextOf('caught-up')).toMatchObject({ room });
    },
  );

  it('is what RFC 6455 asks for, without subprotocol and extension', async () => {
    const { port } = await start();
    const raw = await connectRaw(port);
    const offers = ['Sec-WebSocket-Protocol: chat, superchat', 'Sec-WebSocket-Extensions: permessage-deflate; x=1'];
    const { status, headers } = await raw.upgrade('/messages', [...HANDSHAKE, ...offers]);
    expect(status).toBe(101);
    expect(headers.get('sec-websocket-accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(headers.get('upgrade')).toMatch(/^websocket$/i);
    expect(headers.get('connection')).toMatch(/^upgrade$/i);
    expect(headers.has('sec-websocket-protocol')).toBe(false);
    expect(headers.has('sec-websocket-extensions')).toBe(false);
  });

  it.each<[path: string, field: string]>([
    ['/messages?room=', 'room'],
    ['/messages?room=Lobby', 'room'],
    ['/?room=a%00', 'room'],
    ['/messages?room=a&room=b', 'room'],
    ['/messages?since=1&since=1', 'since'],
  ])('at %s is a bad query', async (path, field) => {
    const { url } = await start();
    const problem = await expectRefusal(url, { path }, 400, 'invalid-query');
    expect(problem.errors?.map((error) => error.field)).toEqual([field]);
  });

  it.each(['', 'x', '-1', '1-', '9007199254740992'])('with the cursor %j is a bad query', async (since) => {
    const { url } = await start();
    await expectRefusal(url, { since }, 400, 'invalid-cursor');
  });

  it.each(['/nothing', '/messages/1', '/polling/', '/messages/x?room=lobby', '/healthz', '/%6dessages%00'])(
    'at %s is not found',
    async (path) => {
      const { url } = await start();
      await expectRefusal(url, { path }, 404, 'not-found');
    },
  );

  it('takes a token, and refuses one that it does not know', async () => {
    const { url } = await start();
    const { token, author } = await identify(url);
    const client = await connectWs(url, { token });
    expect(await client.ask('send-message', { user: 'Azin', message: 'hi' })).toMatchObject({ message: { author } });
    await expectRefusal(url, { token: 'unknown' }, 401, 'identity-required');
    await expectRefusal(url, { client: { headers: { authorization: 'Basic eDp5' } } }, 401, 'identity-required');
  });

  it('takes the cookie of a page, and refuses one that it does not know', async () => {
    const { url } = await start();
    const [cookie = ''] = (await call(url, '/websocket/')).headers.getSetCookie()[0]?.split(';') ?? [];
    const { author } = await post(url, 'by cookie', { headers: { cookie } });
    const client = await connectWs(url, { client: { headers: { cookie } } });
    expect(await client.ask('send-message', { user: 'Azin', message: 'hi' })).toMatchObject({ message: { author } });
    await expectRefusal(url, { client: { headers: { cookie: `${cookie}x` } } }, 401, 'identity-required');
  });

  it('is refused to pages of other origins where there is a list', async () => {
    const { url } = await start({ allowedOrigins: ['https://chat.example'] });
    for (const origin of ['https://chat.example', url]) await connectWs(url, { client: { origin } });
    await connectWs(url); // no browser
    for (const origin of ['https://evil.example', 'null', 'https://chat.example.evil.example', 'junk', 'file://']) {
      await expectRefusal(url, { client: { origin } }, 403, 'forbidden');
    }
    const everyone = await start();
    await connectWs(everyone.url, { client: { origin: 'https://evil.example' } });
  });

  it('is refused when the server has all that it can hold', async () => {
    const { url } = await start({ maxConnections: 1 });
    await connectWs(url);
    const { headers, body, status } = await refusal(url, {});
    expectProblem({ status, text: body }, 503, 'overloaded');
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    await post(url, 'short requests go on');
  });

  it.each<[what: string, headers: readonly string[]]>([
    ['without a key', without('Sec-WebSocket-Key')],
    ['without a version', without('Sec-WebSocket-Version')],
    ['of version 0', [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 0']],
    ['of version 14', [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 14']],
    ['of version 8', [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 8']],
    ['without a host', without('Host')],
    ['with two hosts', [...HANDSHAKE, 'Host: y']],
    ['with an empty key', [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key:']],
    ['with a key of a wrong length', [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: c2hvcnQ=']],
    ['with a key that is no base64', [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==']],
  ])('%s is refused, with the version that is understood', async (_what, headers) => {
    const { port } = await start();
    const raw = await connectRaw(port);
    const answer = await raw.upgrade('/messages', headers);
    expectProblem({ status: answer.status, text: answer.body }, 400, 'invalid-query');
    expect(answer.headers.get('sec-websocket-version')).toBe('13');
    await raw.ended;
  });

  it('of HTTP/1.0 is refused', async () => {
    const { port } = await start();
    const raw = await connectRaw(port);
    raw.send(['GET /messages HTTP/1.0', ...HANDSHAKE, '']);
    const { status, body } = await raw.response();
    expectProblem({ status, text: body }, 400, 'invalid-query');
    await raw.ended;
  });

  it.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('by %s is none', async (method) => {
    const { port } = await start();
    const raw = await connectRaw(port);
    raw.send([`${method} /messages HTTP/1.1`, ...HANDSHAKE, '']);
    const { status } = await raw.response({ hasBody: method !== 'HEAD' });
    expect(status).not.toBe(101);
    expect(status).toBeLessThan(500);
  });

  it.each<[string, readonly string[]]>([
    [
      'h2c',
      ['Host: x', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'],
    ],
    ['junk', ['Host: x', 'Connection: Upgrade', 'Upgrade: junk']],
    ['no Connection', without('Connection')],
  ])('for %s is answered as an ordinary request', async (_what, headers) => {
    const { port } = await start();
    const raw = await connectRaw(port);
    const { status, body } = await raw.upgrade('/messages', headers);
    expect({ status, body }).toEqual({ status: 200, body: '[]' });
  });

  it.each<[what: string, line: string]>([
    ['a subprotocol with a line break in it', 'Sec-WebSocket-Protocol: a\tb, ,,\u0080, {}"'],
    ['subprotocols without end', `Sec-WebSocket-Protocol: ${'a, '.repeat(2_000)}`],
    ['extensions of junk', 'Sec-WebSocket-Extensions: ;;=,"\\,permessage-deflate; server_max_window_bits=99'],
    ['a cookie of junk', 'Cookie: %; =; a=%ff; "'],
    ['an address that is none', 'X-Forwarded-For: junk, , 1.2.3.4.5, ::::'],
    ['an origin of junk', 'Origin: \u00ff\u00fe'],
  ])('does not break by %s', async (_what, line) => {
    const { port } = await start();
    const raw = await connectRaw(port);
    expect((await raw.upgrade('/messages', [...HANDSHAKE, line])).status).toBe(101);
    raw.send(clientFrame('', { opcode: OPCODE.ping }));
    for (;;) if ((await raw.frame()).opcode === OPCODE.pong) return;
  });

  it.each([
    '//',
    'http://[::1',
    '*',
    'messages',
    '/messages?%',
    '/%',
    'http://x:99999999/messages',
    '/messages#x',
    '?',
  ])('does not break by the target %s', async (target) => {
    const { port, url } = await start();
    const raw = await connectRaw(port);
    const { status } = await raw.upgrade(target);
    expect([101, 400, 404]).toContain(status);
    expect((await call(url, '/healthz')).status).toBe(200);
  });

  it('may have commands right behind it, in the same packet', async () => {
    const { port } = await start();
    const raw = await connectRaw(port);
    const command = { command: 'send-message', key: 'k', message: { user: 'Azin', message: 'early' } };
    const head = Buffer.from(`${['GET /messages HTTP/1.1', ...HANDSHAKE, ''].join('\r\n')}\r\n`);
    raw.send(Buffer.concat([head, clientFrame(JSON.stringify(command)), clientFrame('', { opcode: OPCODE.ping })]));
    expect((await raw.response()).status).toBe(101);
    const texts: string[] = [];
    while (!texts.some((text) => text.includes('"accepted"'))) {
      const { opcode, payload } = await raw.frame();
      if (opcode === OPCODE.text) texts.push(payload.toString());
    }
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({ command: 'caught-up' });
  });

  it('may come after other requests on the same connection', async () => {
    const { port } = await start();
    const raw = await connectRaw(port);
    raw.send(['GET /healthz HTTP/1.1', 'Host: x', '']);
    expect((await raw.response()).status).toBe(200);
    expect((await raw.upgrade()).status).toBe(101);
    expect((await raw.frame()).payload.toString()).toContain('caught-up');
  });
});
