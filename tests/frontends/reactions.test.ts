/** Reactions, rooms, times and names as pure functions; and which messages are one's own. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toInstant, toLocal } from '../../frontend-shared/room/local-time.js';
import { createOwnAuthor } from '../../frontend-shared/room/own-author.js';
import { createOwnReactions } from '../../frontend-shared/room/own-reactions.js';
import {
  DISLIKE,
  keepPlaces,
  LIKE,
  nextStep,
  takeStep,
  toggle,
  toReactions,
} from '../../frontend-shared/room/reactions.js';
import { idOf, roomOf, toAddress, toRoom } from '../../frontend-shared/side/room-name.js';
import { openStore } from '../../frontend-shared/storage.js';
import { createTypingSign } from '../../frontend-shared/writing/typing-sign.js';
import { createTypists, toTypingWords } from '../../frontend-shared/side/typists.js';
import type { Message } from '../../protocol/envelope.ts';
import type { Command } from '../../frontend-shared/link/commands-api.js';

/** Kept for this visit only, as in a browser that forbids more. */
const makeStore = () =>
  openStore(() => {
    throw new Error('forbidden');
  });

const message = (reactions: Record<string, number> = {}, seq = 1): Message => ({
  id: 1,
  seq,
  room: 'lobby',
  user: 'Mira',
  message: 'x',
  timestamp: '2026-11-22T06:53:00.000Z',
  ...(Object.keys(reactions).length > 0 && { reactions }),
});

const emojis = fc.subarray([LIKE, DISLIKE, '❤️', '🎉']).map((list) => new Set(list));

/** What the server does: each identity once, and liking takes back disliking. */
function startServer(others: Record<string, number> = {}) {
  const mine = new Set<string>();
  let seq = 1;
  const now = () => {
    const counts = { ...others };
    for (const emoji of mine) counts[emoji] = (counts[emoji] ?? 0) + 1;
    return message(counts, seq);
  };
  return {
    now,
    mine,
    carryOut({ command, message: { id, ...rest } }: Command): Message {
      const emoji = 'reaction' in rest ? rest.reaction : '';
      expect(id).toBe(1);
      seq += 1;
      if (command === 'unreact') mine.delete(emoji);
      if (command === 'react') mine.add(emoji);
      if (emoji === LIKE && command === 'react') mine.delete(DISLIKE);
      if (emoji === DISLIKE && command === 'react') mine.delete(LIKE);
      return now();
    },
  };
}

function startPage(server: ReturnType<typeof startServer>, store = makeStore()) {
  let shown = server.now();
  let fails = false;
  const failures: string[] = [];
  const reactions = createOwnReactions({
    store,
    async request(command) {
      await Promise.resolve();
      return fails ? { outcome: 'failed' } : { outcome: 'done', message: server.carryOut(command) };
    },
    onAnswer: (changed) => void (shown = changed),
    onChange: () => {},
    onFailure: ({ outcome }) => void failures.push(outcome),
  });
  const see = () => reactions.of(shown).filter(({ count, mine }) => count > 0 || mine);
  return {
    failures,
    see,
    press: (emoji: string) => reactions.press(shown, emoji),
    fail: (to: boolean) => void (fails = to),
    refresh: () => void (shown = server.now()),
    settle: async () => {
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    },
  };
}

describe('reactions', () => {
  it('lead from any to any other in steps that the server takes too', () => {
    fc.assert(
      fc.property(emojis, emojis, (from, wanted) => {
        fc.pre(!(wanted.has(LIKE) && wanted.has(DISLIKE)) && !(from.has(LIKE) && from.has(DISLIKE)));
        let known: ReadonlySet<string> = from;
        for (let steps = 0; steps < 10; steps += 1) {
          const step = nextStep(known, wanted);
          if (!step) break;
          known = takeStep(known, step);
        }
        expect([...known].toSorted()).toEqual([...wanted].toSorted());
      }),
    );
  });

  it('are as they were when the same is pressed twice, but for what it excludes', () => {
    expect([...toggle(toggle(new Set(['🎉']), LIKE), LIKE)]).toEqual(['🎉']);
    expect([...toggle(new Set([DISLIKE, '🎉']), LIKE)]).toEqual(['🎉', LIKE]);
  });

  it('show like and dislike always, first, and the others where there are any', () => {
    expect(toReactions(message({ '🎉': 2 }), new Set(['🎉', LIKE]))).toEqual([
      { emoji: LIKE, count: 0, mine: false },
      { emoji: DISLIKE, count: 0, mine: false },
      { emoji: '🎉', count: 2, mine: true },
    ]);
  });

  it('keep their places where somebody is about to press one, but for what was taken back', () => {
    const drawn = toReactions(message({ '😂': 1, '🎉': 2, '❤️': 1 }), new Set(['❤️']));
    const now = toReactions(message({ '🙏': 1, '🎉': 3, [LIKE]: 1 }), new Set());
    expect(keepPlaces(drawn, now).map(({ emoji, count }) => `${emoji} ${count}`)).toEqual([
      `${LIKE} 1`,
      `${DISLIKE} 0`,
      '😂 0',
      '🎉 3',
      '🙏 1',
    ]);
  });

  it('are counted at once, and once, whatever the others have done', async () => {
    const server = startServer({ [LIKE]: 3 });
    const page = startPage(server);
    page.press(LIKE);
    expect(page.see()).toEqual([{ emoji: LIKE, count: 4, mine: true }]);
    await page.settle();
    expect(page.see()).toEqual([{ emoji: LIKE, count: 4, mine: true }]);
    expect([...server.mine]).toEqual([LIKE]);
  });

  it('come to what was pressed last, however fast it was pressed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(LIKE, DISLIKE, '🎉'), fc.boolean()), { maxLength: 12 }),
        async (presses) => {
          const server = startServer({ [LIKE]: 1, '🎉': 2 });
          const page = startPage(server);
          let wanted: ReadonlySet<string> = new Set();
          for (const [emoji, waits] of presses) {
            page.press(emoji);
            wanted = toggle(wanted, emoji);
            if (waits) await page.settle();
          }
          await page.settle();
          expect([...server.mine].toSorted()).toEqual([...wanted].toSorted());
          expect(page.see().filter(({ mine }) => mine).length).toBe(wanted.size);
        },
      ),
    );
  });

  it('are taken back when they fail, and known to the next page when they do not', async () => {
    const server = startServer({ [LIKE]: 1 });
    const store = makeStore();
    const page = startPage(server, store);
    page.fail(true);
    page.press(LIKE);
    await page.settle();
    expect(page.see()).toEqual([{ emoji: LIKE, count: 1, mine: false }]);
    expect(page.failures).toEqual(['failed']);
    page.fail(false);
    page.press(LIKE);
    const next = startPage(server, store);
    await page.settle();
    next.refresh();
    expect(next.see()).toEqual([{ emoji: LIKE, count: 2, mine: true }]);
  });

  it('are kept of a thousand messages, and of the oldest no more', async () => {
    const server = startServer();
    const store = makeStore();
    const old = Array.from({ length: 1_001 }, (_, index) => {
      const at = new Date(Date.UTC(2026, 9, 1, 0, 0, index)).toISOString();
      return `since.reacted.${9_000 - index}@${at}`;
    });
    for (const name of old) store.set(name, LIKE);
    const page = startPage(server, store);
    expect(store.names()).toEqual(old.slice(1));
    page.press(LIKE);
    await page.settle();
    expect(store.names()).toEqual([...old.slice(2), 'since.reacted.1@2026-11-22T06:53:00.000Z']);
  });
});

it('knows a message as its own by the author that was learnt', () => {
  const own = createOwnAuthor(makeStore(), () => {});
  expect(own.wrote({ ...message(), author: 'a' })).toBe(false);
  expect(own.wrote(message())).toBe(false);
  own.learn(undefined);
  own.learn('a');
  expect([own.wrote({ ...message(), author: 'a' }), own.wrote({ ...message(), author: 'b' })]).toEqual([true, false]);
  expect(own.wrote(message())).toBe(false);
});

it('names rooms as the server does', () => {
  expect(['Den', ' #my room ', 'a'.repeat(40), '0-9'].map(toRoom)).toEqual(['den', 'my-room', 'a'.repeat(40), '0-9']);
  expect(['', '-x', 'a'.repeat(41), '../etc', 'é', '<b>'].map(toRoom)).toEqual(Array(6).fill(undefined));
  expect(['?room=den', '', '?room=../x', '?room=', '?x=1&room=a'].map(roomOf)).toEqual([
    'den',
    'lobby',
    'lobby',
    'lobby',
    'a',
  ]);
  expect([toAddress('lobby'), toAddress('den'), toAddress('den', 7)]).toEqual(['./', '?room=den', '?room=den#7']);
  expect(['#17', '#0', '#x', '', '#1e3'].map(idOf)).toEqual([17, undefined, undefined, undefined, undefined]);
});

it("takes a time in the person's own zone, and gives it back", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }), (date) => {
      const minutes = Math.floor(date.getTime() / 60_000) * 60_000;
      // An hour that a clock shows twice is a moment twice.
      const back = Date.parse(toInstant(toLocal(date)) ?? '');
      expect([0, 3_600_000]).toContain(Math.abs(back - minutes));
    }),
  );
  expect([toInstant(''), toInstant('soon')]).toEqual([undefined, undefined]);
});

describe('who is writing', () => {
  it('is said in words', () => {
    expect(
      [[], ['Bo'], ['Bo', 'Cy'], ['Bo', 'Cy', 'Di'], ['Bo', 'Cy', 'Di', 'Ed'], ['a', 'b', 'c', 'd', 'e']].map(
        toTypingWords,
      ),
    ).toEqual([
      '',
      'Bo is typing…',
      'Bo and Cy are typing…',
      'Bo, Cy, and Di are typing…',
      'Bo, Cy, Di, and 1 other are typing…',
      'a, b, c, and 2 others are typing…',
    ]);
  });

  it('ends after a while, or with what was written', () => {
    const timers = new Set<() => void>();
    const said: string[] = [];
    const typists = createTypists({
      onChange: (names) => void said.push(names.join()),
      later(act) {
        timers.add(act);
        return () => void timers.delete(act);
      },
    });
    typists.heard('Bo');
    typists.heard('Cy');
    typists.heard('Bo');
    expect(timers.size).toBe(2);
    typists.said({ user: 'Cy' });
    typists.said({ user: 'nobody' });
    for (const act of timers) act();
    expect(said).toEqual(['Bo', 'Bo,Cy', 'Bo', '']);
  });

  it('is told every two seconds at most', () => {
    const told: number[] = [];
    let now = 10_000;
    const sign = createTypingSign(
      () => void told.push(now),
      () => now,
    );
    for (; now < 15_000; now += 100) sign('Bo');
    sign('');
    expect(told).toEqual([10_000, 12_000, 14_000]);
  });
});
