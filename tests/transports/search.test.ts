/** Finding messages by their words. */
import { describe, expect, it } from 'vitest';
import { call, identify, post, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import type { Message } from '../../protocol/envelope.ts';

const start = async (...texts: string[]) => {
  const { url } = await startTestServer({ journal: 'memory' });
  const { token } = await identify(url);
  for (const text of texts) await post(url, text, { token });
  return { url, token };
};

describe('search', () => {
  it.each([
    ['a word', 'brown', ['The quick brown fox']],
    ['any case', 'QUICK', ['The quick brown fox', 'quick and dirty']],
    ['the beginning of a word', 'qui', ['The quick brown fox', 'quick and dirty']],
    ['two words, anywhere and in any order', 'fox the', ['The quick brown fox']],
    ['a quoted phrase', '"quick brown"', ['The quick brown fox']],
    ['a quoted phrase with another word', '"quick brown" fox', ['The quick brown fox']],
    ['no phrase in another order', '"brown quick"', []],
    ['no phrase that is not next to each other', '"quick fox"', []],
    ['no middle of a word', 'rown', []],
    ['nothing where one word is missing', 'quick missing', []],
    ['an accented word by its plain letters', 'creme brulee', ['Crème brûlée, naïve façade']],
    ['a plain word by accented letters', 'qüïck', ['The quick brown fox', 'quick and dirty']],
    ['a decomposed word', 'cre\u0300me', ['Crème brûlée, naïve façade']],
    ['a decomposed word that was written', 'resume', ['my re\u0301sume\u0301']],
    ['a letter with two marks', 'viet', ['Việt Nam']],
    ['Greek without its accents', 'καλημερα', ['Καλημέρα κόσμος']],
    ['Cyrillic', 'прив', ['Привет, мир']],
    ['Greek in capitals', 'ΚΟΣΜΟΣ', ['Καλημέρα κόσμος']],
    ['Turkish', 'istanbul', ['İstanbul ve Iğdır']],
    ['Hindi', 'नमस्ते', ['नमस्ते दुनिया']],
    ['no end of a Hindi word', 'स्ते', []],
    ['Hebrew without its points', 'שלום', ['שָׁלוֹם']],
    ['Chinese by one sign', '你', ['你好世界']],
    ['no word by one Latin letter', 'q', []],
    ['Chinese from the beginning', '你好', ['你好世界']],
    ['a number', '2026', ['in 2026 or so']],
    ['a hyphenated word', 'well-known', ['a well-known thing']],
    ['a part of a hyphenated word', 'known', ['a well-known thing']],
    ['an address', 'https://example.org/a?b=c', ['see https://example.org/a?b=c']],
    ['a quote that is not closed', '"quick bro', []],
  ])('finds %s', async (_what, q, expected) => {
    const { url } = await start(
      'The quick brown fox',
      'quick and dirty',
      'Crème brûlée, naïve façade',
      'my re\u0301sume\u0301',
      'Việt Nam',
      'Καλημέρα κόσμος',
      'İstanbul ve Iğdır',
      'नमस्ते दुनिया',
      'שָׁלוֹם',
      'Привет, мир',
      '你好世界',
      'in 2026 or so',
      'a well-known thing',
      'see https://example.org/a?b=c',
    );
    expect((await find(url, q)).map(({ message }) => message).toSorted()).toEqual(expected);
  });

  it('gives whole messages, as a poll does', async () => {
    const { url, token } = await start();
    const parent = await post(url, 'parent');
    const posted = await post(url, { message: 'needle', color: '#112233', replyTo: parent.id }, { token, key: 'k' });
    expect(await find(url, 'needle')).toEqual([posted]);
  });

  it('follows edits', async () => {
    const { url, token } = await start('the needle');
    const [found] = await find(url, 'needle');
    await write(url, `/messages/${found?.id}`, { message: 'the pin' }, { method: 'PATCH', token });
    expect(await find(url, 'needle')).toEqual([]);
    expect(await find(url, 'pin')).toMatchObject([{ id: found?.id, message: 'the pin' }]);
  });

  it('follows deletions', async () => {
    const { url, token } = await start('the needle', 'another needle');
    const [, found] = await find(url, 'needle');
    await write(url, `/messages/${found?.id}`, undefined, { method: 'DELETE', token });
    expect((await find(url, 'needle')).map(({ id }) => id)).not.toContain(found?.id);
    expect(await find(url, 'needle')).toHaveLength(1);
  });

  it('follows reactions', async () => {
    const { url, token } = await start('needle');
    const [found] = await find(url, 'needle');
    await write(url, `/messages/${found?.id}/reactions/👍`, undefined, { method: 'PUT', token });
    expect(await find(url, 'needle')).toMatchObject([{ id: found?.id, reactions: { '👍': 1 } }]);
  });

  it('finds what was edited or deleted before it was ever searched', async () => {
    const { url, token } = await start();
    const { id } = await post(url, 'first', { token });
    await write(url, `/messages/${id}`, { message: 'second' }, { method: 'PATCH', token });
    const gone = await post(url, 'third second', { token });
    await write(url, `/messages/${gone.id}`, undefined, { method: 'DELETE', token });
    expect(await find(url, 'second')).toMatchObject([{ id }]);
    expect([...(await find(url, 'first')), ...(await find(url, 'third'))]).toEqual([]);
  });

  it('looks in all rooms, or in one', async () => {
    const { url } = await start('needle here');
    const there = await post(url, { message: 'needle there', room: 'the-attic' });
    await post(url, { message: 'attic the needle', room: 'attic' });
    expect(await find(url, 'needle')).toHaveLength(3);
    expect(await find(url, 'needle', { room: 'the-attic' })).toEqual([there]);
    expect(await find(url, 'needle', { room: 'nowhere' })).toEqual([]);
    expect(await find(url, 'lobby')).toEqual([]);
    expect(await find(url, 'the-attic')).toEqual([]);
  });

  it('gives at most as many as asked for, the best match first', async () => {
    const filling = 'and many other words that say nothing of it at all '.repeat(5);
    const { url } = await start(`needle ${filling}`, 'needle needle needle', `${filling} needle`);
    expect((await find(url, 'needle'))[0]?.message).toBe('needle needle needle');
    expect(await find(url, 'needle', { limit: '1' })).toMatchObject([{ message: 'needle needle needle' }]);
    expect(await find(url, 'needle', { limit: '2' })).toHaveLength(2);
  });

  it('finds the same after a restart', async () => {
    const first = await startTestServer();
    await post(first.url, 'the needle');
    await first.stop();
    const { url } = await startTestServer({ dataDir: first.dataDir });
    expect(await find(url, 'needle')).toHaveLength(1);
  });

  it.each([
    '"',
    '""',
    '"""',
    '"a',
    'a"',
    "'",
    "a'b",
    '*',
    'a*',
    '**',
    '(',
    ')',
    'a)',
    '((a',
    'a AND',
    'AND',
    'OR',
    'NOT',
    'NOT a',
    'NEAR',
    'NEAR(a b, 5)',
    'text:a',
    'room:lobby',
    '-a',
    '+a',
    '^a',
    'a ^b',
    '{a b}:c',
    'a:b',
    ':',
    '\\',
    '%',
    '_',
    ';',
    '--',
    "'; DROP TABLE messages; --",
    '\0',
    'a\0b',
    '\0a',
    '"a\0b"',
    '\u0001',
    '\ufffd',
    '\ufeff',
    '😀',
    '👍🏽',
    '\u0301',
    'ا',
    '\u200d',
    'a\nb',
    '\t',
    ' ',
    '٣',
    '²',
    'ſ',
    'ﷺ',
    '𐐷',
    '𞤀',
    'ᏸ',
    '\u{e000}',
    'a'.repeat(200),
    '"a" '.repeat(50),
    '" '.repeat(100),
    '𝒜'.repeat(100),
  ])('takes %j for words, and never fails', async (q) => {
    const { url } = await start('a b c lobby NEAR AND');
    const { status, json } = await call(url, `/search?${new URLSearchParams({ q })}`);
    expect([status, json]).toEqual([200, expect.any(Array)]);
    expect(await find(url, 'lobby')).toHaveLength(1);
  });

  it.each([
    '',
    '?q=',
    `?q=${'a'.repeat(201)}`,
    '?q=a&q=b',
    '?q=a&limit=0',
    '?q=a&limit=1001',
    '?q=a&limit=',
    '?q=a&limit=1.5',
    '?q=a&limit=-1',
    '?q=a&limit=1&limit=1',
    '?q=a&room=Attic',
    '?q=a&room=',
  ])('refuses the query %j', async (query) => {
    const { url } = await start();
    const { status, json } = await call(url, `/search${query}`);
    expect([status, json]).toEqual([400, expect.objectContaining({ code: 'invalid-query' })]);
  });
});

async function find(url: string, q: string, more: Record<string, string> = {}): Promise<Message[]> {
  const { status, json } = await call(url, `/search?${new URLSearchParams({ q, ...more })}`);
  expect(status, JSON.stringify(json)).toBe(200);
  return json as Message[];
}
