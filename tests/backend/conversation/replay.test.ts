import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StartError } from '../../../backend/errors.ts';
import { makeDataDir } from '../../harness/server.ts';
import { azin, bela, dump, kept, moderator, nobody, openChat, openMemoryJournal, scheduledOf, slow } from './chat.ts';
import type { Entry, Journal } from '../../../backend/journal/journal.ts';
import type { Chat } from './chat.ts';

/** @returns the journal, that hands out what is stored in pieces of these sizes, over and over */
function sliced(journal: Journal, sizes: readonly number[]): Journal {
  let nth = 0;
  return {
    ...kept(journal),
    follow: (after, deliver) =>
      journal.follow(after, (entries: readonly Entry[]) => {
        for (let at = 0; at < entries.length;) {
          const size = sizes[nth++ % sizes.length] ?? 1;
          deliver(entries.slice(at, at + size));
          at += size;
        }
      }),
  };
}

const caller = fc.constantFrom(azin, azin, azin, bela, nobody, moderator);
const text = fc.constantFrom('one', 'two', 'three');
const nth = fc.nat({ max: 4 });
const emoji = fc.constantFrom('👍', '👎', '🎉');

const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      caller,
      text,
      room: fc.constantFrom('lobby', 'tea'),
      key: fc.option(fc.constantFrom('k', 'l', 'm')),
      replyTo: fc.option(nth),
      delayS: fc.option(fc.integer({ min: 1, max: 20 }), { freq: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('edit' as const), caller, text, nth }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), caller, nth }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('react' as const, 'unreact' as const), caller, emoji, nth }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), caller, nth }) },
);
/** Commands of one turn, and how much time passes then. */
const turns = fc.array(
  fc.record({ commands: fc.array(command, { minLength: 1, maxLength: 5 }), passS: fc.constantFrom(0, 0, 3, 10) }),
  { maxLength: 15, size: 'max' },
);

type Command = typeof command extends fc.Arbitrary<infer One> ? One : never;

function run(chat: Chat, one: Command): Promise<unknown> {
  const ids = ['lobby', 'tea'].flatMap((room) => chat.after(room, 0, 1_000).changes.map((change) => change.id));
  // Some are of nothing.
  const id = ('nth' in one ? ids.at(-1 - one.nth) : undefined) ?? 1;
  switch (one.do) {
    case 'send': {
      const sendAt =
        one.delayS === null ? {} : { sendAt: new Date(chat.clock.now() + one.delayS * 1_000).toISOString() };
      const replyTo = one.replyTo === null ? {} : { replyTo: ids.at(-1 - one.replyTo) ?? 1 };
      const fields = { user: 'Azin', message: one.text, room: one.room, ...replyTo, ...sendAt };
      return chat.post('send-message', fields, one.caller, one.key ?? undefined);
    }
    case 'edit':
      return chat.post('edit-message', { id, message: one.text }, one.caller);
    case 'delete':
      return chat.post('delete-message', { id }, one.caller);
    case 'react':
    case 'unreact':
      return chat.post(one.do, { id, reaction: one.emoji }, one.caller);
    case 'withdraw': {
      const [first] = chat.scheduledOf(one.caller.author ?? '');
      return chat.post('withdraw-message', { scheduled: first?.id ?? '', seq: first?.seq ?? 1 }, one.caller);
    }
    default:
      return one satisfies never;
  }
}

describe('a replay', () => {
  it('gives the same conversation, whatever is erased since and in whatever pieces it comes', async () => {
    const folder = makeDataDir();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(turns, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), async (all, sizes) => {
        const [live, again] = [join(folder, `${++runs}-live.db`), join(folder, `${runs}-again.db`)];
        const journal = kept(await openMemoryJournal());
        const chat = await openChat({ journal: slow(journal), storePath: live });
        for (const { commands, passS } of all) {
          await Promise.allSettled(commands.map((one) => run(chat, one)));
          await chat.clock.pass(passS * 1_000);
        }
        await chat.close();
        // Its clock stands, so nothing is released that was not.
        const replayed = await openChat({ journal: sliced(journal, sizes), storePath: again });
        await replayed.close();
        expect(dump(again)).toEqual(dump(live));
      }),
      { numRuns: 20 },
    );
  });
});

describe('a store', () => {
  /** Some of everything. @returns the journal, which is not closed */
  const talk = async (storePath: string): Promise<Journal> => {
    const journal = kept(await openMemoryJournal());
    const chat = await openChat({ journal, storePath });
    const { id } = await chat.say('one', {}, azin, 'k');
    await chat.say('two');
    await chat.post('edit-message', { id, message: 'three' }, azin);
    await chat.post('react', { id, reaction: '👍' }, bela);
    const sendAt = '2026-11-23T00:00:00Z';
    scheduledOf(await chat.post('send-message', { user: 'Azin', message: 'later', sendAt }, azin));
    await chat.close();
    return journal;
  };
  const reopened = async (journal: Journal, storePath: string) => {
    const chat = await openChat({ journal, storePath });
    await chat.close();
    return dump(storePath);
  };
  const path = () => join(makeDataDir(), 'store.db');

  it('that is as it was left is not made anew', async () => {
    const storePath = path();
    const journal = await talk(storePath);
    const db = new Database(storePath);
    db.exec(`UPDATE texts SET text = replace(text, '"two"', '"kept"')`);
    db.close();
    expect(JSON.stringify(await reopened(journal, storePath))).toContain('kept');
  });

  it('that lags behind the journal catches up', async () => {
    const storePath = path();
    const journal = await talk(storePath);
    const behind = readFileSync(storePath);
    const chat = await openChat({ journal, storePath });
    for (let nth = 0; nth < 1_200; nth++) await chat.say(`text ${nth}`);
    await chat.close();
    const expected = dump(storePath);
    writeFileSync(storePath, behind);
    expect(await reopened(journal, storePath)).toEqual(expected);
  });

  it.each<[string, (storePath: string) => void]>([
    [
      'of another journal',
      (one) => void new Database(one).exec(`UPDATE state SET value = 'other' WHERE name = 'epoch'`),
    ],
    ['ahead of the journal', (one) => void new Database(one).exec(`UPDATE state SET value = 99 WHERE name = 'head'`)],
    ['of another version', (one) => void new Database(one).pragma('user_version = 77')],
    ['no database', (one) => writeFileSync(one, 'This is text. '.repeat(1_000))],
    ['without its tables', (one) => void new Database(one).exec('DROP TABLE state')],
    ['empty', (one) => writeFileSync(one, '')],
    ['cut off', (one) => writeFileSync(one, readFileSync(one).subarray(0, 9_000))],
    ['damaged in its middle', (one) => writeFileSync(one, readFileSync(one).fill(0xa5, 8_192, 60_000))],
  ])('that is %s is made anew', async (_what, damage) => {
    const storePath = path();
    const journal = await talk(storePath);
    const expected = dump(storePath);
    damage(storePath);
    expect(await reopened(journal, storePath)).toEqual(expected);
    expect(existsSync(storePath)).toBe(true);
  });

  it.each([
    ['this', undefined],
    ['another', 77],
  ])('of %s version, whose journal is lost, stops the start, and stays as it is', async (_what, version) => {
    const storePath = path();
    await talk(storePath);
    if (version !== undefined) new Database(storePath).pragma(`user_version = ${version}`);
    const before = dump(storePath);
    const opening = openChat({ journal: await openMemoryJournal(), storePath });
    await expect(opening).rejects.toThrow(StartError);
    await expect(opening).rejects.toThrow(storePath);
    expect(dump(storePath)).toEqual(before);
  });
});
