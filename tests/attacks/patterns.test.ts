/** Texts that make a pattern go back and forth: twice as long must not take four times as long, anywhere. */
import { describe, expect, it, vi } from 'vitest';
import * as fields from '../../backend/commands/fields.ts';
import { readCursor } from '../../backend/transports/cursor.ts';
import { call } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { toRoom } from '../../frontend-shared/side/room-name.js';
import { readMarks, toPlainLine } from '../../frontend-shared/room/rich-text.js';
import { connectRaw } from '../harness/raw-socket.ts';

/** A thousand texts each, of which the longest take milliseconds on a core of their own. */
vi.setConfig({ testTimeout: 180_000 });

/** Pieces that a pattern may take in more than one way, and what fails behind them. */
const PIECES = [
  'a',
  ' ',
  '\t',
  '\u0085',
  '0',
  '-',
  '#',
  '*',
  '_',
  '**',
  '`',
  '(',
  ')',
  '()',
  '](',
  '"',
  '\\',
  ',',
  ';',
  ';q',
  '; ',
  '=',
  '.',
  ':',
  '/',
  '%',
  '👍',
  '\u200d',
  '\ufe0f',
  '\u0301',
  '\n',
  '\r\n',
  'http://a',
  'http://a)',
  'https://',
  '<',
  '&',
];
const ENDS = ['', '!', '\0', 'x', ' x', ')'];
const FRONTS = ['', 'a', '#', 'http://a', '2026-11-22T06:53:00', '"'];

/** Milliseconds that this process has had a core since `before`, however many others there are to share it with. */
function workedSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** @returns milliseconds of work, the best of three: what else the process does meanwhile only ever adds */
function timeOf(act: (text: string) => unknown, text: string): number {
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage();
    act(text);
    best = Math.min(best, workedSince(before));
  }
  return best;
}

const place = { epoch: 'abc', head: () => 1 };
const attempt = (act: () => unknown) => {
  try {
    return act();
  } catch {
    return undefined;
  }
};
/** Each with texts far beyond what it is ever given, so that a square would be seen. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  room: (text) => fields.room.safeParse(text),
  key: (text) => fields.key.safeParse(text),
  user: (text) => fields.user.safeParse(text),
  text: (text) => fields.text.safeParse(text),
  color: (text) => fields.color.safeParse(text),
  reaction: (text) => fields.reaction.safeParse(text),
  moment: (text) => fields.moment.safeParse(text),
  cursor: (text) => attempt(() => readCursor(text, place)),
  'a room that is typed': toRoom,
  'marks of a message': readMarks,
  'the first line of a message': toPlainLine,
};

describe('a pattern', () => {
  it.each(Object.entries(READERS))('for %s is not slow for any text', (_name, read) => {
    read('warm up');
    for (const front of FRONTS) {
      for (const piece of PIECES) {
        for (const end of ENDS) {
          const textOf = (length: number) => front + piece.repeat(Math.ceil(length / piece.length)) + end;
          const short = timeOf(read, textOf(4_000));
          if (short < 2) continue; // as fast as can be told; what grows with the square takes longer
          const long = timeOf(read, textOf(16_000));
          // Four times as long: 4 times the work, with room for chance; 16 times would be the square.
          expect([JSON.stringify([front, piece, end]), long < 9 * short + 5]).toEqual([
            JSON.stringify([front, piece, end]),
            true,
          ]);
        }
      }
    }
  });

  it('for headers and paths is not slow, as far as the server takes them', async () => {
    const { port, url } = await startTestServer({ journal: 'memory' });
    const names = [
      'Accept',
      'Accept-Encoding',
      'Cookie',
      'Authorization',
      'Content-Type',
      'Range',
      'If-None-Match',
      'Origin',
      'X-Forwarded-For',
    ];
    const asLatin = (text: string) =>
      Buffer.from(text)
        .toString('latin1')
        .replaceAll(/[\r\n\0]/g, '');
    const before = process.cpuUsage();
    for (const name of names) {
      const raw = await connectRaw(port);
      for (const piece of PIECES.map(asLatin).filter((one) => one.trim() !== '')) {
        raw.send(['GET /polling/ HTTP/1.1', 'Host: x', `${name}: ${piece.repeat(14_000 / piece.length)}!`, '']);
        raw.send(['GET /messages HTTP/1.1', 'Host: x', `${name}: ${piece.repeat(14_000 / piece.length)}!`, '']);
        for (let count = 0; count < 2; count++) expect((await raw.response()).status).toBeLessThan(500);
      }
      raw.socket.destroy();
    }
    for (const piece of ['/', '/a', '%2f', '%', './', '../', ';', '//a', '\\']) {
      for (const front of ['/', '/messages/', '/messages/1/reactions/', '/polling/', '/subscriptions/']) {
        expect((await fetch(url + front + piece.repeat(10_000 / piece.length))).status).toBeLessThan(500);
      }
    }
    for (const piece of ['"', '" ', 'a ', '*', 'a"', '(', '^', 'NEAR(', '-', 'é']) {
      expect((await call(url, `/search?q=${encodeURIComponent(piece.repeat(200).slice(0, 200))}`)).status).toBeLessThan(
        500,
      );
    }
    // Some 700 requests: seconds here, minutes where one of them took a tenth of one.
    expect(workedSince(before)).toBeLessThan(15_000);
  });
});
