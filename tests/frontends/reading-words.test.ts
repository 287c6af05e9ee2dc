/** What stands beside messages: when they came, by whom, and where one stopped reading. */
import { describe, expect, it } from 'vitest';
import { isEmoji, isLong } from '../../frontend-shared/room/message-item.js';
import { createNewLine } from '../../frontend-shared/room/new-line.js';
import { toReading } from '../../frontend-shared/room/reading.js';
import { isRecent, toDay, toWhen } from '../../frontend-shared/room/time-words.js';
import { createTwins } from '../../frontend-shared/room/twins.js';
import type { Message } from '../../protocol/envelope.ts';

const now = new Date(2026, 10, 22, 14, 30);
const at = (...parts: [month: number, day: number, hour: number, minute: number, second?: number]) =>
  new Date(2026, ...parts).toISOString();
const message = (user: string, author?: string): Message => ({
  id: 1,
  seq: 1,
  room: 'lobby',
  user,
  message: 'x',
  timestamp: now.toISOString(),
  ...(author !== undefined && { author }),
});

describe('the time of a message', () => {
  it('is told as people say it', () => {
    const told = [
      at(10, 22, 14, 29, 30),
      at(10, 22, 14, 27),
      at(10, 22, 9, 5),
      at(10, 21, 14, 5),
      at(10, 20, 14, 5),
      new Date(2025, 11, 31, 23, 59).toISOString(),
    ].map((timestamp) => toWhen(timestamp, now).replaceAll(/\s/g, ' '));
    expect(told[0]).toBe('just now');
    expect(told[1]).toMatch(/^3 min/);
    expect(told[2]).toMatch(/^0?9:05/);
    // The day is said once, by the line above.
    for (const one of told.slice(3, 5)) expect(one).toMatch(/^0?2:05 PM$|^14:05$/);
    expect(told[5]).toMatch(/^11:59 PM$|^23:59$/);
  });

  it('is not in the future where clocks differ', () => {
    expect(toWhen(at(10, 22, 14, 30, 40), now)).toBe('just now');
  });

  it('tells days by their names', () => {
    expect(toDay(at(10, 22, 0, 0), now)).toBe('Today');
    expect(toDay(at(10, 21, 23, 59), now)).toBe('Yesterday');
    expect(toDay(at(10, 16, 12, 0), now)).toContain('Monday');
  });

  it('is looked at again as long as it is told from now on', () => {
    expect(isRecent(at(10, 22, 13, 31), now)).toBe(true);
    expect(isRecent(at(10, 22, 13, 28), now)).toBe(false);
  });
});

describe('people of one name', () => {
  it('are told apart as soon as there are two of them, by what is theirs', () => {
    let told = 0;
    const { markOf } = createTwins('no identity', () => (told += 1));
    expect([markOf(message('Mira', 'abcdef')), markOf(message('Mira', 'abcdef')), markOf(message('Bo'))]).toEqual([
      '',
      '',
      '',
    ]);
    expect(told).toBe(0);
    expect(markOf(message('ＭＩＲＡ', 'xyz123'))).toBe('xyz');
    expect(told).toBe(1);
    expect(markOf(message('Mira', 'abcdef'))).toBe('abc');
    expect(markOf(message('mira'))).toBe('no identity');
    expect(told).toBe(1);
  });
});

describe('the line above what is new', () => {
  const start = () => {
    const moves: (number | undefined)[] = [];
    const line = createNewLine(() => moves.push(line.after()));
    return { line, moves };
  };

  it('stands where one stopped reading before this visit', () => {
    const { line } = start();
    line.enter(17, 20);
    expect(line.after()).toBe(17);
    line.enter(20, 20);
    expect(line.after()).toBeUndefined();
    line.enter(undefined, 20);
    expect(line.after()).toBeUndefined();
  });

  it('stands above the first that came out of sight, and stays while one reads', () => {
    const { line, moves } = start();
    line.enter(20, 20);
    line.missed([21, 22], false);
    line.missed([23], false);
    expect([line.after(), line.count()]).toEqual([20, 3]);
    line.saw(23);
    line.missed([24], false);
    expect([line.after(), line.count()]).toEqual([20, 1]);
    expect(moves).toEqual([20]);
  });

  it('moves while nobody is there, when everything above it had been seen', () => {
    const { line } = start();
    line.enter(17, 20);
    line.saw(20);
    line.missed([21], true);
    line.missed([22], true);
    expect(line.after()).toBe(20);
  });

  it('goes when one has answered, or left', () => {
    const { line } = start();
    line.enter(17, 20);
    line.answered();
    expect(line.after()).toBeUndefined();
    line.missed([21], false);
    expect(line.after()).toBe(20);
    line.forget();
    expect([line.after(), line.count()]).toEqual([undefined, 0]);
  });
});

it('folds what is long, by lines as they will be shown', () => {
  expect(isLong('short')).toBe(false);
  expect(isLong('line\n'.repeat(39))).toBe(false);
  expect(isLong('line\n'.repeat(41))).toBe(true);
  expect(isLong('x'.repeat(3_000))).toBe(false);
  expect(isLong('x'.repeat(3_300))).toBe(true);
});

it('takes a place to read only as it wrote it', () => {
  expect(toReading({ id: 3, top: 12.5 })).toEqual({ id: 3, top: 12.5 });
  for (const state of [null, 'x', {}, { id: '3', top: 1 }, { id: 3 }]) expect(toReading(state)).toBeUndefined();
});

it('takes a few emoji alone for a picture, and nothing else', () => {
  const pictures = ['🎉', '👍🏽', '❤️', '👩‍👩‍👧‍👦', '🏳️‍🌈', '🇮🇷', '5️⃣', '🎉 😂 👍', '❤️‍🔥🎉😂', '🏴\u{E0067}\u{E0062}\u{E007F}'];
  expect(pictures.filter((text) => !isEmoji(text))).toEqual([]);
  const others = ['', '5', '12', '#', '©', 'ok', '🎉!', '🎉🎉🎉🎉', 'a🎉', '\u{200D}', '🎉\n\n🎉', ' '.repeat(3)];
  expect(others.filter(isEmoji)).toEqual([]);
});
