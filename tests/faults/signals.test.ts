/** What a supervisor, or whoever sits at the machine, does to a server under load: SIGTERM, SIGSTOP; and the end of a thread. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { call, poll, post } from '../harness/api.ts';
import { startServerProcess } from '../harness/process.ts';
import { makeDataDir } from '../harness/server.ts';
import { connectNdjson, connectSse } from '../harness/stream-client.ts';
import { connectWs } from '../harness/ws-client.ts';
import { createWriters, readAll } from './writers.ts';
import type { Message } from '../../protocol/envelope.ts';

const WRITERS = 20;
/** How long it stands still: longer than any of its own ticks. */
const STOPPED_MS = 4_000;

vi.setConfig({ testTimeout: 90_000 });

it('ends on SIGTERM within 10 s while twenty write, keeps what it accepted, and answers who waits', async () => {
  const dataDir = makeDataDir();
  const writers = createWriters(WRITERS);
  const server = await startServerProcess({ dataDir, env: { LOG_LEVEL: 'error' } }); // refusals at the end are warnings
  const { url } = server;
  const { since } = await poll(url, { room: 'quiet' });
  const held = poll(url, { room: 'quiet', since, wait: 55 });
  const [sse, ndjson, ws] = [await connectSse(url), await connectNdjson(url), await connectWs(url)];
  let ended: Promise<number | null> | undefined;
  let askedAt = 0;
  await writers.write(
    url,
    () => ended !== undefined,
    () => {
      if (writers.acknowledged < 500 || ended !== undefined) return;
      askedAt = performance.now();
      ended = server.end('SIGTERM');
    },
  );
  expect(await ended).toBe(0);
  expect(performance.now() - askedAt).toBeLessThan(10_000);
  expect((await held).messages).toEqual([]);
  expect([await sse.over, await ndjson.over]).toEqual([true, true]);
  expect(await ws.closed).toMatchObject({ code: 1001 });
  expect(server.stderr()).toBe('');

  const again = await startServerProcess({ dataDir });
  await writers.expectKept(again.url);
  await writers.expectAllAfterRetry(again.url);
});

it('goes on after SIGSTOP and SIGCONT as if nothing had been: nobody is dropped, nothing is missed', async () => {
  const server = await startServerProcess();
  const { url } = server;
  const [sse, ndjson, ws] = [
    await connectSse(url, { since: 0 }),
    await connectNdjson(url, { since: 0 }),
    await connectWs(url, { since: 0 }),
  ];
  const { since } = await poll(url, { room: 'quiet' });
  const held = poll(url, { room: 'quiet', since, wait: 55 });
  const writers = createWriters(WRITERS);
  let stopped: Promise<void> | undefined;
  let writesAfter = 0;
  const stopAWhile = async () => {
    server.signal('SIGSTOP');
    await pause(STOPPED_MS);
    server.signal('SIGCONT');
    await call(url, '/healthz');
  };
  await writers.write(
    url,
    () => writesAfter >= 300,
    () => {
      if (writers.acknowledged === 300) stopped = stopAWhile();
      if (writers.acknowledged > 300) writesAfter++;
    },
  );
  await stopped;
  const quiet = await post(url, { message: 'is anyone here?', room: 'quiet' });
  expect((await held).messages).toEqual([quiet]);
  const last = await post(url, 'the last');
  const kept = await readAll(url);
  const hear = async (next: () => Promise<Message>) => {
    const heard: Message[] = [];
    while (heard.at(-1)?.id !== last.id) heard.push(await next());
    return heard;
  };
  // On the very connections of before.
  expect(await hear(() => sse.message())).toEqual(kept);
  expect(await hear(() => ndjson.message())).toEqual(kept);
  expect(await hear(() => ws.nextOf('message'))).toEqual(kept);
  expect(writers.acknowledged).toBe(kept.length - 1);
  expect(server.stderr()).toBe('');
});

/** On SIGUSR2 it ends the thread that was spoken to last: there is but one. */
const END_THREAD = `data:text/javascript,${encodeURIComponent(`
  import { Worker } from 'node:worker_threads';
  const { postMessage } = Worker.prototype;
  let last;
  Worker.prototype.postMessage = function (...message) { last = this; return postMessage.apply(this, message); };
  process.on('SIGUSR2', () => last.terminate());
`)}`;

it('ends with one line when the thread that commits has ended, and has what it acknowledged at the next start', async () => {
  const dataDir = makeDataDir();
  const writers = createWriters(WRITERS);
  const server = await startServerProcess({ dataDir, execArgv: ['--import', END_THREAD] });
  await writers.write(
    server.url,
    () => false,
    () => {
      if (writers.acknowledged === 200) server.signal('SIGUSR2');
    },
  );
  expect(await server.exited).toBe(1);
  expect(server.stderr()).toMatch(/^The journal [^\n]+ cannot go on: [^\n]+; start again\.\n$/);
  const again = await startServerProcess({ dataDir });
  await writers.expectKept(again.url);
  await writers.expectAllAfterRetry(again.url);
});
