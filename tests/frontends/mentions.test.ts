import { describe, expect, it } from 'vitest';
import { findMentions, mentions } from '../../frontend-shared/room/mentions.js';

describe('a mention', () => {
  it.each([
    ['@Mira', true],
    ['hello @mira!', true],
    ['(@MIRA)', true],
    ['@Mira’s turn, @Bo', true],
    ['**@Mira**, look', true],
    ['@Mira.', true],
    ['@Mirabel', false],
    ['@Mira-Sophie', false],
    ['@Mira.sophie', false],
    ['mail mira@Mira.org', false],
    ['mail a@Mira', false],
    ['https://chat.example/@Mira', false],
    ['`@Mira` in code', false],
    ['@ Mira', false],
    ['Mira', false],
    ['@@Mira', false],
  ])('in "%s" speaks to Mira: %s', (text, isMeant) => {
    expect(mentions(text, 'Mira')).toBe(isMeant);
  });

  it('takes names of several words, emoji and letters of any script', () => {
    expect(mentions('well, @Mira  Bell?', 'Mira Bell')).toBe(false);
    expect(mentions('well, @mira bell?', ' Mira Bell ')).toBe(true);
    expect(mentions('@🦊 hi', '🦊')).toBe(true);
    expect(mentions('@Jose\u0301!', 'Jos\u00e9')).toBe(true); // an accent of its own, or a letter that has it
    expect(mentions('@Jose\u0301!', 'Jose')).toBe(false);
    expect(mentions('@عزيز مرحبا', 'عزيز')).toBe(true);
    expect(mentions('@anyone', '')).toBe(false);
  });

  it('is of the longest name that is known', () => {
    expect(mentions('@Mira Bell', 'Mira')).toBe(true);
    expect(mentions('@Mira Bell', 'Mira', ['Mira Bell'])).toBe(false);
    expect(findMentions('@Mira Bell and @someone.', ['Mira', 'Mira Bell'])).toEqual([
      { start: 0, end: 10, name: 'Mira Bell' },
      { start: 15, end: 23, name: 'someone' },
    ]);
  });

  it('is found in no time, however many there are', () => {
    const names = Array.from({ length: 200 }, (_, index) => `name ${index}`);
    expect(findMentions('@a '.repeat(1_300), names)).toHaveLength(1_300);
    expect(findMentions('@'.repeat(4_000), names)).toEqual([]);
  });
});
