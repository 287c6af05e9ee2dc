/** HTTP as it comes off the wire: odd, broken, slow and hostile requests. */
import { describe, expect, it } from 'vitest';
import { call, expectProblem, poll, post } from '../harness/api.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import type { RawSocket } from '../harness/raw-socket.ts';

const start = () => startTestServer({ journal: 'memory' });

const BODY = '{"user":"Azin","message":"hi"}';
const JSON_HEADERS = ['Host: localhost', 'Content-Type: application/json'];

async function connect(): Promise<{ raw: RawSocket; url: string; port: number }> {
  const { port, url } = await start();
  return { raw: await connectRaw(port), url, port };
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

describe('a request', () => {
  it('may come with others on one connection, and is answered in order', async () => {
    const { raw } = await connect();
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const post = `POST /messages HTTP/1.1\r\n${JSON_HEADERS.join('\r\n')}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
    raw.send(get('/healthz') + post + get('/messages/99') + post + get('/readyz'));
    const statuses: number[] = [];
    for (let count = 0; count < 5; count++) statuses.push((await raw.response()).status);
    expect(statuses).toEqual([200, 201, 404, 201, 200]);
  });

  it('may hold its body in chunks, byte by byte', async () => {
    const { raw } = await connect();
    raw.send(['POST /messages HTTP/1.1', ...JSON_HEADERS, 'Transfer-Encoding: chunked', '']);
    for (const character of BODY) raw.send(chunk(character));
    raw.send('0\r\nTrailer: ignored\r\n\r\n');
    expect((await raw.response()).status).toBe(201);
  });

  it('is refused at 65,537 bytes of chunks, before the rest comes', async () => {
    const { raw, url } = await connect();
    raw.send(['POST /messages HTTP/1.1', ...JSON_HEADERS, 'Transfer-Encoding: chunked', '']);
    raw.send(chunk(' '.repeat(65_536)));
    raw.send(chunk(' '));
    const { status, body } = await raw.response();
    expectProblem({ status, text: body }, 413, 'payload-too-large');
    await raw.ended;
    expect((await poll(url)).messages).toEqual([]);
  });

  it('is told at once that its length is too large', async () => {
    const { raw } = await connect();
    raw.send(['POST /messages HTTP/1.1', ...JSON_HEADERS, 'Content-Length: 65537', '']);
    const { status, body } = await raw.response();
    expectProblem({ status, text: body }, 413, 'payload-too-large');
  });

  it('may wait to be told to go on', async () => {
    const { raw } = await connect();
    const expecting = ['Expect: 100-continue', `Content-Length: ${BODY.length}`];
    raw.send(['POST /messages HTTP/1.1', ...JSON_HEADERS, ...expecting, '']);
    expect((await raw.response()).status).toBe(100);
    raw.send(BODY);
    expect((await raw.response()).status).toBe(201);
  });

  it('may be of HTTP/1.0, whose connection ends', async () => {
    const { raw } = await connect();
    raw.send('GET /messages HTTP/1.0\r\n\r\n');
    expect(await raw.response()).toMatchObject({ status: 200, body: '[]' });
    await raw.ended;
  });

  it('may name the whole address', async () => {
    const { raw } = await connect();
    raw.send(['GET http://localhost/messages?limit=1 HTTP/1.1', 'Host: localhost', '']);
    expect(await raw.response()).toMatchObject({ status: 200, body: '[]' });
  });

  it('is the same with a slash at the end', async () => {
    const { url } = await start();
    expect((await call(url, '/messages/')).status).toBe(200);
  });

  it('may have its answer cut short by the one who asked', async () => {
    const { raw, url, port } = await connect();
    await Promise.all(Array.from({ length: 100 }, () => post(url, 'x'.repeat(4_000))));
    for (let count = 0; count < 20; count++) {
      const leaving = await connectRaw(port);
      leaving.send(['GET /messages HTTP/1.1', 'Host: x', '']);
      leaving.socket.resetAndDestroy();
    }
    raw.send(['GET /messages HTTP/1.1', 'Host: x', '']);
    expect(JSON.parse((await raw.response()).body)).toHaveLength(100);
  });

  it('whose body never comes posts nothing', async () => {
    const { raw, url } = await connect();
    raw.send(['POST /messages HTTP/1.1', ...JSON_HEADERS, `Content-Length: ${BODY.length + 1}`, '']);
    raw.send(BODY);
    raw.socket.end();
    await raw.ended;
    await post(url, 'after');
    expect((await poll(url)).messages).toHaveLength(1);
  });
});

describe('what is not HTTP', () => {
  it.each<[what: string, bytes: string]>([
    ['a greeting', 'HELO localhost\r\n\r\n'],
    ['the start of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['the start of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['another version', 'GET / HTTP/9.9\r\n\r\n'],
    ['NUL in a header', 'GET /messages HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n'],
    ['NUL in the path', 'GET /mess\0ages HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a space before a colon', 'GET /messages HTTP/1.1\r\nHost : x\r\n\r\n'],
    ['no length that makes sense', 'POST /messages HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['two lengths', 'POST /messages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef'],
    [
      'a length and chunks',
      'POST /messages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a chunk of no length',
      'POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['headers without end', `GET /messages HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
  ])('is refused: %s', async (_what, bytes) => {
    const { raw, url } = await connect();
    raw.send(bytes);
    const { status, body, headers } = await raw.response();
    expectProblem({ status, text: body }, 400, 'invalid-query');
    expect(headers.get('connection')).toBe('close');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    await raw.ended;
    expect((await call(url, '/healthz')).status).toBe(200);
  });

  it.each([
    ['without a host', 'GET /messages HTTP/1.1\r\n\r\n'],
    ['with two hosts', 'GET /messages HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n'],
    ['with two hosts, in HTTP/1.0', 'GET /messages HTTP/1.0\r\nHost: x\r\nhost: x\r\n\r\n'],
  ])('is refused %s', async (_what, bytes) => {
    const { raw } = await connect();
    raw.send(bytes);
    const { status, body, headers } = await raw.response();
    expectProblem({ status, text: body }, 400, 'invalid-query');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    await raw.ended;
  });

  it('opens no tunnel', async () => {
    const { raw } = await connect();
    raw.send(['CONNECT localhost:80 HTTP/1.1', 'Host: localhost', '']);
    await raw.ended;
  });
});
