/** What every way to listen must do, whatever it looks like on the wire. One suite, run for each of them. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { identify, poll, post, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import type { Message } from '../../protocol/envelope.ts';

/** What a listener hears, in the order of the wire. */
export type Heard =
  | { kind: 'message'; message: Message }
  /** Everything that stood when it began has been given; `since` is the cursor that says so. */
  | { kind: 'caught-up'; since: string }
  /** The cursor was gone, and it goes on as without one. */
  | { kind: 'reset' }
  /** The server gave a problem instead of messages; nothing comes after it. */
  | { kind: 'refused'; code: string };

export interface Listening {
  /** @returns what comes next, however long it takes. @throws Error when it ended with nothing left */
  next(): Promise<Heard>;
  /** Leave without a word, as a lost network does. */
  drop(): void;
}

export interface From {
  since?: string | number;
  room?: string;
}

/** A transport, as the suite uses it. */
export interface ListeningTransport {
  name: string;
  /** @param url of the server. A refusal is the first thing that `next` gives. */
  open(url: string, from: From): Promise<Listening>;
  /** What a cursor of another journal comes to. */
  whenGone: 'reset' | 'refused';
  /** Whether the transport tells that everything was given; otherwise `caught-up` never comes. */
  saysCaughtUp: boolean;
}

/** More than any transport sends in one piece. */
const MANY = 1_203;

export function describeListening({ name, open, whenGone, saysCaughtUp }: ListeningTransport): void {
  const listen = async (url: string, from: From = {}) => {
    const listening = await open(url, from);
    onTestFinished(() => listening.drop());
    return listening;
  };

  describe(`listening by ${name}`, () => {
    it('gives what stands, then what comes, each message once and in order', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      await post(url, 'one');
      await post(url, 'two');
      const listening = await listen(url);
      expect(await textsOf(listening, 2)).toEqual(['one', 'two']);
      await post(url, 'three');
      expect(await textsOf(listening, 1)).toEqual(['three']);
      await post(url, 'four');
      expect(await textsOf(listening, 1)).toEqual(['four']);
    });

    it('gives a message as the poster and a reader have it', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      const { token } = await identify(url);
      const parent = await post(url, 'parent');
      const listening = await listen(url, { since: parent.seq });
      const posted = await post(
        url,
        { message: 'a\tb\n😀 <i>&amp;</i> "\\ \u2028', user: 'Ünï 😀', color: '#ABCDEF', replyTo: parent.id },
        { token, key: 'k-1' },
      );
      const heard = await nextMessage(listening);
      expect(heard).toEqual(posted);
      expect(await poll(url, { since: parent.seq })).toMatchObject({ messages: [posted] });
    });

    it('gives one that comes back what it missed, and goes on', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      const first = await post(url, 'one');
      const before = await listen(url, { since: first.seq });
      await post(url, 'two');
      const { seq } = await nextMessage(before);
      before.drop();
      await post(url, 'three');
      await post(url, 'four');
      const after = await listen(url, { since: seq });
      expect(await textsOf(after, 2)).toEqual(['three', 'four']);
      await post(url, 'five');
      expect(await textsOf(after, 1)).toEqual(['five']);
    });

    it('goes on from the cursor of a poll', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      await post(url, 'one');
      const { since } = await poll(url);
      await post(url, 'two');
      const listening = await listen(url, { since });
      expect(await textsOf(listening, 1)).toEqual(['two']);
    });

    it('gives everything after 0, however much there is', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      const posted = await postMany(url, MANY);
      const listening = await listen(url, { since: 0 });
      const heard = await messagesOf(listening, MANY);
      expect(heard.map(({ seq }) => seq)).toEqual(posted.map(({ seq }) => seq));
    });

    it('gives the newest 100 without a cursor', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      const posted = await postMany(url, 130);
      const listening = await listen(url);
      const heard = await messagesOf(listening, 100);
      expect(heard.map(({ seq }) => seq)).toEqual(posted.slice(-100).map(({ seq }) => seq));
      await post(url, 'live');
      expect(await textsOf(listening, 1)).toEqual(['live']);
    });

    it('misses and repeats nothing when it begins amid a burst', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      const count = 300;
      const [first] = await postMany(url, 1);
      const posting = postMany(url, count);
      const listenings = await Promise.all(Array.from({ length: 8 }, () => listen(url, { since: first?.seq ?? 0 })));
      const seqs = (await posting).map(({ seq }) => seq);
      for (const listening of listenings) {
        expect((await messagesOf(listening, count)).map(({ seq }) => seq)).toEqual(seqs);
      }
      await post(url, 'last');
      for (const listening of listenings) expect(await textsOf(listening, 1)).toEqual(['last']);
    });

    it('gives a message that changed five times once, as it is now', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      const { token } = await identify(url);
      const start = await post(url, 'start');
      const changing = await post(url, 'first', { token });
      const other = await post(url, 'other');
      for (const message of ['2', '3', '4', '5', 'newest']) await edit(url, changing.id, message, token);
      const last = await post(url, 'last');
      const heard = await messagesOf(await listen(url, { since: start.seq }), 3);
      expect(heard.map(({ message }) => message)).toEqual(['other', 'newest', 'last']);
      expect(heard.map(({ id }) => id)).toEqual([other.id, changing.id, last.id]);
      expect(heard[1]?.seq).toBe(last.seq - 1);
    });

    it('gives a change as it happens, at a higher seq', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      const { token } = await identify(url);
      const posted = await post(url, 'befroe', { token });
      const listening = await listen(url, { since: posted.seq });
      await edit(url, posted.id, 'before', token);
      const edited = await nextMessage(listening);
      expect(edited).toMatchObject({ id: posted.id, message: 'before', timestamp: posted.timestamp });
      expect(edited.seq).toBeGreaterThan(posted.seq);
      expect(edited.edited).toMatch(/Z$/);
    });

    it('gives a deleted message as a tombstone after a cursor, and not at all without one', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      const { token } = await identify(url);
      const posted = await post(url, { message: 'secret', color: '#112233' }, { token });
      await write(url, `/messages/${posted.id}`, undefined, { method: 'DELETE', token });
      await post(url, 'after');
      const [tombstone, after] = await messagesOf(await listen(url, { since: 0 }), 2);
      expect(tombstone).toMatchObject({ id: posted.id, message: '', deleted: true });
      expect(tombstone).not.toHaveProperty('color');
      expect(after?.message).toBe('after');
      expect(await textsOf(await listen(url), 1)).toEqual(['after']);
    });

    it('keeps rooms apart', async () => {
      const { url } = await startTestServer({ journal: 'memory' });
      await post(url, { message: 'lobby one' });
      await post(url, { message: 'attic one', room: 'attic' });
      const lobby = await listen(url);
      const attic = await listen(url, { room: 'attic', since: 0 });
      expect(await textsOf(attic, 1)).toEqual(['attic one']);
      expect(await textsOf(lobby, 1)).toEqual(['lobby one']);
      await post(url, { message: 'attic two', room: 'attic' });
      await post(url, { message: 'lobby two' });
      await post(url, { message: 'attic three', room: 'attic' });
      expect(await textsOf(lobby, 1)).toEqual(['lobby two']);
      expect(await textsOf(attic, 2)).toEqual(['attic two', 'attic three']);
    });

    it.each(['', 'x', '-1', '1.5', '1e3', '1-', '1-AB', ' 1', '9007199254740992', '1-abcdefghijklmnopq', '٣'])(
      'refuses %j as a cursor',
      async (since) => {
        const { url } = await startTestServer({ journal: 'memory' });
        const listening = await listen(url, { since });
        expect(await listening.next()).toEqual({ kind: 'refused', code: 'invalid-cursor' });
      },
    );

    it.each(['1-other', '99', '9007199254740991'])('takes %j for a cursor of another journal', async (since) => {
      const { url } = await startTestServer({ journal: 'memory' });
      await post(url, 'one');
      const listening = await listen(url, { since });
      if (whenGone === 'refused') {
        expect(await listening.next()).toEqual({ kind: 'refused', code: 'cursor-gone' });
        return;
      }
      expect(await listening.next()).toEqual({ kind: 'reset' });
      expect(await textsOf(listening, 1)).toEqual(['one']);
      await post(url, 'two');
      expect(await textsOf(listening, 1)).toEqual(['two']);
    });

    it('goes on over a restart of the server', async () => {
      const server = await startTestServer();
      const first = await post(server.url, 'one');
      const before = await listen(server.url, { since: first.seq });
      await post(server.url, 'two');
      const { seq } = await nextMessage(before);
      const { since } = await poll(server.url);
      before.drop();
      await server.stop();
      const { url } = await startTestServer({ dataDir: server.dataDir });
      await post(url, 'three');
      expect(await textsOf(await listen(url, { since: seq }), 1)).toEqual(['three']);
      expect(await textsOf(await listen(url, { since }), 1)).toEqual(['three']);
    });

    if (saysCaughtUp) {
      it('says that it has caught up once, after all that stood, with a cursor to go on from', async () => {
        const { url } = await startTestServer({ journal: 'memory' });
        await post(url, 'one');
        await post(url, 'two');
        await post(url, { message: 'elsewhere', room: 'attic' });
        const listening = await listen(url);
        const { texts, since } = await untilCaughtUp(listening);
        expect(texts).toEqual(['one', 'two']);
        // Of all rooms: a quiet room's cursor moves on too.
        expect(since).toBe((await poll(url)).since);
        await post(url, 'three');
        expect(await listening.next()).toMatchObject({ kind: 'message', message: { message: 'three' } });
        expect(await textsOf(await listen(url, { since }), 1)).toEqual(['three']);
      });

      it('says at once that it has caught up where there is nothing', async () => {
        const { url } = await startTestServer({ journal: 'memory' });
        const { texts, since } = await untilCaughtUp(await listen(url, { room: 'empty' }));
        expect(texts).toEqual([]);
        expect(since).toBe((await poll(url)).since);
      });

      it('gives a cursor that is never lower than the one it was given', async () => {
        const { url } = await startTestServer({ journal: 'memory' });
        const { seq } = await post(url, { message: 'elsewhere', room: 'attic' });
        const { since } = await untilCaughtUp(await listen(url, { room: 'quiet', since: seq }));
        expect(Number.parseInt(since, 10)).toBe(seq);
      });
    }
  });
}

async function nextMessage(listening: Listening): Promise<Message> {
  for (;;) {
    const heard = await listening.next();
    if (heard.kind === 'message') return heard.message;
    if (heard.kind !== 'caught-up') throw new Error(`heard ${JSON.stringify(heard)}`);
  }
}

async function messagesOf(listening: Listening, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  while (messages.length < count) messages.push(await nextMessage(listening));
  return messages;
}

async function textsOf(listening: Listening, count: number): Promise<string[]> {
  return (await messagesOf(listening, count)).map(({ message }) => message);
}

async function untilCaughtUp(listening: Listening): Promise<{ texts: string[]; since: string }> {
  const texts: string[] = [];
  for (;;) {
    const heard = await listening.next();
    if (heard.kind === 'message') texts.push(heard.message.message);
    else if (heard.kind === 'caught-up') return { texts, since: heard.since };
    else throw new Error(`heard ${JSON.stringify(heard)}`);
  }
}

/** @returns what was posted, by seq */
async function postMany(url: string, count: number): Promise<Message[]> {
  const texts = Array.from({ length: count }, (_, index) => `message ${index}`);
  const posted: Message[] = [];
  // As many at a time as a browser has connections, several times over.
  const workers = Array.from({ length: 32 }, async () => {
    for (let text = texts.shift(); text !== undefined; text = texts.shift()) posted.push(await post(url, text));
  });
  await Promise.all(workers);
  return posted.toSorted((one, other) => one.seq - other.seq);
}

async function edit(url: string, id: number, message: string, token: string): Promise<void> {
  const { status } = await write(url, `/messages/${id}`, { message }, { method: 'PATCH', token });
  expect(status).toBe(200);
}
