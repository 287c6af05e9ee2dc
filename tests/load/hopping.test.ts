/** One client that hops at random among all ways to listen, carrying only its cursor, while others write at full speed. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { call, identify, poll, post, write } from '../harness/api.ts';
import { createRandom } from '../harness/random.ts';
import { startServerProcess } from '../harness/process.ts';
import { connectNdjson, connectSse } from '../harness/stream-client.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { Message } from '../../protocol/envelope.ts';

const CHANGES_PER_SECOND = 200;
const SECONDS = 20;
const WRITERS = 3;
/** Of each way; where that takes longer than the writing, it goes on for so long. */
const LEAST_VISITS = 4;
const SEED = 20261122;
/** The writing takes 20 s; the rest is for a machine that is busy with other things. */
const TIMEOUT_MS = 240_000;

/** What one connection, or one answer, gave: in the order of the wire. */
interface Visit {
  messages: Message[];
  /** Where to go on. */
  since: string;
}

/** Stays for some messages, then leaves without a word. */
type Way = (url: string, since: string, stay: number) => Promise<Visit>;

const WAYS: { readonly [name: string]: Way } = {
  poll: async (url, since, stay) => poll(url, { since, limit: stay }),
  'long poll': async (url, since) => poll(url, { since, wait: 1 }),
  async sse(url, since, stay) {
    const client = await connectSse(url, stay % 2 === 0 ? { since } : { headers: { 'last-event-id': since } });
    const visit: Visit = { messages: [], since };
    while (visit.messages.length < stay) {
      const { data, id, event, isHeartbeat } = await client.next();
      if (isHeartbeat) break;
      visit.since = id ?? visit.since;
      if (event === undefined && data !== undefined) visit.messages.push(JSON.parse(data) as Message);
      if (event === 'caught-up' && stay % 3 === 0) break;
    }
    client.drop();
    return visit;
  },
  async ndjson(url, since, stay) {
    const client = await connectNdjson(url, { since });
    const messages: Message[] = [];
    while (messages.length < stay) messages.push(await client.message());
    client.drop();
    return { messages, since: String(messages.at(-1)?.seq ?? since) };
  },
  async websocket(url, since, stay) {
    const client = await connectWs(url, { since });
    const caughtUp = await client.untilCaughtUp();
    const visit: Visit = caughtUp;
    while (visit.messages.length < stay) {
      const message = await client.nextOf('message');
      visit.messages.push(message);
      visit.since = String(message.seq);
    }
    client.drop();
    return visit;
  },
  async subscription(url, since, stay) {
    const { json } = await write(url, '/subscriptions', { since });
    const { subscription } = json as { subscription: string };
    const visit: Visit = { messages: [], since };
    for (let turn = 0; turn < 1 + (stay % 3); turn++) {
      const answer = await call(url, `/subscriptions/${subscription}/messages?wait=1&limit=${stay}`);
      expect(answer.status).toBe(200);
      visit.messages.push(...(answer.json as Message[]));
      visit.since = String(visit.messages.at(-1)?.seq ?? since);
    }
    await call(url, `/subscriptions/${subscription}`, { method: 'DELETE' });
    return visit;
  },
};

it('ends with the state of the server, however it hopped', { timeout: TIMEOUT_MS }, async () => {
  const { url } = await startServerProcess();
  const random = createRandom(SEED);
  const names = Object.keys(WAYS);
  const visits = new Map(names.map((name) => [name, 0]));
  const state = new Map<number, Message>();
  let since = '0';
  const now = { isOver: false, hasLanded: false };
  const hop = async (name: string) => {
    const visit = await WAYS[name]!(url, since, 1 + Math.floor(random() ** 2 * 60));
    expectAscending(name, since, visit.messages);
    for (const message of visit.messages)
      if (message.seq > (state.get(message.id)?.seq ?? 0)) state.set(message.id, message);
    since = visit.since;
    visits.set(name, (visits.get(name) ?? 0) + 1);
  };

  const writing = Promise.all(Array.from({ length: WRITERS }, (_, index) => writeAway(url, SEED + index)));
  // Whoever stays on a stream for some messages more is given them also when the writers have ended.
  const closing = async () => {
    now.isOver = true;
    while (!now.hasLanded) await post(url, 'the end');
  };
  const ending = writing.then(closing, closing);
  const first = await poll(url, { since, wait: 55 });
  expect(first.messages.length).toBeGreaterThan(0);
  const isDone = () => now.isOver && [...visits.values()].every((count) => count >= LEAST_VISITS);
  while (!isDone()) await hop(names[Math.floor(random() * names.length)]!);
  now.hasLanded = true;
  await ending;
  const accepted = (await writing).reduce((sum, one) => sum + one, 0);
  expect(accepted).toBeGreaterThanOrEqual(CHANGES_PER_SECOND * SECONDS * 0.9);
  for (let hasMore = true; hasMore;) {
    const before = since;
    await hop('poll');
    hasMore = since !== before;
  }

  const server = new Map<number, Message>();
  for (let page = await poll(url, { since: 0 }); ; page = await poll(url, { since: page.since })) {
    for (const message of page.messages) server.set(message.id, message);
    if (!page.hasMore) break;
  }
  expect(state.size).toBe(server.size);
  expect([...state.values()].toSorted(byId)).toEqual([...server.values()].toSorted(byId));
});

const byId = (one: Message, other: Message) => one.id - other.id;

function expectAscending(name: string, since: string, messages: readonly Message[]): void {
  let last = Number.parseInt(since, 10);
  for (const { seq } of messages) {
    if (seq <= last) throw new Error(`${name} gave seq ${seq} after ${last}`);
    last = seq;
  }
}

/** Posts, edits, deletes and reacts at its share of the speed. @returns how many changes there were */
async function writeAway(url: string, seed: number): Promise<number> {
  const random = createRandom(seed);
  const { token } = await identify(url);
  const client = await connectWs(url, { token, room: `writer-${seed}` }); // it need not hear of what it writes
  const ids: number[] = [];
  const begin = performance.now();
  const total = Math.ceil((CHANGES_PER_SECOND * SECONDS) / WRITERS);
  const pending: Promise<boolean>[] = [];
  const any = () => ids[Math.floor(random() ** 0.3 * ids.length)] ?? 1; // mostly the newest
  const change = (): { command: string; message: object } => {
    const kind = ids.length < 5 ? 0 : random();
    if (kind < 0.4)
      return { command: 'send-message', message: { user: 'Writer', message: `${seed} says ${random()}` } };
    if (kind < 0.6) return { command: 'edit-message', message: { id: any(), message: `${seed} meant ${random()}` } };
    if (kind < 0.7)
      return { command: 'delete-message', message: { id: ids.splice(Math.floor(random() * ids.length), 1)[0] } };
    const reaction = ['👍', '👎', '🎉', '❤️'][Math.floor(random() * 4)];
    return { command: random() < 0.8 ? 'react' : 'unreact', message: { id: any(), reaction } };
  };
  for (let made = 0; made < total; made++) {
    const { command, message } = change();
    pending.push(
      client.ask(command, message).then((answer) => {
        if (command === 'send-message') ids.push((answer.message as Message).id);
        return answer.command === 'accepted';
      }),
    );
    const aheadMs = ((made + 1) * WRITERS * 1000) / CHANGES_PER_SECOND - (performance.now() - begin);
    if (aheadMs > 0) await pause(aheadMs); // only to keep the pace
  }
  return (await Promise.all(pending)).filter(Boolean).length;
}
