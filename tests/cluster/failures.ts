/**
 * Three servers behind a proxy, three nodes of NATS: while some write and others listen, going from server to server and
 * from one way to listen to the next, one process after the other is killed and started again. In the end every server
 * and every client must have the same, and nothing that was acknowledged may be missing or there twice.
 */
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect } from 'vitest';
import { call, poll, write } from '../harness/api.ts';
import { startNatsCluster } from '../harness/nats.ts';
import { takeFreePorts } from '../harness/ports.ts';
import { makeDataDir } from '../harness/server.ts';
import { connectSse } from '../harness/stream-client.ts';
import { connectWs } from '../harness/ws-client.ts';
import { startProxy } from './proxy.ts';
import { startSharingProcess } from './servers.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { NatsNode } from '../harness/nats.ts';
import type { ServerProcess } from '../harness/process.ts';

export interface Failures {
  /** What is killed, one after the other: `server`, `node`, or the node that leads the stream. */
  kills: readonly ('server' | 'node' | 'leader')[];
  /** Milliseconds from one kill to the next. */
  everyMs: number;
  /** Milliseconds until what was killed is started again. */
  downMs: number;
  writers: number;
  listeners: number;
}

export interface Survived {
  acknowledged: number;
  /** Milliseconds of the longest time in which no writer was answered with success. */
  longestPauseMs: number;
  /** Of id, seq and text of all messages, the same everywhere. */
  digest: string;
  kills: { what: string; pauseMs: number }[];
}

interface Acknowledged {
  message: Message;
  at: number;
}

const SERVERS = 3;
const NODES = 3;
/** Milliseconds between the messages of a writer. */
const WRITE_EVERY_MS = 20;
/** Milliseconds for a server whose stream has had no leader. */
const READY_WITHIN_MS = 30_000;
/** Milliseconds until a writer, or a listener, that was not answered tries again. */
const AGAIN_MS = 100;

export async function surviveFailures({ kills, everyMs, downMs, writers, listeners }: Failures): Promise<Survived> {
  const nodes = await startNatsCluster(NODES);
  const dataDirs = Array.from({ length: SERVERS }, () => makeDataDir());
  const ports = await takeFreePorts(SERVERS);
  const servers = await Promise.all(
    dataDirs.map((dataDir, nth) => startSharingProcess(nodes, { dataDir, port: ports[nth]! })),
  );
  const proxy = await startProxy(servers.map(({ port }) => port));
  const now = { isWriting: true, isOver: false };
  const acknowledged: Acknowledged[] = [];

  const writing = Array.from({ length: writers }, (_, nth) => keepWriting(proxy.url, nth, acknowledged, now));
  const listening = Array.from({ length: listeners }, (_, nth) =>
    keepListening(nth, [proxy.url, ...urlsOf(servers)], now),
  );

  const killed: Survived['kills'] = [];
  let serversKilled = 0;
  for (const [nth, kind] of kills.entries()) {
    const begin = performance.now();
    await pause(everyMs / 4);
    const what =
      kind === 'server'
        ? await killServer(servers, serversKilled++, nodes, downMs)
        : await killNode(nodes, nth, kind, downMs);
    await pause(Math.max(0, everyMs - (performance.now() - begin)));
    const times = acknowledged.map(({ at }) => at).filter((at) => at >= begin);
    killed.push({ what, pauseMs: Math.round(longestGap([begin, ...times, performance.now()])) });
  }
  now.isWriting = false;
  await Promise.all(writing);
  await Promise.all(urlsOf(servers).map(untilReady)); // the last was killed a moment ago
  const last = await write(servers[0]!.url, '/messages', { user: 'Azin', message: 'the end' }, { key: 'the-end' });
  expect(last.status).toBe(201);
  const { seq } = last.json as Message;
  const states = await Promise.all(urlsOf(servers).map((url) => readAll(url, seq)));
  now.isOver = true;
  const heard = await Promise.all(listening.map((end) => end(seq)));

  const [state] = states;
  const digests = new Set([...states, ...heard].map(digestOf));
  expect(digests.size, [...states, ...heard].map((one) => one.length).join(' ')).toBe(1);
  const ids = new Map(state!.map((message) => [message.id, message]));
  for (const { message } of acknowledged) expect(ids.get(message.id)).toMatchObject({ message: message.message });
  const texts = state!.map(({ message }) => message);
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts.length).toBe(acknowledged.length + 1); // each writer went on until it was answered
  const times = acknowledged.map(({ at }) => at).toSorted((one, other) => one - other);
  return {
    acknowledged: acknowledged.length,
    longestPauseMs: Math.round(longestGap(times)),
    digest: [...digests][0]!,
    kills: killed,
  };
}

const untilReady = (url: string) =>
  expect.poll(async () => (await call(url, '/readyz')).status, { timeout: READY_WITHIN_MS }).toBe(200);

const urlsOf = (servers: readonly ServerProcess[]) => servers.map(({ url }) => url);

async function killServer(servers: ServerProcess[], nth: number, nodes: readonly NatsNode[], downMs: number) {
  const index = nth % servers.length;
  const { port, dataDir, end } = servers[index]!;
  await end('SIGKILL');
  await pause(downMs);
  servers[index] = await startSharingProcess(nodes, { port, dataDir });
  return `server ${index + 1}`;
}

async function killNode(nodes: readonly NatsNode[], nth: number, kind: 'node' | 'leader', downMs: number) {
  const leader = await leaderOf(nodes);
  const node =
    kind === 'leader'
      ? nodes.find(({ name }) => name === leader)
      : nodes.filter(({ name }) => name !== leader)[nth % 2];
  expect(node).toBeDefined();
  await node!.kill();
  await pause(downMs);
  await node!.start();
  return `${kind} ${node!.name}`;
}

async function leaderOf(nodes: readonly NatsNode[]): Promise<string | undefined> {
  const connection = await connect({ servers: nodes.map(({ url }) => url) });
  const manager = await jetstreamManager(connection);
  const { cluster } = await manager.streams.info('since');
  await connection.close();
  return cluster?.leader;
}

/** Each message until it is answered, with the same key. */
async function keepWriting(url: string, nth: number, acknowledged: Acknowledged[], now: { isWriting: boolean }) {
  for (let count = 0; now.isWriting; count++) {
    const [text, key] = [`writer ${nth} says ${count}`, `key-${nth}-${count}`];
    for (;;) {
      const answer = await write(url, '/messages', { user: 'Writer', message: text }, { key }).catch(() => undefined);
      if (answer?.status === 201 || answer?.status === 200) {
        acknowledged.push({ message: answer.json as Message, at: performance.now() });
        break;
      }
      if (answer !== undefined) expect([502, 503, 504]).toContain(answer.status);
      await pause(AGAIN_MS);
    }
    await pause(WRITE_EVERY_MS);
  }
}

/** Goes from one server and one way to listen to the next, with nothing but its cursor. @returns what it heard in the end */
function keepListening(nth: number, urls: readonly string[], now: { isOver: boolean }) {
  const state = new Map<number, Message>();
  let since = '0';
  const take = (messages: readonly Message[]) => {
    for (const message of messages) {
      const newer = (one: number) => message.seq > one;
      expect(newer(Number.parseInt(since, 10)), `${message.seq} after ${since}`).toBe(true);
      expect(state.has(message.id)).toBe(false); // nothing is changed here, so nothing comes twice
      state.set(message.id, message);
      since = String(message.seq);
    }
  };
  const hop = async (turn: number) => {
    const url = urls[(turn + nth) % urls.length]!;
    const way = (turn * 7 + nth) % 4;
    if (way === 0) take((await poll(url, { since, limit: 50 })).messages);
    else if (way === 1) take((await poll(url, { since, wait: 1 })).messages);
    else if (way === 2) {
      const client = await connectWs(url, { since });
      try {
        for (let count = 0; count < 20 && !now.isOver; count++) take([await within(client.nextOf('message'))]);
      } finally {
        client.drop();
      }
    } else {
      const client = await connectSse(url, { since });
      try {
        for (let count = 0; count < 20 && !now.isOver; count++) {
          const { event, data } = await within(client.next());
          expect(event).not.toBe('reset');
          if (event === undefined && data !== undefined) take([JSON.parse(data) as Message]);
        }
      } finally {
        client.drop();
      }
    }
  };
  const wandering = (async () => {
    for (let turn = 0; !now.isOver; turn++) {
      try {
        await hop(turn);
      } catch (error) {
        const isRefusal = error instanceof Error && /\b50[234]\b/.test(error.message);
        if (error instanceof Error && error.name === 'AssertionError' && !isRefusal) throw error;
        await pause(AGAIN_MS); // the server it was with is gone
      }
    }
  })();
  return async (upTo: number) => {
    await wandering;
    while (Number.parseInt(since, 10) < upTo) take((await poll(urls[0]!, { since })).messages);
    return [...state.values()];
  };
}

/** A connection that died with its server says nothing more. */
async function within<Value>(promise: Promise<Value>): Promise<Value> {
  const late = new AbortController();
  try {
    return await Promise.race([
      promise,
      pause(2_000, undefined, { signal: late.signal }).then(() => {
        throw new Error('nothing came');
      }),
    ]);
  } finally {
    late.abort();
  }
}

async function readAll(url: string, upTo: number): Promise<Message[]> {
  await poll(url, { since: upTo }); // which waits until it has come this far
  const all: Message[] = [];
  for (let since = '0'; ;) {
    const page = await poll(url, { since });
    all.push(...page.messages);
    since = page.since;
    if (!page.hasMore) return all;
  }
}

function digestOf(messages: readonly Message[]): string {
  const sorted = messages.toSorted((one, other) => one.id - other.id);
  return hash('sha256', JSON.stringify(sorted.map(({ id, seq, message }) => [id, seq, message])), 'hex').slice(0, 16);
}

function longestGap(times: readonly number[]): number {
  return times.reduce((longest, time, index) => Math.max(longest, time - (times[index - 1] ?? time)), 0);
}
