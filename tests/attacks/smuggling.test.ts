/** Requests made to be read in two ways: one hidden in another, answers that stand in the place of others. */
import { describe, expect, it } from 'vitest';
import { call, expectProblem, poll } from '../harness/api.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import type { RawSocket } from '../harness/raw-socket.ts';

const start = () => startTestServer({ journal: 'memory' });

const BODY = '{"user":"Mallory","message":"first"}';
const HIDDEN_BODY = '{"user":"Mallory","message":"hidden"}';
const POST = 'POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
/** What would be a request of its own, if it were not part of another. */
const HIDDEN = `${POST}Content-Length: ${HIDDEN_BODY.length}\r\n\r\n${HIDDEN_BODY}`;
const posted = (body: string, headers = '') => `${POST}${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
const GARBAGE = 'GARBAGE\r\n\r\n';

async function connect(): Promise<{ raw: RawSocket; url: string; port: number }> {
  const { port, url } = await start();
  return { raw: await connectRaw(port), url, port };
}

describe('a request that says in two ways how long it is', () => {
  const chunked = 'Transfer-Encoding: chunked';
  it.each<[what: string, headers: string]>([
    ['a length and chunks', `Content-Length: 4\r\n${chunked}`],
    ['chunks and a length', `${chunked}\r\nContent-Length: 4`],
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 4'],
    ['two lengths that are the same', 'Content-Length: 4\r\nContent-Length: 4'],
    ['a list of lengths', 'Content-Length: 4, 4'],
    ['a length with a sign', 'Content-Length: +4'],
    ['a length in hexadecimal', 'Content-Length: 0x4'],
    ['a length with a space in it', 'Content-Length: 1 0'],
    ['a length of more than 64 bits', 'Content-Length: 18446744073709551620'],
    ['chunks by another name', 'Transfer-Encoding: xchunked'],
    ['chunks that are not the last', `${chunked}, identity`],
    ['chunks twice', `${chunked}\r\n${chunked}`],
    ['chunks behind a vertical tab', 'Transfer-Encoding: \x0bchunked'],
    ['chunks behind a space before the colon', 'Transfer-Encoding : chunked'],
    ['chunks on a line that goes on', 'Transfer-Encoding:\r\n chunked'],
    ['chunks behind a bare line feed', `X: y\n${chunked}`],
    ['chunks behind a bare carriage return', `X: y\r${chunked}`],
    ['a name with NUL', `Transfer-Encoding\0: chunked`],
  ])('is refused, and so is what follows: %s', async (_what, headers) => {
    const { raw, url } = await connect();
    raw.send(`${POST}${headers}\r\n\r\n0\r\n\r\n${HIDDEN}`);
    const { status, body } = await raw.response();
    expectProblem({ status, text: body }, 400, 'invalid-query');
    await raw.ended;
    expect((await poll(url)).messages).toEqual([]);
  });

  it.each<[what: string, chunks: string]>([
    ['a size that wraps around', `1000000000000000${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`],
    ['a negative size', `-1\r\n${BODY}\r\n0\r\n\r\n`],
    ['a size behind 0x', `0x${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`],
    ['a size that ends in a bare line feed', `${BODY.length.toString(16)}\n${BODY}\r\n0\r\n\r\n`],
    ['an extension with a bare line feed', `${BODY.length.toString(16)};a\n\r\n${BODY}\r\n0\r\n\r\n`],
    ['more than its size', `1\r\n${BODY}\r\n0\r\n\r\n`],
    ['an extension without end', `${BODY.length.toString(16)};${'a'.repeat(30_000)}\r\n${BODY}\r\n0\r\n\r\n`],
  ])('is refused by its chunks: %s', async (_what, chunks) => {
    const { raw, url } = await connect();
    raw.send(`${POST}Transfer-Encoding: chunked\r\n\r\n${chunks}${HIDDEN}`);
    expect((await raw.response()).status).toBe(400);
    await raw.ended;
    expect((await poll(url)).messages).toEqual([]);
  });

  it('ends with the connection, where a version without chunks has them', async () => {
    const { raw, url } = await connect();
    raw.send(`${POST.replace('1.1', '1.0')}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`);
    await raw.ended;
    expect((await poll(url)).messages).toEqual([]);
  });
});

describe('a request inside of another', () => {
  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])('stays a body: %s with one', async (method) => {
    const { raw, url } = await connect();
    raw.send(`${method} /messages/1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`);
    raw.send(['GET /healthz HTTP/1.1', 'Host: x', 'Connection: close', '']);
    await raw.response({ hasBody: method !== 'HEAD' });
    expect((await raw.response()).body).toBe('alive\n');
    await raw.ended;
    expect((await poll(url)).messages).toEqual([]);
  });

  it('stays a body, where the one around it is refused before it came', async () => {
    const { raw, url } = await connect();
    raw.send(
      `POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${HIDDEN.length}\r\n\r\n`,
    );
    const { status } = await raw.response();
    expect(status).toBe(415);
    raw.send(HIDDEN);
    raw.send(['GET /healthz HTTP/1.1', 'Host: x', 'Connection: close', '']);
    expect((await raw.response()).body).toBe('alive\n');
    expect((await poll(url)).messages).toEqual([]);
  });

  it('stays text, where it stands behind a handshake that is refused', async () => {
    const { raw, url } = await connect();
    raw.send(`GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${HIDDEN}`);
    expect((await raw.response()).status).toBe(404);
    await raw.ended;
    expect((await poll(url)).messages).toEqual([]);
  });

  it('is no frame, where it stands behind a handshake', async () => {
    const { raw, url } = await connect();
    const handshake = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'].join('\r\n');
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    raw.send(`GET /messages HTTP/1.1\r\nHost: x\r\n${handshake}\r\n${key}\r\n\r\n${HIDDEN}`);
    expect((await raw.response()).status).toBe(101);
    expect(await raw.closeCode()).toBe(1002);
    await raw.ended;
    expect((await poll(url)).messages).toEqual([]);
  });
});

describe('what is no request', () => {
  it('ends a stream that is open on its connection, and is not answered into it', async () => {
    const { port } = await start();
    for (const as of ['sse', 'ndjson']) {
      const raw = await connectRaw(port);
      let received = '';
      raw.socket.on('data', (part: Buffer) => (received += part.toString('latin1')));
      raw.send(`${posted(BODY, `Idempotency-Key: ${as}\r\n`)}GET /messages?as=${as} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect((await raw.response()).status).toBe(201);
      raw.send(GARBAGE);
      await raw.ended;
      expect(received).toContain('"first"');
      expect(received).not.toContain(' 400 ');
      expect(received).not.toContain('invalid-query');
    }
  });

  it('leaves the answer to a message that is being posted in front of it as it is', async () => {
    const { raw, url } = await connect();
    raw.send(posted(BODY) + GARBAGE);
    raw.send(GARBAGE);
    const { status, headers } = await raw.response();
    expect({ status, connection: headers.get('connection') }).toEqual({ status: 201, connection: 'close' });
    await raw.ended;
    expect((await poll(url)).messages.map(({ message }) => message)).toEqual(['first']);
  });

  it('is not taken for a body whose length was not told, and that is said', async () => {
    const { raw, url } = await connect();
    raw.send(`${POST}\r\n${BODY}`);
    const { status, body } = await raw.response();
    expectProblem({ status, text: body }, 400, 'malformed-json');
    await raw.ended;
    expect((await poll(url)).messages).toEqual([]);
  });

  it('does not answer for a poll that is held in front of it', async () => {
    const { raw } = await connect();
    let received = '';
    raw.socket.on('data', (part: Buffer) => (received += part.toString('latin1')));
    raw.send(`GET /messages?since=0&wait=30 HTTP/1.1\r\nHost: x\r\n\r\n${GARBAGE}`);
    await raw.ended;
    expect(received).toBe('');
  });

  it('is answered behind what was asked in front of it, once that is answered', async () => {
    const { raw } = await connect();
    raw.send(['GET /healthz HTTP/1.1', 'Host: x', '']);
    expect((await raw.response()).status).toBe(200);
    raw.send(GARBAGE);
    expect((await raw.response()).status).toBe(400);
    await raw.ended;
  });
});

describe('an odd request', () => {
  it.each(['TRACE', 'PROPFIND', 'LINK', 'SEARCH', 'PURGE'])(
    'by %s is refused, and tells nothing of itself',
    async (method) => {
      const { raw } = await connect();
      raw.send([
        `${method} /messages HTTP/1.1`,
        'Host: x',
        'Cookie: since_identity=secret',
        'Authorization: Bearer secret',
        '',
      ]);
      const { status, body } = await raw.response();
      expect([401, 405]).toContain(status);
      expect(body).not.toContain('secret');
    },
  );

  it.each([
    'GET /messages\r\n\r\n',
    'GET /messages\r\n',
    'get /messages HTTP/1.1\r\nHost: x\r\n\r\n',
    '\0\0\0\0',
    ' GET / HTTP/1.1\r\n\r\n',
  ])('of another form ends with its connection: %j', async (bytes) => {
    const { raw, url } = await connect();
    raw.send(bytes);
    raw.socket.end();
    await raw.ended;
    expect((await call(url, '/healthz')).status).toBe(200);
  });

  it('that expects what nobody knows is answered as if it did not', async () => {
    const { raw } = await connect();
    raw.send(posted(BODY, 'Expect: the-unexpected\r\n'));
    const { status, headers } = await raw.response();
    expect(status).toBe(201);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('for another host by its target is answered by this one, and led nowhere', async () => {
    const { raw } = await connect();
    raw.send(['GET http://evil.example/messages HTTP/1.1', 'Host: x', '']);
    expect((await raw.response()).status).toBe(200);
    raw.send(['GET http://evil.example/polling HTTP/1.1', 'Host: evil.example', '']);
    const { status, headers } = await raw.response();
    expect(status).toBe(301);
    expect(headers.get('location')).toBe('/polling/');
  });
});
