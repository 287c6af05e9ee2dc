import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSchedule } from '../../../backend/conversation/schedule.ts';
import { createLog } from '../../../backend/log.ts';
import { createClock } from '../../harness/clock.ts';
import { makeDataDir } from '../../harness/server.ts';
import { azin, bela, kept, openChat, openMemoryJournal, scheduledOf, slow, toMessage } from './chat.ts';
import type { Chat } from './chat.ts';

const START = Date.parse('2026-11-22T06:53:00.123Z');
const SECOND = 1_000;
const HOUR = 3_600_000;

/** Schedule for so long after the start of all clocks here. */
const later = async (chat: Chat, text: string, afterMs: number, fields: object = {}, caller = azin, key?: string) => {
  const sendAt = new Date(START + afterMs).toISOString();
  return scheduledOf(await chat.post('send-message', { user: 'Azin', message: text, sendAt, ...fields }, caller, key));
};
const messages = (chat: Chat, room = 'lobby') => chat.newest(room, 1_000).changes.map(toMessage);
const texts = (chat: Chat, room?: string) => messages(chat, room).map(({ message }) => message);

describe('a scheduled message', () => {
  it('appears at its time, not before, with the time and the number of its release', async () => {
    const chat = await openChat();
    const { seq } = await later(chat, 'later', 10 * SECOND, { color: '#112233' }, azin, 'k');
    const between = await chat.say('between');
    await chat.clock.pass(10 * SECOND - 1);
    expect(texts(chat)).toEqual(['between']);
    await chat.clock.pass(1);
    expect(messages(chat)[1]).toStrictEqual({
      id: between.id + 1,
      seq: between.id + 1,
      room: 'lobby',
      user: 'Azin',
      author: 'azin',
      message: 'later',
      timestamp: '2026-11-22T06:53:10.123Z',
      color: '#112233',
      key: 'k',
    });
    expect(seq).toBeLessThan(between.id);
    expect(chat.scheduledOf('azin')).toEqual([]);
  });

  it('is released once, however long the clock goes on', async () => {
    const chat = await openChat();
    await later(chat, 'one', SECOND);
    await later(chat, 'two', 2 * HOUR);
    await chat.clock.pass(5 * HOUR);
    expect(texts(chat)).toEqual(['one', 'two']);
    expect(chat.clock.pending()).toBeLessThanOrEqual(2); // the index's and the store's own, at most
  });

  it('comes before one that was asked for earlier and is due later', async () => {
    const chat = await openChat();
    await later(chat, 'third', 3 * SECOND);
    await later(chat, 'first', SECOND, {}, bela);
    await later(chat, 'second', 2 * SECOND);
    await later(chat, 'second too', 2 * SECOND, {}, bela);
    await chat.clock.pass(3 * SECOND);
    expect(texts(chat)).toEqual(['first', 'second', 'second too', 'third']);
  });

  it('takes its text out of the entry that asked for it, so that deleting the message erases it', async () => {
    const chat = await openChat();
    await later(chat, 'secret', SECOND);
    await chat.clock.pass(SECOND);
    const holding = async () => {
      const entries: { command: string }[] = [];
      (await chat.journal.follow(0, (batch) => void entries.push(...batch)))();
      return entries.filter((entry) => JSON.stringify(entry).includes('secret')).map(({ command }) => command);
    };
    expect(await holding()).toEqual(['release-message']);
    await chat.post('delete-message', { id: messages(chat)[0]?.id }, azin);
    expect(await holding()).toEqual([]);
  });

  it('can be an answer, and is released even though what it answers was deleted', async () => {
    const chat = await openChat();
    const { id } = await chat.say('question');
    await later(chat, 'answer', SECOND, { replyTo: id });
    await chat.post('delete-message', { id }, azin);
    await chat.clock.pass(SECOND);
    expect(messages(chat)).toMatchObject([{ message: 'answer', replyTo: id }]);
  });
});

describe('at the start', () => {
  it('what is overdue is released in due order, and what is not yet due waits', async () => {
    for (const isKept of [true, false]) {
      const journal = kept(await openMemoryJournal());
      const storePath = join(makeDataDir(), 'store.db');
      const before = await openChat({ journal, storePath });
      await later(before, 'second', 20 * SECOND);
      await later(before, 'first', 10 * SECOND, {}, bela);
      await later(before, 'other room', 15 * SECOND, { room: 'tea' });
      await later(before, 'waits', 2 * HOUR);
      await before.close();

      const clock = createClock(START + HOUR);
      const after = await openChat({ journal, storePath: isKept ? storePath : ':memory:', clock });
      expect(texts(after)).toEqual([]);
      await clock.pass(0);
      expect(texts(after)).toEqual(['first', 'second']);
      expect(texts(after, 'tea')).toEqual(['other room']);
      const released = [...messages(after), ...messages(after, 'tea')].toSorted((one, other) => one.seq - other.seq);
      const releasedAt = new Date(START + HOUR).toISOString();
      expect(released).toMatchObject([
        { seq: 5, message: 'first', timestamp: releasedAt },
        { seq: 6, message: 'other room', timestamp: releasedAt },
        { seq: 7, message: 'second', timestamp: releasedAt },
      ]);
      await clock.pass(HOUR);
      expect(texts(after)).toEqual(['first', 'second', 'waits']);
      await after.close();
    }
  });

  it('what was released before is not released again', async () => {
    const journal = kept(await openMemoryJournal());
    const before = await openChat({ journal });
    await later(before, 'once', SECOND);
    await before.clock.pass(SECOND);
    await before.close();
    const clock = createClock(START + HOUR);
    const after = await openChat({ journal, clock });
    await clock.pass(HOUR);
    expect(texts(after)).toEqual(['once']);
    expect(after.head()).toBe(2);
  });

  it('thousands that are due together are all released, each once and in order', async () => {
    const chat = await openChat({ journal: slow(await openMemoryJournal()) });
    const expected: string[] = [];
    for (let nth = 0; nth < 350; nth++) {
      await later(chat, `text ${nth}`, 10 * SECOND, {}, { ...azin, author: `author${nth % 7}` });
      expected.push(`text ${nth}`);
    }
    await chat.clock.pass(20 * SECOND);
    expect(texts(chat)).toEqual(expected);
  });
});

describe('a clock that is set', () => {
  it('forward, releases what became due within half a minute', async () => {
    const chat = await openChat();
    await later(chat, 'later', HOUR);
    chat.clock.jump(2 * HOUR);
    await chat.clock.pass(30 * SECOND);
    expect(texts(chat)).toEqual(['later']);
  });

  it('back, does not release before the time that was asked for', async () => {
    const chat = await openChat();
    await later(chat, 'later', 10 * SECOND);
    chat.clock.jump(-HOUR);
    await chat.clock.pass(HOUR);
    expect(texts(chat)).toEqual([]);
    await chat.clock.pass(10 * SECOND);
    expect(texts(chat)).toEqual(['later']);
  });
});

describe('withdrawing', () => {
  const withdraw = (chat: Chat, { id: scheduled, seq }: { id: string; seq: number }) =>
    chat.post('withdraw-message', { scheduled, seq }, azin);

  it('just before its time keeps it from being released, and holds up no other', async () => {
    const journal = slow(await openMemoryJournal());
    const onItsWay = Promise.withResolvers<void>();
    const append: typeof journal.append = (entry) => {
      if (entry.command === 'withdraw-message') onItsWay.resolve();
      return journal.append(entry);
    };
    const chat = await openChat({ journal: { ...journal, append } });
    const meant = await later(chat, 'withdrawn', 10 * SECOND);
    await later(chat, 'stays', 10 * SECOND);
    const withdrawing = withdraw(chat, meant);
    await onItsWay.promise;
    chat.clock.advance(10 * SECOND);
    await withdrawing;
    await chat.clock.pass(0);
    expect(texts(chat)).toEqual(['stays']);
    expect(chat.scheduledOf('azin')).toEqual([]);
  });

  it('just after its time is refused, and the message stands', async () => {
    const chat = await openChat({ journal: slow(await openMemoryJournal()) });
    const meant = await later(chat, 'released', 10 * SECOND);
    chat.clock.advance(10 * SECOND); // the release is on its way
    await expect(withdraw(chat, meant)).rejects.toMatchObject({ code: 'not-found' });
    expect(texts(chat)).toEqual(['released']);
  });

  it('one of several leaves the others at their times', async () => {
    const chat = await openChat();
    await later(chat, 'first', SECOND);
    const meant = await later(chat, 'second', 2 * SECOND);
    await later(chat, 'third', 3 * SECOND);
    await withdraw(chat, meant);
    await chat.clock.pass(SECOND);
    expect(texts(chat)).toEqual(['first']);
    await chat.clock.pass(2 * SECOND);
    expect(texts(chat)).toEqual(['first', 'third']);
  });
});

describe('a release that fails', () => {
  it('is tried again until it succeeds', async () => {
    const journal = await openMemoryJournal();
    let fails = false;
    const append: typeof journal.append = async (entry) => {
      if (fails) throw new Error('there is no room');
      return journal.append(entry);
    };
    const chat = await openChat({ journal: { ...journal, append } });
    await later(chat, 'first', SECOND);
    await later(chat, 'second', 2 * SECOND);
    fails = true;
    await chat.clock.pass(5 * SECOND);
    expect(texts(chat)).toEqual([]);
    fails = false;
    await chat.clock.pass(2 * SECOND);
    expect(texts(chat)).toEqual(['first', 'second']);
  });

  it('is tried again also while the store cannot be read', async () => {
    const clock = createClock();
    let isReadable = true;
    const read = <Value>(value: Value): Value => {
      if (isReadable) return value;
      throw new Error('disk I/O error');
    };
    const waiting = [{ dueAt: clock.now() + SECOND }];
    const store = { nextDue: () => read(waiting[0]?.dueAt), due: () => read(waiting as never[]) };
    const schedule = createSchedule(store, clock, createLog('silent'), async () => waiting.pop());
    schedule.start();
    isReadable = false;
    await clock.pass(5 * SECOND);
    expect(waiting).toHaveLength(1);
    isReadable = true;
    await clock.pass(SECOND);
    expect(waiting).toEqual([]);
    schedule.stop();
  });
});
