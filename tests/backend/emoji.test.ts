import { expect, it } from 'vitest';
import { startTestServer } from '../harness/server.ts';

type Row = [emoji: string, name: string, codes: string, words: string, group: number, tones?: string[]];

const load = async (url: string, language: string) =>
  (await (await fetch(`${url}/emoji/${language}.json`)).json()) as Row[];

it('gives each emoji as one that can be a reaction, by its short names, in the language of the page', async () => {
  const { url } = await startTestServer();
  const [english, german] = await Promise.all([load(url, 'en'), load(url, 'de')]);
  expect(english.length).toBeGreaterThan(1_800);
  for (const [emoji, name, , , group, tones = []] of english) {
    for (const one of [emoji, ...tones]) expect(one, name).toMatch(/^\p{RGI_Emoji}$/v);
    expect(group).toBeLessThan(10);
  }
  const thumb = english.find(([, , codes]) => codes === '+1 thumbsup');
  expect(thumb).toEqual(['👍', 'thumbs up', '+1 thumbsup', expect.stringContaining('good'), 1, expect.any(Array)]);
  expect(thumb?.[5]).toEqual(['👍🏻', '👍🏼', '👍🏽', '👍🏾', '👍🏿']);
  expect(german.find(([emoji]) => emoji === '👍')?.slice(1, 3)).toEqual(['Daumen hoch', '+1 thumbsup']);
});

it('is small on its way, asked for again only to hear that nothing is new, and nothing else of its package is there', async () => {
  const { url } = await startTestServer();
  const first = await fetch(`${url}/emoji/en.json`, { headers: { 'Accept-Encoding': 'br' } });
  expect(first.headers.get('Content-Encoding')).toBe('br');
  expect(Number(first.headers.get('Content-Length'))).toBeLessThan(60_000);
  const tag = first.headers.get('ETag')!;
  const again = await fetch(`${url}/emoji/en.json`, {
    headers: { 'If-None-Match': tag, 'Cache-Control': 'max-age=0' },
  });
  expect(again.status).toBe(304);
  for (const path of ['en', 'fr.json', 'constructor.json', 'en/github/data.json', '..%2fpackage.json']) {
    expect((await fetch(`${url}/emoji/${path}`)).status, path).toBe(404);
  }
  expect((await fetch(`${url}/emoji/en.json`, { method: 'DELETE' })).status).toBe(405);
});
