/**
 * What readers that never read, and a client that posts ten times what it may, cost everyone else: `npm run overload`.
 * It prints figures, for docs/reliability.md; it judges nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { open, post, quantile, startChild, websocketHead } from './child.ts';
import type { Socket } from 'node:net';

const MEGABYTES = 50;
const WARM_UP_MEGABYTES = 50;
/** Until those that never read are full. */
const FILLING_MEGABYTES = 5;
/** Milliseconds between messages: 200 messages/s, 0.8 MB/s, to each of those in the room. */
const LOUD_EVERY_MS = 5;
const ROUNDS = 1;
/** Milliseconds between messages whose way to the others is timed. */
const PROBE_EVERY_MS = 50;
const LISTENERS = 1_800;
/** Of those that read, so many are in the room through which the bytes pass; more would be gigabytes for the loader. */
const IN_LOUD_ROOM = 50;
const STALLED = 200;
const TEXT = 'x'.repeat(3_900);

print('one client posts ten times what it may', await loudWriter());
print('readers that never read', await slowReaders());

/** With and without them, the same load, by turns: a p99 of some hundred probes is not more than what one round saw. */
async function slowReaders(): Promise<object> {
  const rounds: { without: Passed; withThem: Passed }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ without: await passMessages(0), withThem: await passMessages(STALLED) });
  }
  return {
    rounds,
    medianP99Ratio: median(rounds.map(({ without, withThem }) => withThem.p99Ms / without.p99Ms)),
    medianGrownMB: median(rounds.map(({ withThem }) => withThem.grownMB)),
  };
}

type Passed = Awaited<ReturnType<typeof passMessages>>;

function median(values: readonly number[]): number {
  return round(quantile([...values], 0.5));
}

async function passMessages(stalled: number) {
  const server = await startChild({ RATE_LIMIT: 'off' });
  const { port } = server;
  const sockets: Socket[] = [];
  const latencies: number[] = [];
  const onProbe = (bytes: Buffer) => {
    const sentAt = /at (\d+\.\d+) ms/.exec(bytes.toString('latin1'))?.[1];
    if (sentAt !== undefined) latencies.push(performance.now() - Number(sentAt));
  };
  for (let nth = 0; nth < LISTENERS; nth++) {
    const isLoud = nth < IN_LOUD_ROOM;
    sockets.push(await open(port, websocketHead(`room=${isLoud ? 'loud' : 'quiet'}`), isLoud ? () => {} : onProbe));
  }
  // A server that has been at work has its window, its caches and its heap as they stay.
  const cold = await server.metric('process_resident_memory_bytes');
  await passLoud(port, WARM_UP_MEGABYTES);
  latencies.length = 0;
  for (let nth = 0; nth < stalled; nth++) sockets.push((await open(port, websocketHead('room=loud'))).pause());
  const before = await server.metric('process_resident_memory_bytes');
  let most = before;
  let mostBacklog = 0; // at the end there is none: those that take nothing for a minute are closed
  const over = new AbortController();
  const probing = (async () => {
    while (!over.signal.aborted) {
      await post(port, { user: 'probe', message: `at ${performance.now().toFixed(3)} ms`, room: 'quiet' });
      most = Math.max(most, await server.metric('process_resident_memory_bytes'));
      mostBacklog = Math.max(mostBacklog, await server.metric('chat_backlog_bytes'));
      await pause(PROBE_EVERY_MS);
    }
  })();
  // What goes into the buffers of the system, some megabytes a socket, goes there as to any other reader.
  await passLoudEvenly(port, FILLING_MEGABYTES);
  const fillingP99Ms = round(quantile(latencies, 0.99));
  latencies.length = 0;
  const start = performance.now();
  await passLoudEvenly(port, MEGABYTES);
  const seconds = (performance.now() - start) / 1000;
  over.abort();
  await probing;
  const closed = await server.metric('chat_drops_total{reason="slow"}');
  for (const socket of sockets) socket.destroy();
  await server.stop();
  return {
    connections: sockets.length,
    neverRead: stalled,
    seconds: round(seconds),
    grownMB: round((most - before) / 1e6),
    grownBeforeMB: round((before - cold) / 1e6),
    closedForIt: closed,
    mostBacklogMB: round(mostBacklog / 1e6),
    fillingP99Ms,
    p50Ms: round(quantile(latencies, 0.5)),
    p99Ms: round(quantile(latencies, 0.99)),
  };
}

/** As fast as they are answered, ten at a time. */
async function passLoud(port: number, megabytes: number): Promise<void> {
  const messages = Math.ceil((megabytes * 1e6) / TEXT.length);
  for (let sent = 0; sent < messages; sent += 10) {
    await Promise.all(Array.from({ length: 10 }, () => post(port, { user: 'loud', message: TEXT, room: 'loud' })));
  }
}

/** Evenly, whether the earlier ones are answered or not. */
async function passLoudEvenly(port: number, megabytes: number): Promise<void> {
  const messages = Math.ceil((megabytes * 1e6) / TEXT.length);
  const start = performance.now();
  const posts: Promise<number>[] = [];
  while (posts.length < messages) {
    const due = Math.min(messages, Math.ceil((performance.now() - start) / LOUD_EVERY_MS));
    while (posts.length < due) posts.push(post(port, { user: 'loud', message: TEXT, room: 'loud' }));
    await pause(LOUD_EVERY_MS);
  }
  await Promise.all(posts);
}

async function loudWriter(): Promise<object> {
  const limit = 50;
  const server = await startChild({ RATE_LIMIT: String(limit) });
  const { port } = server;
  const identify = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/identity`, { method: 'POST' });
    return ((await answer.json()) as { token: string }).token;
  };
  const [quiet, loud] = [await identify(), await identify()];
  /** A post each 250 ms, within the limit. */
  const measure = async (count: number) => {
    const took: number[] = [];
    for (let nth = 0; nth < count; nth++) {
      const start = performance.now();
      const status = await post(port, { user: 'quiet', message: `${nth}` }, quiet);
      if (status !== 201) throw new Error(`the quiet one was told ${status}`);
      took.push(performance.now() - start);
      await pause(250);
    }
    return { p50Ms: round(quantile(took, 0.5)), mostMs: round(Math.max(...took)) };
  };
  const alone = await measure(40);
  const over = new AbortController();
  const statuses: Record<number, number> = {};
  const posting = (async () => {
    while (!over.signal.aborted) {
      const status = await post(port, { user: 'loud', message: 'more' }, loud);
      statuses[status] = (statuses[status] ?? 0) + 1;
      await pause(10_000 / (10 * limit));
    }
  })();
  const beside = await measure(40);
  over.abort();
  await posting;
  await server.stop();
  return { alone, beside, answersToTheLoudOne: statuses };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function print(title: string, figures: object): void {
  process.stdout.write(`${title}\n${JSON.stringify(figures, undefined, 2)}\n\n`);
}
