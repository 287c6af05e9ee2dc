/** A bad network between the server and all kinds of clients: each comes back by itself, and has everything once. */
import { setTimeout as pause } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { expect, it, onTestFinished, vi } from 'vitest';
import { poll, write } from '../harness/api.ts';
import { takePort } from '../harness/ports.ts';
import { startServerProcess } from '../harness/process.ts';
import { makeDataDir } from '../harness/server.ts';
import { connectNdjson } from '../harness/stream-client.ts';
import { startTcpProxy } from '../harness/tcp-proxy.ts';
import { connectWs } from '../harness/ws-client.ts';
import { readAll } from './writers.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { ServerProcess } from '../harness/process.ts';
import type { TcpProxy } from '../harness/tcp-proxy.ts';

const WRITERS = 5;
/** Messages that are written while one thing is wrong. */
const MESSAGES = 60;
/** How long a client waits before it tries again. */
const RETRY_MS = 50;

vi.setConfig({ testTimeout: 240_000 });

/** Listens for as long as the test lasts, whatever happens to its connections. @param take in the order of arrival */
type Listen = (url: string, take: (message: Message) => void) => void;

const LISTENERS: { readonly [name: string]: Listen } = {
  EventSource(url, take) {
    const source = new EventSource(`${url}/messages?since=0`);
    onTestFinished(() => source.close());
    source.addEventListener('message', ({ data }) => take(JSON.parse(data) as Message));
  },
  WebSocket: (url, take) =>
    again('0', async (since, moveTo) => {
      const client = await connectWs(url, { since });
      // Cut before it has caught up it has nothing, and goes on from where it was.
      const missed = await client.untilCaughtUp();
      missed.messages.forEach(take);
      moveTo(missed.since);
      for (;;) {
        const message = await client.nextOf('message');
        take(message);
        moveTo(String(message.seq));
      }
    }),
  NDJSON: (url, take) =>
    again('0', async (since, moveTo) => {
      const client = await connectNdjson(url, { since });
      for (;;) {
        const message = await client.message();
        take(message);
        moveTo(String(message.seq));
      }
    }),
  'long polling': (url, take) =>
    again('0', async (since, moveTo) => {
      const page = await poll(url, { since, wait: 5 });
      page.messages.forEach(take);
      moveTo(page.since);
    }),
};

/** Visit the server from one cursor after the other, until the test ends. */
function again(since: string, visit: (since: string, moveTo: (since: string) => void) => Promise<void>): void {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const run = async () => {
    while (!over.signal.aborted) await visit(since, (next) => (since = next)).catch(() => pause(RETRY_MS));
  };
  void run();
}

/** What goes wrong while they write, and is right again at the end of each. */
const TROUBLES: { readonly [name: string]: (proxy: TcpProxy, restart: () => Promise<void>) => Promise<void> } = {
  'connections are cut': async (proxy) => {
    for (let nth = 0; nth < 5; nth++) {
      proxy.drop();
      await pause(100);
    }
  },
  'there is no network': async (proxy) => {
    proxy.cut();
    await pause(1_000);
    proxy.restore();
  },
  'nothing gets through for a while': async (proxy) => {
    proxy.pause();
    await pause(1_500);
    proxy.resume();
  },
  'nothing gets through, and then connections are cut': async (proxy) => {
    proxy.pause();
    await pause(500);
    proxy.drop();
    proxy.resume();
  },
  'the server is killed': async (_proxy, restart) => restart(),
};

it('is overcome by every client, and by those who write', async () => {
  const dataDir = makeDataDir();
  const port = await takePort();
  let server: ServerProcess = await startServerProcess({ dataDir, port });
  const proxy = await startTcpProxy(server);
  const heard = Object.entries(LISTENERS).map(([name, listen]) => {
    const messages: Message[] = [];
    listen(proxy.url, (message) => messages.push(message));
    return { name, messages };
  });
  let sent = 0;
  const statuses = new Set<number>();
  const say = async (message: string) => {
    const key = `key-${++sent}`;
    for (;;) {
      const answer = await write(proxy.url, '/messages', { user: 'Azin', message }, { key }).catch(() => undefined);
      if (answer !== undefined) return statuses.add(answer.status);
      await pause(RETRY_MS);
    }
  };
  const writeMany = async (about: string) => {
    let nth = 0;
    const writeOn = async () => {
      while (nth < MESSAGES) await say(`${about} ${++nth}`);
    };
    await Promise.all(Array.from({ length: WRITERS }, writeOn));
  };
  const restart = async () => {
    await server.end('SIGKILL');
    server = await startServerProcess({ dataDir, port });
  };

  const said: string[] = [];
  for (const { inPieces, delayMs, repeatsPosts } of [
    { inPieces: false, delayMs: 0, repeatsPosts: false },
    { inPieces: true, delayMs: 20, repeatsPosts: true },
  ]) {
    Object.assign(proxy, { inPieces, delayMs, repeatsPosts });
    for (const [trouble, hurt] of Object.entries(TROUBLES)) {
      const about = `${trouble}, ${inPieces ? 'in pieces, ' : ''}${delayMs} ms:`;
      said.push(...Array.from({ length: MESSAGES }, (_, nth) => `${about} ${nth + 1}`));
      await Promise.all([writeMany(about), hurt(proxy, restart)]);
    }
  }
  await say('the last');
  said.push('the last');
  expect(proxy.repeated).toBeGreaterThan(MESSAGES);
  expect(statuses).toEqual(new Set([201, 200])); // found by its key where the answer was lost, or came twice

  const kept = await readAll(server.url);
  expect(kept.map(({ message }) => message).toSorted()).toEqual(said.toSorted());
  for (const { name, messages } of heard) {
    await expect.poll(() => messages.at(-1)?.message, { timeout: 30_000, message: name }).toBe('the last');
    expect(messages, name).toEqual(kept);
  }
});
