/** Three ways to listen, each cut at random and resumed from nothing but its cursor, while others write. */
import { setInterval as every } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { call, poll, post, write } from '../harness/api.ts';
import { startServerProcess } from '../harness/process.ts';
import { createRandom } from '../harness/random.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { Message } from '../../protocol/envelope.ts';

const WRITERS = 3;
const MESSAGES_PER_SECOND = 200;
const SECONDS = 20;
const SEED = 20261122;
/** The writing takes 20 s; the rest is for a machine that is busy with other things. */
const TIMEOUT_MS = 240_000;

/** What a reader holds, and where it goes on. */
interface Reader {
  messages: Message[];
  since: string;
}

/** Of each reader; where that takes longer than the writing, it goes on for so long. */
const LEAST_VISITS = 20;

/** One visit: an answer, or a connection that is cut after some messages. Only what is whole counts. */
type Visit = (url: string, reader: Reader, random: () => number) => Promise<void>;

const VISITS: { readonly [name: string]: Visit } = {
  polling: (url, reader, random) => visitByPoll(url, reader, random, {}),
  'long polling': (url, reader, random) => visitByPoll(url, reader, random, { wait: 1 }),
  async websocket(url, reader, random) {
    const client = await connectWs(url, { since: reader.since });
    // Some are cut before they have caught up: then they have nothing, and go on from where they were.
    if (random() < 0.2) return client.drop();
    const { messages, since } = await client.untilCaughtUp();
    reader.messages.push(...messages);
    reader.since = since;
    for (let left = Math.floor(random() * 150); left > 0 && !isLast(reader.messages.at(-1)); left--) {
      const message = await client.nextOf('message');
      reader.messages.push(message);
      reader.since = String(message.seq);
    }
    client.drop();
  },
};

async function visitByPoll(url: string, reader: Reader, random: () => number, query: object): Promise<void> {
  const cut = new AbortController();
  const limit = 1 + Math.floor(random() * 40);
  const answer = poll(url, { ...query, since: reader.since, limit }, { signal: cut.signal });
  if (random() < 0.2) cut.abort(); // on its way there, or on its way back: either way nothing is taken
  const page = await answer.catch((error: unknown) => {
    if (!cut.signal.aborted) throw error;
  });
  if (page === undefined) return;
  reader.messages.push(...page.messages);
  reader.since = page.since;
}

const LAST = 'this is the last';
const isLast = (message: Message | undefined) => message?.message === LAST;

/** Its part of the messages, at an even pace; when the server falls behind, several are under way at once. */
async function writeFor(url: string, user: string): Promise<number> {
  const total = Math.floor((MESSAGES_PER_SECOND * SECONDS) / WRITERS);
  const answers: Promise<number>[] = [];
  for await (const sent of every((1_000 * WRITERS) / MESSAGES_PER_SECOND, answers)) {
    const nth = sent.length;
    sent.push(
      write(url, '/messages', { user, message: `${user} ${nth}` }, { key: `${user}-${nth}` }).then((one) => one.status),
    );
    if (sent.length === total) break;
  }
  return (await Promise.all(answers)).filter((status) => status === 201).length;
}

it(
  'gives three readers that are cut at random the same messages in the same order, none twice',
  { timeout: TIMEOUT_MS },
  async () => {
    const { url } = await startServerProcess();
    const start = await poll(url);
    const readers = Object.entries(VISITS).map(([name, visit], nth) => {
      const random = createRandom(SEED + nth);
      const reader: Reader = { messages: [], since: start.since };
      return { name, reader, visits: 0, visit: () => visit(url, reader, random) };
    });
    const reading = Promise.all(
      readers.map(async (one) => {
        for (; !isLast(one.reader.messages.at(-1)); one.visits++) await one.visit();
      }),
    );
    const written = await Promise.all(Array.from({ length: WRITERS }, (_, nth) => writeFor(url, `writer-${nth}`)));
    let total = written.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(MESSAGES_PER_SECOND * SECONDS - WRITERS);
    for (; readers.some(({ visits }) => visits < LEAST_VISITS); total++) {
      await Promise.race([post(url, 'one more'), reading]);
    }
    await post(url, LAST);
    total++;
    await reading;

    const stored: Message[] = [];
    for (let since = start.since, hasMore = true; hasMore;) {
      const page = await poll(url, { since });
      stored.push(...page.messages);
      ({ since, hasMore } = page);
    }
    expect(stored).toHaveLength(total);
    for (const { name, reader } of readers) {
      expect(
        reader.messages.map(({ id }) => id),
        name,
      ).toEqual(stored.map(({ id }) => id));
      expect(reader.messages, name).toEqual(stored);
    }
  },
);

it('gives a message to a held poll and to a WebSocket as it is posted', async () => {
  const { url } = await startTestServer();
  const { since } = await poll(url);
  const client = await connectWs(url, { since });
  await client.untilCaughtUp();
  const held = poll(url, { since, wait: 50 });
  // The second request goes out after the first has arrived, which the gauge of held polls tells.
  while (!(await call(url, '/metrics')).text.includes('chat_connections{transport="longpoll"} 1'));
  const posted = await post(url, 'hello');
  expect([await client.nextOf('message'), (await held).messages]).toEqual([posted, [posted]]);
});
