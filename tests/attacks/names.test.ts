/** Names that deceive: that show as nothing, turn the text around them, or hide what they are made of. */
import { describe, expect, it } from 'vitest';
import { user } from '../../backend/commands/fields.ts';
import { expectProblem, poll, post, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';

const start = () => startTestServer({ journal: 'memory' });

const codePoints = (...points: number[]) => String.fromCodePoint(...points);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Each shows as nothing, or as a gap. */
const BLANK: readonly [what: string, name: string][] = [
  ['a zero-width space', '\u200b'],
  ['joiners', '\u200c\u200d\u2060'],
  ['direction marks', '\u200e\u200f\u061c'],
  ['a soft hyphen', '\u00ad'],
  ['a grapheme joiner', '\u034f'],
  ['Hangul fillers', '\u115f\u1160\u3164\uffa0'],
  ['vowels that are not written', '\u17b4\u17b5'],
  ['a vowel separator', '\u180e'],
  ['invisible operators', '\u2061\u2062\u2063\u2064'],
  ['variation selectors', `\ufe0f\ufe00${codePoints(0xe0100)}`],
  ['tags', codePoints(0xe0001, 0xe0041, 0xe007f)],
  ['annotation marks', '\ufff9\ufffa\ufffb'],
  ['a byte order mark amid others', '\u200b\ufeff\u200b'],
  ['a Braille pattern of no dots', '\u2800'],
  ['a note without its head', codePoints(0x1d159)],
  ['blanks of hieroglyphs', codePoints(0x13441, 0x13442)],
  ['a filler of Khitan', codePoints(0x16fe4)],
  ['marks on nothing', '\u0301\u0489\u20dd'],
  ['spaces of every width between them', '\u2800\u2003\u3000\u200b\u2800'],
];

/** What people, and their keyboards, write. */
const NAMES = [
  'Azin',
  'می‌خواهم', // with a ZWNJ, as Persian is spelled
  'नमस्‍ते', // with a ZWJ
  'क्ष',
  'ไทย',
  'שָׁלוֹם',
  'Zoë',
  'Zoe\u0308',
  'נועה \u200e(ע)',
  '👩‍👩‍👧‍👦',
  '❤️',
  '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  '1️⃣',
  '👍🏽',
  'ㅋㅋ',
  '한글',
  '⠓⠊', // Braille that has dots
  '.',
  '_',
  '-',
  '0',
  '❥',
  '\ue000', // of a font of their own
  "O'Brien-Łęcki",
];

describe('a name', () => {
  it.each(BLANK)('that shows as nothing is refused: %s', async (_what, name) => {
    const { url } = await start();
    const problem = expectProblem(await write(url, '/messages', { user: name, message: 'x' }), 400, 'invalid-message');
    expect(problem.errors?.map(({ field }) => field)).toEqual(['user']);
    const client = await connectWs(url);
    for (const command of ['send-message', 'typing']) {
      const answer = await client.ask(command, { user: name, message: 'x' });
      expect([command, answer]).toMatchObject([command, { message: { code: 'invalid-message' } }]);
    }
    expect((await poll(url)).messages).toEqual([]);
  });

  it('that people have is taken as it is', async () => {
    const { url } = await start();
    for (const name of NAMES) expect((await post(url, { user: name, message: 'x' })).user).toBe(name);
  });

  it('holds nothing that turns the text around it, and no control character', () => {
    const refused = [
      ...range(0, 31),
      ...range(127, 159),
      0x2028,
      0x2029,
      ...range(0x202a, 0x202e),
      ...range(0x2066, 0x2069),
    ];
    for (const point of refused) {
      const name = `a${codePoints(point)}b`;
      expect(user.safeParse(name).success, point.toString(16)).toBe(false);
    }
  });

  it('is no other when something blank stands around it', () => {
    for (const space of [
      '\u0085',
      '\u00a0',
      '\u1680',
      '\u2000',
      '\u200a',
      '\u202f',
      '\u205f',
      '\u3000',
      '\ufeff',
      '\t\n',
    ]) {
      expect(user.parse(`${space}Azin${space}`)).toBe('Azin');
    }
  });

  it('may be like another, who is told apart by the author', async () => {
    const { url } = await start();
    const [one, two] = [
      await post(url, { user: 'Azin', message: 'x' }),
      await post(url, { user: 'Аzіn', message: 'x' }),
    ];
    expect(one.user).not.toBe(two.user);
  });
});
