/**
 * What posts and deliveries cost through one server and through three that share a journal: `npm run scale`. It prints
 * figures, for docs/scaling.md. Everything runs on one machine, so that what counts is the CPU time of each server: the
 * busiest one is full first.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { FrameCounter } from '../../bench/load/frames.ts';
import { WITH_SBIN } from '../harness/programs.ts';
import { open, post, quantile, startChild, websocketHead } from './child.ts';
import type { Child } from './child.ts';

const ROUNDS = 3;
const POSTS = 2_000;
const POSTS_PER_SECOND = 200;
/** Posts that are under way together, as many as there are clients. */
const AT_ONCE = 60;
const LISTENERS = 1_800;
const MESSAGES = 250;
const MESSAGES_PER_SECOND = 25;
/** Deliveries are told from other frames by their length. */
const TEXT = 'x'.repeat(100);
/** Milliseconds in which the last deliveries come. */
const SETTLE_MS = 1_000;

interface Round {
  postP50Ms: number;
  postP99Ms: number;
  postsPerSecond: number;
  microsPerPost: number;
  busiestMicrosPerPost: number;
  microsPerDelivery: number;
  busiestMicrosPerDelivery: number;
}

const nats = await startNats();
const rounds: Record<string, Round[]> = { 'one server': [], 'three servers': [] };
try {
  // In turns, so that what else the machine does weighs on both.
  for (let nth = 0; nth < ROUNDS; nth++) {
    rounds['one server']?.push(await measure(1, `one-${nth}`));
    rounds['three servers']?.push(await measure(3, `three-${nth}`));
  }
} finally {
  await nats.stop();
}
for (const [name, measured] of Object.entries(rounds)) {
  process.stdout.write(`${name}, median of ${ROUNDS}\n${JSON.stringify(medians(measured), undefined, 2)}\n\n`);
}

async function measure(count: number, stream: string): Promise<Round> {
  const settings = { JOURNAL: 'nats', NATS_URL: nats.url, NATS_STREAM: stream, SECRET: 'the same', RATE_LIMIT: 'off' };
  const servers = await Promise.all(Array.from({ length: count }, () => startChild(settings)));
  try {
    await evenly(servers, POSTS / 2, AT_ONCE * 10); // warm
    const posting = await watchCpu(servers, () => evenly(servers, POSTS, POSTS_PER_SECOND));
    const postsPerSecond = await asFastAsCan(servers);
    const listening = await fanOut(servers);
    return {
      postP50Ms: quantile(posting.result, 0.5),
      postP99Ms: quantile(posting.result, 0.99),
      postsPerSecond,
      microsPerPost: sum(posting.micros) / POSTS,
      busiestMicrosPerPost: Math.max(...posting.micros) / POSTS,
      microsPerDelivery: sum(listening) / (LISTENERS * MESSAGES),
      busiestMicrosPerDelivery: Math.max(...listening) / (LISTENERS * MESSAGES),
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** @returns how long each post took, in milliseconds */
async function evenly(servers: readonly Child[], count: number, perSecond: number, room = 'lobby'): Promise<number[]> {
  const begin = performance.now();
  const took: Promise<number>[] = [];
  for (let nth = 0; nth < count; nth++) {
    await pause(Math.max(0, begin + (nth * 1000) / perSecond - performance.now()));
    took.push(postOne(servers, nth, room));
  }
  return Promise.all(took);
}

async function postOne(servers: readonly Child[], nth: number, room = 'lobby'): Promise<number> {
  const start = performance.now();
  const { port } = servers[nth % servers.length]!;
  const status = await post(port, { user: 'Azin', message: `${nth} ${TEXT}`, room });
  if (status !== 201) throw new Error(`a post was answered with ${status}`);
  return performance.now() - start;
}

async function asFastAsCan(servers: readonly Child[]): Promise<number> {
  const begin = performance.now();
  let next = 0;
  const work = async () => {
    while (next < POSTS) await postOne(servers, next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return POSTS / ((performance.now() - begin) / 1000);
}

/** @returns the CPU time of each server, in microseconds */
async function fanOut(servers: readonly Child[]): Promise<number[]> {
  let delivered = 0;
  const opening = Array.from({ length: LISTENERS }, (_, nth) => {
    const counter = new FrameCounter();
    const { port } = servers[nth % servers.length]!;
    // Of a room without messages, so that nothing but deliveries is as long as they are.
    return open(port, websocketHead('room=listened'), (bytes) => (delivered += counter.take(bytes, bytes.length)));
  });
  const sockets = await Promise.all(opening);
  const deliver = async () => {
    await evenly(servers, MESSAGES, MESSAGES_PER_SECOND, 'listened');
    await pause(SETTLE_MS);
  };
  await deliver(); // warm
  const { micros } = await watchCpu(servers, deliver);
  for (const socket of sockets) socket.destroy();
  const expected = 2 * LISTENERS * MESSAGES;
  if (delivered !== expected) throw new Error(`${delivered} deliveries were made in place of ${expected}`);
  return micros;
}

async function watchCpu<Result>(servers: readonly Child[], work: () => Promise<Result>) {
  const read = () => Promise.all(servers.map((server) => server.metric('process_cpu_seconds_total')));
  const before = await read();
  const result = await work();
  const after = await read();
  return { result, micros: after.map((seconds, index) => (seconds - before[index]!) * 1e6) };
}

async function startNats() {
  const dataDir = mkdtempSync(join(tmpdir(), 'since-scale-'));
  const child = spawn('nats-server', ['-js', '-sd', dataDir, '-a', '127.0.0.1', '-p', '-1'], {
    env: WITH_SBIN,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const address = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    createInterface(child.stderr).on('line', (line) => {
      const found = /Listening for client connections on (\S+)/.exec(line);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
  });
  return {
    url: `nats://${address}`,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function medians(measured: readonly Round[]): object {
  const names = Object.keys(measured[0] ?? {}) as (keyof Round)[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      Math.round(
        quantile(
          measured.map((round) => round[name]),
          0.5,
        ) * 100,
      ) / 100,
    ]),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
