import { describe, expect, it } from 'vitest';
import { offerEmoji, offerNames, toAsked, toClosed, toTaken } from '../../frontend-shared/writing/completing.js';
import { searchEmoji, toEmoji } from '../../frontend-shared/writing/emoji.js';

const EMOJI = [
  toEmoji(['😄', 'grinning face with smiling eyes', 'smile', 'happy laugh', 0]),
  toEmoji(['😃', 'grinning face with big eyes', 'smiley', 'happy smile', 0]),
  toEmoji(['😸', 'grinning cat with smiling eyes', 'smile_cat', 'cat', 0]),
  toEmoji(['👍', 'thumbs up', '+1 thumbsup', 'good yes', 1, ['👍🏻']]),
];
const NAMES = ['Zoë', 'Mira Bell', 'Mirko', 'Bo'];

/** The caret is where the bar is. */
const askedIn = (marked: string) => toAsked(marked.replace('|', ''), marked.indexOf('|'));

describe('what is being written', () => {
  it.each([
    ['@|', { kind: 'name', start: 0, query: '' }],
    ['well, @mi|', { kind: 'name', start: 6, query: 'mi' }],
    ['@mira be|ll', { kind: 'name', start: 0, query: 'mira be' }],
    ['so :smi|', { kind: 'emoji', start: 3, query: 'smi' }],
    ['so :+1|', { kind: 'emoji', start: 3, query: '+1' }],
    ['so :s|', undefined],
    ['at 10:30|', undefined],
    ['http://a|', undefined],
    ['me@mira|', undefined],
    ['@ mira|', undefined],
    ['@mira\nand|', undefined],
    ['plain|', undefined],
  ])('in %j is %j', (text, asked) => {
    expect(askedIn(text)).toEqual(asked);
  });
});

describe('names', () => {
  it('are offered by how any of their words begins, without accents, in the order they are given', () => {
    expect(offerNames('', NAMES).map(({ label }) => label)).toEqual(NAMES);
    expect(offerNames('MI', NAMES).map(({ label }) => label)).toEqual(['Mira Bell', 'Mirko']);
    expect(offerNames('be', NAMES).map(({ label }) => label)).toEqual(['Mira Bell']);
    expect(offerNames('zoe', [...NAMES, 'Zoey']).map(({ label }) => label)).toEqual(['Zoey']); // Zoë is there already
    expect(offerNames('mira b ', NAMES)).toEqual([]);
  });

  it('take the place of what was written, with one space behind', () => {
    const asked = askedIn('hi @mi|, you')!;
    const [offer] = offerNames('mi', NAMES);
    expect(toTaken(asked, 'hi @mi, you', 6, offer!)).toMatchObject({ start: 3, end: 6, text: '@Mira Bell ' });
    expect(toTaken(asked, 'hi @mi you', 6, offer!)).toMatchObject({ text: '@Mira Bell' });
  });
});

describe('emoji', () => {
  it('are found by short names first, then by their names, then by what they stand for', () => {
    expect(searchEmoji(EMOJI, 'smile').map(({ emoji }) => emoji)).toEqual(['😄', '😃', '😸']);
    expect(searchEmoji(EMOJI, 'grinning CAT').map(({ emoji }) => emoji)).toEqual(['😸']);
    expect(searchEmoji(EMOJI, ' : ')).toEqual([]);
    expect(offerEmoji('thu', EMOJI)).toEqual([{ insert: '👍 ', sign: '👍', label: ':+1:' }]);
  });

  it('take the place of a short name when its last colon is written, and of nothing else', () => {
    expect(toClosed('so :smile:', 10, EMOJI)).toMatchObject({ start: 3, end: 10, text: '😄', selectionStart: 5 });
    for (const text of ['so :nothing:', '10:30:', 'a:smile:', '::smile:', ': smile:']) {
      expect(toClosed(text, text.length, EMOJI), text).toBeUndefined();
    }
  });
});
