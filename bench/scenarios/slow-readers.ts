/** Some of the readers stop reading: what they cost in memory, whether the others feel it, and what they get later. */
import { setTimeout as sleep } from 'node:timers/promises';
import { settleDisk } from '../disk.ts';
import { readTexts } from '../load/frames.ts';
import { openListeners } from '../load/listeners.ts';
import { connectRaw } from '../load/raw-socket.ts';
import { warmUp } from '../load/requests.ts';
import { keepAlive, WIRES } from '../load/wires.ts';
import { openWriter, pace } from '../load/writer.ts';
import { askCursor, measure, POST } from './scenario.ts';
import type { Socket } from 'node:net';
import type { Scenario } from './scenario.ts';
import type { ServerProcess } from '../server-process.ts';

const READING = 100;
const STALLED = 20;
const MESSAGES_PER_SECOND = 1_500;
/** As long as 20 s, where a steady load lasts 2 s. */
const LONGER = 10;
/** Posts for so many seconds of load, 280,000 in all: the window is full then, and what SQLite keeps of its files. */
const FILL_S = 20;
/** Seconds in which everyone reads. */
const WARM_UP_S = 5;
/** Of both, so much for each second of a steady load at most: what is not to be relied on need not take minutes. */
const MOST_FILL = 15;
const MOST_WARM_UP = 4;
const LOOK_EVERY_MS = 250;
/** Messages that get a reaction while nobody of the stalled reads. */
const CHANGED = 100;
/** Milliseconds for the stalled to read all they missed. */
const CATCH_UP_WITHIN_MS = 20_000;

/** By id of a message, the seq that it was seen with last. */
type Seen = Map<number, number>;

export const slowReaders: Scenario = {
  name: 'slow-readers',
  table: 'readers',
  unit: 'delivery',
  compares: 'grown',
  rounds: 2,
  contenders: () => [{ label: 'since', server: 'since' }],
  async run({ size: { seconds }, startServer }) {
    const server = await startServer();
    await warmUp(server, Math.min(FILL_S, seconds * MOST_FILL));
    await settleDisk();
    const start = await askCursor(server);
    const readers = await openListeners(WIRES.websocket, server.port, READING, start);
    const stalled = await Promise.all(Array.from({ length: STALLED }, async () => openSeeing(server.port, start)));
    const writer = await openWriter(WIRES.websocket, server.port, POST);
    let written = 0;
    const write = async (forSeconds: number) => {
      await pace(MESSAGES_PER_SECOND, forSeconds, (due) => {
        readers.noteSent(due);
        writer.send(due);
        written += due;
      });
      await Promise.all([readers.allDelivered(), writer.answered(written)]);
      return readers.takeLatencies();
    };
    try {
      await write(Math.min(WARM_UP_S, seconds * MOST_WARM_UP));
      for (const { socket } of stalled) socket.pause();
      const memory = watchMemory(server);
      const measured = await measure(server, async () => write(seconds * LONGER));
      readers.noteSent(CHANGED);
      await changeSome(server, written);
      await readers.allDelivered();
      const grown = await memory.stop();
      for (const { socket } of stalled) socket.resume();
      const expected = await readAll(server, start);
      return { ...measured, ...grown, lost: await countLost(stalled, expected) };
    } finally {
      for (const { socket } of stalled) socket.destroy();
      writer.close();
      readers.close();
    }
  },
};

/** A WebSocket that looks at what it is told. */
async function openSeeing(port: number, since: string): Promise<{ socket: Socket; seen: Seen }> {
  const seen: Seen = new Map();
  let rest: Buffer = Buffer.alloc(0);
  let isOpen = false;
  const onBytes = (bytes: Buffer, length: number) => {
    rest = Buffer.concat([rest, bytes.subarray(0, length)]);
    if (!isOpen) {
      const end = rest.indexOf('\r\n\r\n');
      if (end === -1) return;
      isOpen = true;
      rest = rest.subarray(end + 4);
    }
    const read = readTexts(rest);
    rest = read.rest;
    for (const text of read.texts) {
      const [, id, seq] = /^{"command":"message","message":{"id":(\d+),"seq":(\d+)/.exec(text) ?? [];
      if (id !== undefined) seen.set(Number(id), Number(seq));
    }
  };
  const { path, headers } = WIRES.websocket;
  const socket = await connectRaw(port, onBytes, () => {}); // a lost one is found by what it lacks
  socket.write(`GET ${path(since)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}\r\n`);
  keepAlive(socket, WIRES.websocket);
  return { socket, seen };
}

/** Reactions, as they need no author: each gives a message that has been sent a newer state. */
async function changeSome({ port }: ServerProcess, written: number): Promise<void> {
  const newest = (await (await fetch(`http://127.0.0.1:${port}/messages?limit=1`)).json()) as [{ id: number }];
  const response = await fetch(`http://127.0.0.1:${port}/identity`, { method: 'POST' });
  const { token } = (await response.json()) as { token: string }; // as PROTOCOL.md has it
  for (let nth = 0; nth < CHANGED; nth++) {
    const id = newest[0].id - Math.floor((nth * written) / CHANGED);
    const headers = { Authorization: `Bearer ${token}` };
    const url = `http://127.0.0.1:${port}/messages/${id}/reactions/${encodeURIComponent('👍')}`;
    const answer = await fetch(url, { method: 'PUT', headers });
    if (!answer.ok) throw new Error(`A reaction was answered ${answer.status}`);
    await answer.arrayBuffer();
  }
}

function watchMemory(server: ServerProcess) {
  const looks: number[] = [];
  const isOver = new AbortController();
  const watch = async () => {
    while (!isOver.signal.aborted) {
      looks.push((await server.residentBytes()) / 1e6);
      await sleep(LOOK_EVERY_MS);
    }
  };
  const watching = watch();
  return {
    async stop() {
      isOver.abort();
      await watching;
      const half = Math.ceil(looks.length / 2);
      const most = Math.max(...looks);
      return { grown: most - (looks[0] ?? 0), grownLate: most - Math.max(...looks.slice(0, half)) };
    },
  };
}

async function readAll({ port }: ServerProcess, start: string): Promise<Seen> {
  const all: Seen = new Map();
  for (let since = start, hasMore = true; hasMore;) {
    const response = await fetch(`http://127.0.0.1:${port}/messages?since=${since}`);
    const page = (await response.json()) as { id: number; seq: number }[]; // as PROTOCOL.md has it
    for (const { id, seq } of page) all.set(id, seq);
    since = response.headers.get('next-since') ?? since;
    hasMore = response.headers.get('more') !== null;
  }
  return all;
}

/** @returns messages that were not seen in their newest state, of all readers together */
async function countLost(readers: readonly { seen: Seen }[], expected: Seen): Promise<number> {
  const lost = () => readers.reduce((sum, { seen }) => sum + countMissing(seen, expected), 0);
  const until = performance.now() + CATCH_UP_WITHIN_MS;
  while (performance.now() < until && lost() > 0) await sleep(LOOK_EVERY_MS);
  return lost();
}

function countMissing(seen: Seen, expected: Seen): number {
  return [...expected].filter(([id, seq]) => seen.get(id) !== seq).length;
}
