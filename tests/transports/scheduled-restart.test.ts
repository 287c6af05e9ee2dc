/** What is scheduled outlives the server, however it ends. */
import { expect, it } from 'vitest';
import { call, identify, poll, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startServerProcess } from '../harness/process.ts';
import { startTestServer } from '../harness/server.ts';
import type { Message, ScheduledMessage } from '../../protocol/envelope.ts';

/** Starting a process takes seconds on a machine that is busy. */
const TIMEOUT_MS = 60_000;

it('waits over a restart, and comes out at its time with its key', async () => {
  const clock = createClock();
  const first = await startTestServer({ clock });
  const { token, author } = await identify(first.url);
  const fields = { user: 'Azin', message: 'later', sendAt: new Date(clock.now() + 60_000).toISOString() };
  const { json } = await write(first.url, '/messages', fields, { token, key: 'key-1' });
  await first.stop();
  clock.advance(30_000);
  const { url } = await startTestServer({ clock, dataDir: first.dataDir });
  expect(await listOf(url, token)).toMatchObject([json as object]);
  const { since } = await poll(url);
  const coming = poll(url, { since, wait: 55 });
  // The listener is there once a request after it was answered.
  await listOf(url, token);
  clock.advance(30_000);
  const [message] = (await coming).messages;
  expect(message).toMatchObject({ message: 'later', author, key: 'key-1', timestamp: fields.sendAt });
  expect((await write(url, '/messages', fields, { token, key: 'key-1' })).json).toEqual(message);
});

it('comes out at the start when it is overdue, in due order, with the time of its release', async () => {
  const clock = createClock();
  const first = await startTestServer({ clock });
  const { token } = await identify(first.url);
  const other = await identify(first.url);
  const times = [50_000, 10_000, 30_000, 20_000, 40_000];
  for (const [index, ms] of times.entries()) {
    const fields = { user: 'Azin', message: `in ${ms}`, sendAt: new Date(clock.now() + ms).toISOString() };
    await write(first.url, '/messages', fields, { token: index % 2 === 0 ? token : other.token });
  }
  await first.stop();
  clock.advance(3_600_000);
  const { url } = await startTestServer({ clock, dataDir: first.dataDir });
  clock.advance(0);
  const messages = await untilPosted(url, 5);
  expect(messages.map(({ message }) => message)).toEqual(['in 10000', 'in 20000', 'in 30000', 'in 40000', 'in 50000']);
  expect(new Set(messages.map(({ timestamp }) => timestamp))).toEqual(new Set([new Date(clock.now()).toISOString()]));
  expect(await listOf(url, token)).toEqual([]);
});

it('does not come back when it was withdrawn before the restart', async () => {
  const clock = createClock();
  const first = await startTestServer({ clock });
  const { token } = await identify(first.url);
  for (const [message, ms] of [
    ['withdrawn', 10_000],
    ['kept', 20_000],
  ] as const) {
    await write(
      first.url,
      '/messages',
      { user: 'Azin', message, sendAt: new Date(clock.now() + ms).toISOString() },
      { token },
    );
  }
  const [waiting] = await listOf(first.url, token);
  await write(first.url, `/scheduled/${waiting?.scheduled}`, undefined, { method: 'DELETE', token });
  await first.stop();
  clock.advance(30_000);
  const { url } = await startTestServer({ clock, dataDir: first.dataDir });
  clock.advance(0);
  expect((await untilPosted(url, 1)).map(({ message }) => message)).toEqual(['kept']);
});

it('comes out once each in due order when the server is killed again and again', { timeout: TIMEOUT_MS }, async () => {
  const first = await startServerProcess();
  const { token } = await identify(first.url);
  const begin = Date.now();
  const texts = Array.from({ length: 60 }, (_, index) => `number ${String(index).padStart(2, '0')}`);
  const sending = texts.map((message, index) =>
    write(
      first.url,
      '/messages',
      { user: 'Azin', message, sendAt: new Date(begin + 8_000 + index).toISOString() },
      { token },
    ),
  );
  expect((await Promise.all(sending)).map(({ status }) => status)).toEqual(texts.map(() => 202));
  await first.end('SIGKILL');
  const second = await startServerProcess({ dataDir: first.dataDir });
  await poll(second.url, { since: 0, wait: 30 }); // some are out
  await second.end('SIGKILL');
  const { url } = await startServerProcess({ dataDir: first.dataDir });
  const messages = await untilPosted(url, 60);
  expect(messages.map(({ message }) => message)).toEqual(texts);
});

async function listOf(url: string, token: string): Promise<ScheduledMessage[]> {
  const { status, json } = await call(url, '/scheduled', { headers: { authorization: `Bearer ${token}` } });
  expect(status).toBe(200);
  return json as ScheduledMessage[];
}

async function untilPosted(url: string, count: number): Promise<Message[]> {
  for (;;) {
    const { messages } = await poll(url, { since: 0 });
    if (messages.length >= count) return messages;
  }
}
