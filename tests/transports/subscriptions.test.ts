import { describe, expect, it } from 'vitest';
import { call, expectProblem, identify, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import type { Message } from '../../protocol/envelope.ts';

const subscribe = async (url: string, body: object = {}): Promise<string> => {
  const { status, json } = await write(url, '/subscriptions', body);
  expect(status, JSON.stringify(json)).toBe(201);
  return (json as { subscription: string }).subscription;
};

/** @param query such as `wait=5&ack=1` */
const read = async (url: string, subscription: string, query = '') => {
  const { status, json, headers } = await call(url, `/subscriptions/${subscription}/messages?${query}`);
  expect(status, JSON.stringify(json)).toBe(200);
  return {
    texts: (json as Message[]).map(({ message }) => message),
    batch: Number(headers.get('batch')),
    hasMore: headers.get('more') === 'true',
  };
};

it('is made with a name that cannot be guessed, and a place to find it', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const { status, json, headers } = await write(url, '/subscriptions', {});
  expect(status).toBe(201);
  const { subscription, expiresIn } = json as { subscription: string; expiresIn: number };
  expect(subscription).toMatch(/^[\w-]{22}$/);
  expect(expiresIn).toBe(600);
  expect(headers.get('location')).toBe(`/subscriptions/${subscription}`);
  expect(await subscribe(url)).not.toBe(subscription);
});

it('begins at now, or after a cursor', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const first = await post(url, 'one');
  const [now, all, since, elsewhere] = await Promise.all([
    subscribe(url),
    subscribe(url, { since: '0' }),
    subscribe(url, { since: first.seq }),
    subscribe(url, { room: 'garden', since: 0 }),
  ]);
  await post(url, 'two');
  expect((await read(url, now)).texts).toEqual(['two']);
  expect((await read(url, all)).texts).toEqual(['one', 'two']);
  expect((await read(url, since)).texts).toEqual(['two']);
  expect((await read(url, elsewhere)).texts).toEqual([]);
});

it('gives what is new since the last call, in numbered batches', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const id = await subscribe(url);
  expect(await read(url, id)).toEqual({ texts: [], batch: 0, hasMore: false });
  for (const text of ['one', 'two', 'three']) await post(url, text);
  expect(await read(url, id, 'limit=2')).toEqual({ texts: ['one', 'two'], batch: 1, hasMore: true });
  expect(await read(url, id)).toEqual({ texts: ['three'], batch: 2, hasMore: false });
  expect(await read(url, id)).toEqual({ texts: [], batch: 2, hasMore: false });
});

it('gives again what was not confirmed, as it stands by then', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const { token } = await identify(url);
  const id = await subscribe(url);
  const first = await post(url, 'one', { token });
  expect(await read(url, id, 'ack=0')).toMatchObject({ texts: ['one'], batch: 1 });
  expect(await read(url, id, 'ack=0')).toMatchObject({ texts: ['one'], batch: 1 });
  await post(url, 'two');
  await write(url, `/messages/${first.id}`, { message: 'one, edited' }, { method: 'PATCH', token });
  expect(await read(url, id, 'ack=0')).toMatchObject({ texts: ['two', 'one, edited'], batch: 2 });
  expect(await read(url, id, 'ack=1')).toMatchObject({ texts: ['two', 'one, edited'], batch: 2 });
  expect(await read(url, id, 'ack=2')).toMatchObject({ texts: [], batch: 2 });
});

describe('a held call', () => {
  it('is answered when something comes, at once where something stands', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const id = await subscribe(url);
    const held = read(url, id, 'wait=50');
    await call(url, '/healthz');
    await post(url, 'elsewhere');
    expect(await held).toMatchObject({ texts: ['elsewhere'], batch: 1 });
    await post(url, 'two');
    expect(await read(url, id, 'wait=50&ack=1')).toMatchObject({ texts: ['two'], batch: 2 });
  });

  it('is answered with nothing when the time is up', async () => {
    const clock = createClock();
    const { url } = await startTestServer({ journal: 'memory', clock });
    const id = await subscribe(url);
    const before = clock.pending();
    const held = read(url, id, 'wait=10');
    await expect.poll(() => clock.pending()).toBe(before + 1);
    clock.advance(9_900);
    const isHeld = await Promise.race([held.then(() => false), call(url, '/healthz').then(() => true)]);
    expect(isHeld).toBe(true);
    clock.advance(200);
    expect(await held).toEqual({ texts: [], batch: 0, hasMore: false });
  });

  it('is ended with nothing by a second one, which gets what comes', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const id = await subscribe(url);
    await post(url, 'one');
    await read(url, id);
    const first = read(url, id, 'wait=50');
    await call(url, '/healthz');
    const second = read(url, id, 'wait=50');
    expect(await first).toEqual({ texts: [], batch: 1, hasMore: false });
    await post(url, 'two');
    expect(await second).toMatchObject({ texts: ['two'], batch: 2 });
  });

  it('stays when a second one is refused', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const id = await subscribe(url);
    const first = read(url, id, 'wait=50');
    await call(url, '/healthz');
    expectProblem(await call(url, `/subscriptions/${id}/messages?ack=7`), 400, 'invalid-query');
    await post(url, 'one');
    expect(await first).toMatchObject({ texts: ['one'], batch: 1 });
  });

  it('takes the place of a connection, and gives it back', async () => {
    const { url } = await startTestServer({ journal: 'memory', maxConnections: 1 });
    const [one, other] = await Promise.all([subscribe(url), subscribe(url)]);
    const leaving = new AbortController();
    const held = call(url, `/subscriptions/${one}/messages?wait=50`, { signal: leaving.signal });
    await call(url, '/healthz');
    const refused = await call(url, `/subscriptions/${other}/messages?wait=50`);
    expectProblem(refused, 503, 'overloaded');
    expect((await read(url, other)).texts).toEqual([]); // short requests go on
    leaving.abort();
    await expect(held).rejects.toThrow();
    const isHeldNow = () => {
      const answer = call(url, `/subscriptions/${other}/messages?wait=50`).catch(() => undefined); // cut at the end
      return Promise.race([answer.then(() => false), call(url, '/healthz').then(() => true)]);
    };
    await expect.poll(isHeldNow).toBe(true);
  });

  it('is answered when the server stops', async () => {
    const { url, stop } = await startTestServer({ journal: 'memory' });
    const id = await subscribe(url);
    const held = read(url, id, 'wait=50');
    await call(url, '/healthz');
    await stop();
    expect((await held).texts).toEqual([]);
  });

  it('is told when the subscription is deleted', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const id = await subscribe(url);
    const held = call(url, `/subscriptions/${id}/messages?wait=50`);
    await call(url, '/healthz');
    expect((await call(url, `/subscriptions/${id}`, { method: 'DELETE' })).status).toBe(204);
    expectProblem(await held, 404, 'subscription-gone');
  });
});

it('goes on while the answer to a held call waits behind another on the same connection', async () => {
  const { port, url } = await startTestServer({ journal: 'memory' });
  const id = await subscribe(url);
  const client = await connectRaw(port);
  client.send(['GET /messages?room=garden&since=0&wait=50 HTTP/1.1', 'Host: localhost', '']);
  client.send([`GET /subscriptions/${id}/messages?wait=50 HTTP/1.1`, 'Host: localhost', '']);
  await call(url, '/healthz');
  await post(url, 'one');
  expect(await read(url, id, 'ack=0')).toMatchObject({ texts: ['one'], batch: 1 });
  await post(url, { message: 'here', room: 'garden' });
  expect((await client.response()).body).toContain('here');
  expect((await client.response()).body).toContain('one');
});

it('is forgotten when it is deleted', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const id = await subscribe(url);
  expect((await call(url, `/subscriptions/${id}`, { method: 'DELETE' })).status).toBe(204);
  expectProblem(await call(url, `/subscriptions/${id}/messages`), 404, 'subscription-gone');
  expectProblem(await call(url, `/subscriptions/${id}`, { method: 'DELETE' }), 404, 'subscription-gone');
  expectProblem(await call(url, '/subscriptions/made-up/messages'), 404, 'subscription-gone');
});

it('is forgotten when it is idle for as long as was said, and kept by each call', async () => {
  const clock = createClock();
  const { url } = await startTestServer({ journal: 'memory', clock });
  const id = await subscribe(url);
  for (let count = 0; count < 3; count++) {
    clock.advance(598_000);
    await read(url, id);
  }
  const before = clock.pending();
  const held = read(url, id, 'wait=50');
  await expect.poll(() => clock.pending()).toBe(before + 1);
  clock.advance(50_100);
  await held;
  clock.advance(598_000); // counted from the answer
  await read(url, id);
  clock.advance(602_000);
  expectProblem(await call(url, `/subscriptions/${id}/messages`), 404, 'subscription-gone');
});

it('is refused to a client that has too many, until it deletes one', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const ids = await Promise.all(Array.from({ length: 100 }, () => subscribe(url)));
  const refused = await write(url, '/subscriptions', {});
  expectProblem(refused, 429, 'rate-limited');
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  await call(url, `/subscriptions/${ids[0]}`, { method: 'DELETE' });
  await subscribe(url);
});

it.each([
  [{ since: 'x' }, 400, 'invalid-cursor'],
  [{ since: '' }, 400, 'invalid-cursor'],
  [{ since: null }, 400, 'invalid-message'],
  [{ since: -1 }, 400, 'invalid-cursor'],
  [{ since: { toString: 1 } }, 400, 'invalid-message'],
  [{ since: '1-elsewhere' }, 410, 'cursor-gone'],
  [{ since: 7 }, 410, 'cursor-gone'],
  [{ room: 'No Room' }, 400, 'invalid-message'],
  [[], 400, 'malformed-json'],
])('refuses to begin from %j', async (body, status, code) => {
  const { url } = await startTestServer({ journal: 'memory' });
  expectProblem(await write(url, '/subscriptions', body), status, code);
});

it.each(['ack=1', 'ack=-1', 'ack=', 'ack=x', 'ack=0&ack=0', 'wait=56', 'wait=-1', 'limit=0', 'limit=1001', 'limit='])(
  'refuses %s',
  async (query) => {
    const { url } = await startTestServer({ journal: 'memory' });
    const id = await subscribe(url);
    expectProblem(await call(url, `/subscriptions/${id}/messages?${query}`), 400, 'invalid-query');
  },
);

it('refuses a token that the server did not give', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const id = await subscribe(url);
  const headers = { authorization: 'Bearer made-up' };
  const stranger = { token: 'made-up' };
  expectProblem(await write(url, '/subscriptions', {}, stranger), 401, 'identity-required');
  expectProblem(await call(url, `/subscriptions/${id}/messages`, { headers }), 401, 'identity-required');
  expectProblem(await call(url, `/subscriptions/${id}`, { method: 'DELETE', headers }), 401, 'identity-required');
});

it('changes nothing when it is asked by HEAD', async () => {
  const { port, url } = await startTestServer({ journal: 'memory' });
  const id = await subscribe(url);
  await post(url, 'one');
  const client = await connectRaw(port);
  for (let count = 0; count < 2; count++) {
    client.send([`HEAD /subscriptions/${id}/messages?wait=50 HTTP/1.1`, 'Host: localhost', '']);
    expect((await client.response({ hasBody: false })).headers.get('batch')).toBe('0');
  }
  expect((await read(url, id, 'ack=0')).texts).toEqual(['one']);
});

it('names the methods that its paths take', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const answer = await call(url, '/subscriptions');
  expectProblem(answer, 405, 'method-not-allowed');
  expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
  expect((await call(url, '/subscriptions/x')).headers.get('allow')).toBe('DELETE, OPTIONS');
});
