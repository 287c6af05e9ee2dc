/** When there are as many as there may be: new ones are told when to come again, and those that are in go on. */
import { describe, expect, it } from 'vitest';
import { IDENTITIES_PER_ADDRESS, REQUESTS_PER_WRITE } from '../../backend/limits.ts';
import { call, identify, post } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startTestServer } from '../harness/server.ts';
import { connectNdjson, connectSse } from '../harness/stream-client.ts';
import { connectWs, RefusedHandshake } from '../harness/ws-client.ts';
import type { TestServerOptions } from '../harness/server.ts';

/** As a proxy on this machine tells of those behind it. */
const from = (address: string) => ({ 'X-Forwarded-For': address });

interface Opened {
  status: number;
  retryAfter: string | null | undefined;
  /** @returns the text of the next message that comes */
  next(): Promise<string>;
  close(): void;
}

/** Every way to take a place, by what it needs to be told apart: status, `Retry-After`, and the next message. */
const WAYS: Record<string, (url: string, address: string) => Promise<Opened>> = {
  async websocket(url, address) {
    try {
      const client = await connectWs(url, { since: 0, client: { headers: from(address) } });
      const next = async () => (await client.nextOf('message')).message;
      return { status: 101, retryAfter: undefined, next, close: client.drop };
    } catch (error) {
      if (!(error instanceof RefusedHandshake)) throw error;
      return { ...refused, status: error.status, retryAfter: error.headers['retry-after'] };
    }
  },
  async sse(url, address) {
    const client = await connectSse(url, { since: 0, headers: from(address) });
    const next = async () => (await client.message()).message;
    return { status: client.status, retryAfter: client.headers['retry-after'], next, close: client.drop };
  },
  async ndjson(url, address) {
    const client = await connectNdjson(url, { since: 0, headers: from(address) });
    const next = async () => (await client.message()).message;
    return { status: client.status, retryAfter: client.headers['retry-after'], next, close: client.drop };
  },
  async longpoll(url, address) {
    const stop = new AbortController();
    const before = await countOf(url, 'longpoll');
    const answer = call(url, '/messages?since=0&wait=55', { headers: from(address), signal: stop.signal });
    let isAnswered = false;
    answer.then(
      () => (isAnswered = true),
      () => {}, // one that is cut
    );
    await expect.poll(async () => isAnswered || (await countOf(url, 'longpoll')) > before).toBe(true);
    const status = isAnswered ? (await answer).status : 200;
    const next = async () => ((await answer).json as { message: string }[])[0]?.message ?? '';
    const retryAfter = status === 200 ? undefined : (await answer).headers.get('retry-after');
    return { status, retryAfter, next, close: () => stop.abort() };
  },
};
const refused = { next: () => Promise.reject(new Error('it was refused')), close() {} };

async function countOf(url: string, transport: string): Promise<number> {
  const { text } = await call(url, '/metrics');
  return Number(new RegExp(`^chat_connections\\{transport="${transport}"\\} (\\d+)`, 'm').exec(text)?.[1]);
}

describe.each(Object.entries(WAYS))('a place for %s', (transport, open) => {
  it('is refused to an address that has as many as it may, and not to another, until one is given back', async () => {
    const { url } = await startTestServer({ journal: 'memory', maxConnectionsPerAddress: 1, trustProxy: 'loopback' });
    const first = await open(url, '192.0.2.1');
    expect(first.status).toBeLessThan(300);
    expect(await open(url, '192.0.2.1')).toMatchObject({ status: 429, retryAfter: '5' });
    // Of IPv6, whoever has one address has all of its network.
    const second = await open(url, '2001:db8::1');
    expect(await open(url, '2001:db8::2')).toMatchObject({ status: 429 });
    expect(await countOf(url, transport)).toBe(2);
    await post(url, 'those that are in go on');
    expect(await first.next()).toBe('those that are in go on');
    expect(await second.next()).toBe('those that are in go on');
    first.close();
    await expect.poll(async () => (await open(url, '192.0.2.1')).status).toBeLessThan(300);
  });

  it('is refused to all when there is none, with a time to come again, while short requests go on', async () => {
    const { url } = await startTestServer({ journal: 'memory', maxConnections: 1, trustProxy: 'loopback' });
    const first = await open(url, '192.0.2.1');
    expect(await open(url, '192.0.2.2')).toMatchObject({ status: 503, retryAfter: '5' });
    await post(url, 'still here');
    expect(await first.next()).toBe('still here');
  });
});

it('counts the connections of this machine for no address: a proxy that nobody named may stand there', async () => {
  const { url } = await startTestServer({ journal: 'memory', maxConnectionsPerAddress: 1 });
  const clients = [await connectWs(url), await connectWs(url), await connectSse(url)];
  expect(clients).toHaveLength(3);
});

describe('requests', () => {
  // No time passes: on a busy machine it takes longer to ask so often than the window that is counted in.
  const startLimited = (options: TestServerOptions) =>
    startTestServer({ rateLimit: 1, clock: createClock(), ...options });

  it('over the limit of an address are 429 on every way in, and another address is heard', async () => {
    const { url } = await startLimited({ journal: 'memory', trustProxy: 'loopback' });
    const ask = (path: string, address: string) => call(url, path, { headers: from(address) });
    for (let nth = 0; nth < IDENTITIES_PER_ADDRESS; nth++) {
      const asked = Array.from({ length: REQUESTS_PER_WRITE }, () => ask('/messages?since=0', '192.0.2.1'));
      expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]));
    }
    for (const path of ['/messages', '/messages?as=sse', '/search?q=x', '/rooms', '/polling/', '/nothing']) {
      const { status, headers, json } = await ask(path, '192.0.2.1');
      expect([path, status, json]).toMatchObject([path, 429, { code: 'rate-limited' }]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(headers.get('access-control-allow-origin')).toBe('*');
    }
    const preflight = { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'POST' };
    const asked = (address: string) =>
      call(url, '/messages', { method: 'OPTIONS', headers: { ...from(address), ...preflight } });
    expect((await asked('192.0.2.2')).status).toBe(204);
    const refused = await asked('192.0.2.1');
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([429, '*']);
    const handshake = connectWs(url, { client: { headers: from('192.0.2.1') } });
    await expect(handshake).rejects.toMatchObject({ status: 429 });
    expect((await ask('/messages?since=0', '192.0.2.2')).status).toBe(200);
  });

  it('of one identity over HTTP are 429, from whatever address, and another identity is heard', async () => {
    const { url } = await startLimited({ trustProxy: 'loopback' });
    const identifyFrom = async (address: string) => {
      const { json } = await call(url, '/identity', { method: 'POST', headers: from(address) });
      return json as { token: string };
    };
    const [one, other] = [await identifyFrom('192.0.2.1'), await identifyFrom('192.0.2.2')];
    const ask = async ({ token }: { token: string }, nth: number) => {
      const headers = { ...from(`192.0.2.${nth}`), Authorization: `Bearer ${token}` };
      return call(url, '/messages?since=0', { headers });
    };
    for (let nth = 0; nth < REQUESTS_PER_WRITE; nth++) expect((await ask(one, nth)).status).toBe(200);
    const refusal = await ask(one, 200);
    expect([refusal.status, Number(refusal.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    expect((await ask(other, 200)).status).toBe(200);
  });

  it('of one identity over a socket are refused one by one, and its connection stays', async () => {
    const { url } = await startLimited({ journal: 'memory' });
    const { token } = await identify(url);
    const client = await connectWs(url, { token });
    for (let nth = 1; nth < REQUESTS_PER_WRITE; nth++) {
      // the handshake was one
      expect((await client.ask('subscribe', { room: `room-${nth % 3}` })).command).toBe('accepted');
    }
    for (const command of ['subscribe', 'unsubscribe', 'typing']) {
      const { message } = await client.ask(command, { room: 'attic', user: 'Azin' });
      expect(message).toMatchObject({ code: 'rate-limited', retryAfter: expect.any(Number) });
    }
    expect(await client.ask('send-message', { user: 'Azin', message: 'x' })).toMatchObject({ command: 'accepted' });
    expect((await client.ask('send-message', { user: 'Azin', message: 'x' })).message).toMatchObject({
      code: 'rate-limited',
      retryAfter: expect.any(Number),
    });
  });
});
