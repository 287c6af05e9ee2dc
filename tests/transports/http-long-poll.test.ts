/** `GET /messages?wait=`: held until there is something to say. */
import { describe, expect, it } from 'vitest';
import { call, expectProblem, identify, poll, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs, RefusedHandshake } from '../harness/ws-client.ts';
import type { Message } from '../../protocol/envelope.ts';

const texts = (messages: readonly Message[]) => messages.map(({ message }) => message);

/** A clock by hand that tells when a timer is set: that is when a poll is held. */
function createWatchedClock() {
  const clock = createClock();
  let wake = Promise.withResolvers<void>();
  return {
    ...clock,
    after(delayMs: number, ring: () => void) {
      const cancel = clock.after(delayMs, ring);
      wake.resolve();
      wake = Promise.withResolvers();
      return cancel;
    },
    async untilPending(count: number) {
      while (clock.pending() < count) await wake.promise;
    },
  };
}

describe('a long poll', () => {
  it('is answered at once where there is something to give', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    await post(url, 'one');
    expect(texts((await poll(url, { since: 0, wait: 55 })).messages)).toEqual(['one']);
  });

  it('is held until something comes in its room', async () => {
    const clock = createWatchedClock();
    const { url } = await startTestServer({ journal: 'memory', clock });
    const { since } = await poll(url);
    const idle = clock.pending();
    const held = poll(url, { since, wait: 55 });
    await clock.untilPending(idle + 1);
    await post(url, { message: 'elsewhere', room: 'attic' });
    const posted = await post(url, 'here');
    const { messages, since: next } = await held;
    expect(messages).toEqual([posted]);
    expect(Number.parseInt(next, 10)).toBe(posted.seq);
  });

  it('is answered with an empty array and a newer cursor when its time is up, and not before', async () => {
    const clock = createWatchedClock();
    const { url } = await startTestServer({ journal: 'memory', clock });
    const { since } = await poll(url);
    const idle = clock.pending();
    let isAnswered = false;
    const held = poll(url, { since, wait: 20 }).finally(() => (isAnswered = true));
    await clock.untilPending(idle + 1);
    const { seq } = await post(url, { message: 'elsewhere', room: 'attic' });
    clock.advance(19_000);
    await poll(url, { since: 0 }); // another whole answer, on the way of which this one would have come
    expect(isAnswered).toBe(false);
    clock.advance(1_100);
    const { messages, since: next } = await held;
    expect(messages).toEqual([]);
    expect(Number.parseInt(next, 10)).toBe(seq);
  });

  it('tells of an edit and of a deletion', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { token } = await identify(url);
    const { id, seq } = await post(url, 'one', { token });
    const edited = poll(url, { since: seq, wait: 55 });
    await write(url, `/messages/${id}`, { message: 'two' }, { method: 'PATCH', token });
    expect((await edited).messages).toMatchObject([{ id, message: 'two' }]);
    const deleted = poll(url, { since: (await edited).since, wait: 55 });
    await write(url, `/messages/${id}`, undefined, { method: 'DELETE', token });
    expect((await deleted).messages).toMatchObject([{ id, deleted: true }]);
  });

  it('is not answered by what its caller has already', async () => {
    // Many readers make the server gather for a while what comes next: there, what was posted is still to be sent.
    const { url } = await startTestServer({ journal: 'memory' });
    await Promise.all(Array.from({ length: 200 }, () => connectWs(url)));
    for (let round = 0; round < 30; round++) {
      await post(url, 'first');
      const { seq } = await post(url, 'second');
      const held = poll(url, { since: seq, wait: 55 });
      await poll(url, { since: seq });
      const third = await post(url, 'third');
      expect((await held).messages).toEqual([third]);
    }
  });

  it('gives no more than its limit, and says that there is more', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { since } = await poll(url);
    const held = poll(url, { since, wait: 55, limit: 1 });
    const [one, two] = await Promise.all([post(url, 'same'), post(url, 'same')]);
    const { messages, since: next } = await held;
    expect(messages).toHaveLength(1);
    const rest = await poll(url, { since: next });
    expect([...messages, ...rest.messages].map(({ id }) => id)).toEqual([one.id, two.id].toSorted((a, b) => a - b));
  });

  it('is one of a thousand, all answered by one message', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { since } = await poll(url);
    const held = Array.from({ length: 1_000 }, () => poll(url, { since, wait: 55 }));
    const posted = await post(url, 'to all');
    for (const { messages } of await Promise.all(held)) expect(messages).toEqual([posted]);
  });

  it('is refused when the server has all that it can hold, while short requests go on', async () => {
    const clock = createWatchedClock();
    const { url } = await startTestServer({ journal: 'memory', maxConnections: 2, clock });
    const { since } = await poll(url);
    const idle = clock.pending();
    const ws = await connectWs(url);
    await ws.untilCaughtUp();
    const held = poll(url, { since, wait: 55 });
    await clock.untilPending(idle + 2);
    const refused = await call(url, `/messages?since=${since}&wait=55`);
    expectProblem(refused, 503, 'overloaded');
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(await poll(url, { since })).toMatchObject({ messages: [] });
    const posted = await post(url, 'goes on');
    expect((await held).messages).toEqual([posted]);
    // What was answered gives its place back.
    const again = poll(url, { since: posted.seq, wait: 55 });
    const next = await post(url, 'next');
    expect((await again).messages).toEqual([next]);
  });

  it('gives its place back when its caller leaves', async () => {
    const clock = createWatchedClock();
    const { url } = await startTestServer({ journal: 'memory', maxConnections: 1, clock });
    const { since } = await poll(url);
    const idle = clock.pending();
    const leaving = new AbortController();
    const held = poll(url, { since, wait: 55 }, { signal: leaving.signal });
    await clock.untilPending(idle + 1);
    leaving.abort();
    await expect(held).rejects.toThrow('abort');
    // The server learns of it from the network; until then it refuses.
    for (;;) {
      try {
        await connectWs(url);
        return;
      } catch (error) {
        if (!(error instanceof RefusedHandshake)) throw error;
        expect(error.status).toBe(503);
      }
    }
  });

  it('is answered with an empty array when the server stops', async () => {
    const clock = createWatchedClock();
    const server = await startTestServer({ journal: 'memory', clock });
    const { since } = await poll(server.url);
    const idle = clock.pending();
    const held = poll(server.url, { since, wait: 55 });
    await clock.untilPending(idle + 1);
    await server.stop();
    expect(await held).toEqual({ messages: [], since, hasMore: false });
  });
});
