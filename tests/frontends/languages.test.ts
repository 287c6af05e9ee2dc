/** The pages in other languages: nothing is left out, and what stands in the HTML is what the English words say. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { toJSONSchema } from 'zod';
import { CLIENT_COMMANDS } from '../../backend/commands/table.ts';
import { ERRORS } from '../../backend/errors.ts';
import { toReason } from '../../frontend-shared/link/problem-words.js';
import { chooseLocale, wordOf } from '../../frontend-shared/words.js';
import { de } from '../../frontend-shared/words/de.js';
import { en } from '../../frontend-shared/words/en.js';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';

const PAGES = ['frontend-polling/index.html', 'frontend-websocket/index.html', 'frontend-shared/index.html'];
const ATTRIBUTES = ['aria-label', 'placeholder', 'title'];
/** What is the same in all languages, and what no script can change. */
const UNTOLD = new Set([
  'Since',
  'WebSocket',
  'Polling',
  'OpenAPI',
  'AsyncAPI',
  'lobby',
  '#lobby',
  '/messages',
  'B',
  'I',
  'U',
  '&lt;&gt;',
]);
const openPage = useBrowser();

/** @returns each element's attributes and the text right behind its tag; comments, and what is for pages without scripts, left out */
async function elementsOf(path: string) {
  const html = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
  const seen = html.replaceAll(/<!--.*?-->|<noscript.*?<\/noscript\s*>/gs, '');
  return [...seen.matchAll(/<(?<tag>\w+)(?<rest>[^>]*)>(?<text>[^<]*)/g)].map(({ groups }) => ({
    tag: groups!['tag']!,
    text: groups!['text']!.replaceAll(/\s+/g, ' ').trim(),
    attributes: new Map(
      [...groups!['rest']!.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
    ),
  }));
}

/** @returns the path of each word, and whether it is a text or how many things it tells of */
const shapeOf = (words: object, path = ''): string[] =>
  Object.entries(words).flatMap(([name, word]: [string, unknown]) => {
    if (typeof word === 'object' && word !== null) return shapeOf(word, `${path}${name}.`);
    return `${path}${name}: ${typeof word === 'function' ? `of ${word.length}` : typeof word}`;
  });

describe('the words', () => {
  it('are the same in every language, none more and none less', () => {
    expect(shapeOf(de).toSorted()).toEqual(shapeOf(en).toSorted());
    expect(shapeOf(en).length).toBeGreaterThan(50);
  });

  it('count as each language does', () => {
    expect([0, 1, 2, 1_200].map(en.search.found)).toEqual([
      '0 messages found',
      '1 message found',
      '2 messages found',
      '1,200 messages found',
    ]);
    expect([1, 1_200].map(de.search.found)).toEqual(['1 Nachricht gefunden', '1.200 Nachrichten gefunden']);
  });

  it('tell of problems by codes that there are, and of others as the server does', () => {
    expect(Object.keys(ERRORS)).toEqual(expect.arrayContaining(Object.keys(en.problems)));
    const problem = { type: 'about:blank', title: 'Gone', status: 404, detail: 'There is no message 9.' };
    expect(toReason({ ...problem, code: 'not-found' }, 'Not saved')).toBe('Not saved: it is not there any more.');
    expect(toReason({ ...problem, code: 'cursor-gone' })).toBe('Not sent: There is no message 9.');
    expect(toReason({ ...problem, code: 'constructor' })).toBe('Not sent: There is no message 9.');
  });

  it('tell of each field that is refused, and of unknown ones as the server does', () => {
    const problem = { type: 'about:blank', title: 'Bad', status: 400, detail: 'in all', code: 'invalid-message' };
    const errors = ['user', 'later'].map((field) => ({ field, detail: 'must be right' }));
    expect(toReason({ ...problem, errors })).toBe(`Not sent: ${en.faults.user} later must be right.`);
    // What no person chooses: pages know the ids of their messages.
    const fields = Object.values(CLIENT_COMMANDS).flatMap(({ schema }) =>
      Object.keys(toJSONSchema(schema, { io: 'input' }).properties ?? {}),
    );
    expect(Object.keys(en.faults).toSorted()).toEqual(
      [...new Set([...fields, 'q'])].filter((name) => name !== 'id').toSorted(),
    );
  });

  it('are those of the first language of the browser that there is', () => {
    expect(chooseLocale(['fr-FR', 'de-AT', 'en'])).toBe('de-AT');
    expect(chooseLocale(['en-GB', 'de'])).toBe('en-GB');
    expect(chooseLocale(['den', 'fr'])).toBe('en');
    expect(chooseLocale([])).toBe('en');
  });
});

describe.each(PAGES)('%s', (path) => {
  it('says in English what the English words say', async () => {
    const said = (await elementsOf(path)).flatMap(({ attributes, text }) => [
      ...(attributes.has('data-words-text') ? [[attributes.get('data-words-text')!, text]] : []),
      ...ATTRIBUTES.filter((name) => attributes.has(`data-words-${name}`)).map((name) => [
        attributes.get(`data-words-${name}`)!,
        attributes.get(name),
      ]),
    ]);
    expect(said.length).toBeGreaterThan(10);
    expect(said).toEqual(said.map(([name]) => [name, wordOf(en, name!)]));
  });

  it('says nothing that could not be said in another language', async () => {
    const untold = (await elementsOf(path)).flatMap(({ tag, attributes, text }) => [
      ...(attributes.has('data-words-text') || !/\p{L}/u.test(text) || UNTOLD.has(text) ? [] : [`<${tag}> ${text}`]),
      ...ATTRIBUTES.filter((name) => attributes.has(name) && !attributes.has(`data-words-${name}`)).map(
        (name) => `<${tag} ${name}> ${attributes.get(name)}`,
      ),
      // The words would be put in their place.
      ...[...attributes.keys()].filter((name) => name.startsWith('data-words-') && !isPlace(name)),
    ]);
    expect(untold).toEqual([]);
  });
});

const isPlace = (name: string) => ['text', ...ATTRIBUTES].some((place) => name === `data-words-${place}`);

it('speaks German to a browser that asks for it', async () => {
  const { url } = await startTestServer();
  const { page, status } = await openPage(`${url}/polling/`, { locale: 'de-DE', impatient: true, mayFail: true });
  await expectPage(status).toContainText('Live');
  await expectPage(page.locator('html')).toHaveAttribute('lang', 'de-DE');
  await expectPage(page).toHaveTitle('#lobby · Since über Polling');
  const send = page.getByRole('button', { name: 'Senden' });
  await page.getByRole('textbox', { name: 'Nachricht' }).fill('Moin!');
  await page.getByRole('textbox', { name: 'Name' }).fill('J\u202Eörg');
  await send.click();
  await expectPage(page.getByRole('alert')).toHaveText(`Nicht gesendet: ${de.faults.user}`);
  await page.getByRole('textbox', { name: 'Name' }).fill('Jörg');
  await send.click();
  const item = page.getByRole('log', { name: 'Nachrichten' }).getByRole('listitem');
  await expectPage(item).toContainText('Moin!');
  await expectPage(item.getByRole('button', { name: 'Antworten' })).toHaveCount(1);
  await page.getByRole('searchbox', { name: 'Suchen' }).fill('moin');
  await expectPage(page.getByRole('region', { name: 'Suchergebnisse' })).toContainText('1 Nachricht gefunden');
  await expectPage(page.getByRole('navigation', { name: 'Räume' }).getByRole('link', { name: 'lobby' })).toBeVisible();
});
