/** Those who send slowly, and those who do not read: they cost a bounded amount, and nobody else notices. */
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MAX_PAGE_CHARS, SOCKETS_PER_CONNECTION, SPARE_SOCKETS } from '../../backend/limits.ts';
import { call, poll, post } from '../harness/api.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';

/** What waits to be sent, as `/metrics` tells it at one moment. */
async function backlogOf(url: string): Promise<{ bytes: number; connections: number }> {
  const { text } = await call(url, '/metrics');
  const read = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  return { bytes: read('chat_backlog_bytes'), connections: read('chat_backlog_connections') };
}

describe('a request that comes too slowly', () => {
  const timeouts = { headersMs: 150, requestMs: 300, checkMs: 20 };

  it.each([
    ['in its headers', ['GET /messages HTTP/1.1', 'Host: x', 'X-Slow: and then nothing']],
    [
      'in its body',
      ['POST /messages HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 9', '', '{'],
    ],
  ])('%s is told 408 and cut', async (_where, lines) => {
    const { port } = await startTestServer({ journal: 'memory', timeouts });
    const raw = await connectRaw(port);
    raw.send(lines.join('\r\n'));
    const { status, body } = await raw.response();
    expect([status, JSON.parse(body)]).toMatchObject([408, { code: 'timeout' }]);
    await raw.ended;
  });

  it('from a page of another origin is told so where the page can read it', async () => {
    const { port } = await startTestServer({ journal: 'memory', timeouts });
    for (const path of ['/messages', '/typing', '/subscriptions']) {
      const raw = await connectRaw(port);
      const headers = ['Host: x', 'Origin: https://other.example', 'Content-Type: application/json'];
      raw.send([`POST ${path} HTTP/1.1`, ...headers, 'Content-Length: 9', '', '{'].join('\r\n'));
      const { status, headers: told } = await raw.response();
      expect([path, status, told.get('access-control-allow-origin')]).toEqual([path, 408, '*']);
      expect(told.get('x-content-type-options')).toBe('nosniff');
      await raw.ended;
    }
  });

  it('does not gain time by a byte now and then', async () => {
    const { port } = await startTestServer({ journal: 'memory', timeouts });
    const raw = await connectRaw(port);
    raw.send('GET /messages HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const dripping = setInterval(() => raw.send('x'), 10);
    onTestFinished(() => clearInterval(dripping));
    expect((await raw.response()).status).toBe(408);
    await raw.ended;
  });
});

it('cuts a client that does not take the answers it asked for, and forgets what it was to get', async () => {
  const { url, port } = await startTestServer({ journal: 'memory', timeouts: { silentMs: 3_000 } }); // time to be seen in
  for (let nth = 0; nth < 100; nth++) await post(url, `${nth} ${'x'.repeat(3_900)}`);
  const socket = connect(port, '127.0.0.1').pause();
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}); // it may be told by a reset
  for (let nth = 0; nth < 100; nth++) socket.write('GET /messages?since=0 HTTP/1.1\r\nHost: x\r\n\r\n');
  let waiting = await backlogOf(url);
  // Until it is more than the system's own buffers hold.
  while (waiting.bytes <= 100_000) waiting = await backlogOf(url);
  expect(waiting.bytes).toBeLessThan(2 * MAX_PAGE_CHARS); // of one answer: the other requests are not read yet
  expect(waiting.connections).toBe(1);
  while (waiting.bytes > 0) waiting = await backlogOf(url);
});

it('gives so much of long messages at once as fits into one answer, the rest by asking on', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const texts = Array.from({ length: 500 }, (_, nth) => `${nth} ${'x'.repeat(3_990 - String(nth).length)}`);
  for (const text of texts) await post(url, text);

  const seen: string[] = [];
  for (let since = '0', hasMore = true; hasMore;) {
    const page = await poll(url, { since });
    expect(page.messages.length).toBeGreaterThan(100);
    expect(page.messages.length).toBeLessThan(texts.length);
    seen.push(...page.messages.map(({ message }) => message));
    ({ since, hasMore } = page);
  }
  expect(seen).toEqual(texts);

  const newest = await poll(url, { limit: 1_000 });
  expect([newest.hasMore, newest.messages.at(-1)?.message]).toEqual([true, texts.at(-1)]);
  const before = await poll(url, { before: newest.messages[0]!.id, limit: 1_000 });
  expect([...before.messages, ...newest.messages].map(({ message }) => message)).toEqual(
    texts.slice(-newest.messages.length - before.messages.length),
  );
  expect(newest.messages.length).toBeLessThan(texts.length);
});

describe('TCP connections', () => {
  /** As from another machine: what begins with 127 is this one, but only one of them is not counted. */
  const open = async (port: number) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    onTestFinished(() => void socket.destroy());
    const isIn = new Promise<boolean>((resolve) => {
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(false));
      socket.once('data', () => resolve(true));
    });
    // Never the end of the request: this is all that an attacker sends.
    return { socket, isIn, ask: () => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n') };
  };

  it('that say nothing, or half of it, leave room for other addresses, and are cut beyond their number', async () => {
    const { port, url } = await startTestServer({ journal: 'memory', maxConnectionsPerAddress: 1 });
    const most = SOCKETS_PER_CONNECTION + SPARE_SOCKETS;
    const first = [];
    while (first.length < most) first.push(await open(port));
    for (const { socket } of first) socket.write('GET /messages HTTP/1.1\r\nX-Slow:');
    const refused = await open(port);
    expect(await refused.isIn).toBe(false);
    expect((await call(url, '/healthz')).status).toBe(200);
    const { text } = await call(url, '/metrics');
    expect(text).toMatch(/^chat_drops_total\{reason="sockets-for-address"\} 1$/m);

    first[0]?.socket.destroy();
    await expect
      .poll(async () => {
        const next = await open(port);
        next.ask();
        return next.isIn;
      })
      .toBe(true);
  });

  it('that wait for a next request make room for others', async () => {
    const { port } = await startTestServer({ journal: 'memory', maxConnectionsPerAddress: 1 });
    const most = SOCKETS_PER_CONNECTION + SPARE_SOCKETS;
    for (let count = 0; count < most; count++) {
      const one = await open(port);
      one.ask();
      expect(await one.isIn).toBe(true);
    }
    expect(await (await open(port)).isIn).toBe(false);
    await expect
      .poll(async () => {
        const next = await open(port);
        next.ask();
        return next.isIn;
      })
      .toBe(true);
  });
});
