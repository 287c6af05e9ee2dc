/** What goes on around the conversation, as a person meets it: other rooms, being called, the keys, and the search. */
import AxeBuilder from '@axe-core/playwright';
import { describe, expect, it } from 'vitest';
import { keepOrder, toCount } from '../../frontend-shared/side/room-list.js';
import { orderRooms } from '../../frontend-shared/side/rooms.js';
import { splitHits } from '../../frontend-shared/side/search-hits.js';
import { actOf } from '../../frontend-shared/side/shortcuts.js';
import { createUnread } from '../../frontend-shared/side/unread.js';
import { poll, post } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { takePort } from '../harness/ports.ts';
import { startTestServer } from '../harness/server.ts';
import type { Place } from '../../frontend-shared/side/shortcuts.js';
import type { Locator, Page } from '@playwright/test';
import type { Message } from '../../protocol/envelope.ts';
import type { Chat } from '../harness/browser.ts';

const openPage = useBrowser();
const roomsOf = ({ page }: Chat) => page.getByRole('navigation', { name: 'Rooms' });
const linkOf = (chat: Chat, name: string | RegExp) => roomsOf(chat).getByRole('link', { name, exact: true });

/** As when another tab, or another window, is in front of it. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((to) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => to });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

const faultsOf = async ({ page }: Chat) =>
  (await new AxeBuilder({ page }).analyze()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);

/** Looking is what a page does that is shown again, and otherwise every few seconds. */
const lookAgain = ({ page }: Chat) => setHidden(page, false);

const said = (id: number, more: Partial<Message> = {}): Message => ({
  id,
  seq: id,
  room: 'den',
  user: 'Mira',
  author: 'mira',
  message: `message ${id}`,
  timestamp: '2026-11-22T12:00:00.000Z',
  ...more,
});

describe('what is unread', () => {
  const start = (lastRead: number | undefined) => {
    const mark = { id: lastRead };
    const unread = createUnread({
      marks: { lastRead: () => mark.id },
      isOwn: ({ author }) => author === 'me',
      name: () => 'Azin',
    });
    return { mark, unread };
  };

  it('is what others said since, each message once, and not what was deleted', () => {
    const { unread } = start(3);
    unread.take('den', [said(2), said(3), said(4), said(5), said(6, { author: 'me' })], 6);
    unread.take('den', [said(5, { seq: 7, edited: 'now' }), said(4, { seq: 8, message: '', deleted: true })], 8);
    expect(unread.of('den')).toEqual({ count: 1, isMentioned: false });
  });

  it('is nothing where one has never been, and nothing more once it is read', () => {
    const { mark, unread } = start(undefined);
    unread.take('den', [said(4)], 4);
    expect(unread.of('den').count).toBe(0);
    expect(unread.sinceOf({ room: 'den', seq: 9 })).toBeUndefined();
    mark.id = 3;
    unread.take('den', [said(4, { message: 'hi @azin' })], 4);
    expect(unread.of('den')).toEqual({ count: 1, isMentioned: true });
    mark.id = 4;
    expect(unread.of('den')).toEqual({ count: 0, isMentioned: false });
  });

  it('gives those that speak to one, once', () => {
    const { unread } = start(3);
    const call = said(4, { message: '@Azin, look' });
    expect(unread.take('den', [call, said(5, { message: '@Bo, look' })])).toEqual([call]);
    expect(unread.take('den', [{ ...call, seq: 6, reactions: { '👍': 1 } }])).toEqual([]);
  });

  it('is asked for only where something changed since, and no more once it is many', () => {
    const { unread } = start(3);
    expect(unread.sinceOf({ room: 'den', seq: 3 })).toBeUndefined();
    expect(unread.sinceOf({ room: 'den', seq: 5 })).toBe(3);
    unread.take('den', [said(4)], 5);
    expect(unread.sinceOf({ room: 'den', seq: 5 })).toBeUndefined();
    expect(unread.sinceOf({ room: 'den', seq: 6 })).toBe(5);
    unread.take(
      'den',
      Array.from({ length: 300 }, (_, index) => said(10 + index)),
      310,
    );
    expect(toCount(unread.of('den').count)).toBe('99+');
    expect(unread.sinceOf({ room: 'den', seq: 999 })).toBeUndefined();
  });
});

describe('the list of rooms', () => {
  it("has one's own first, and all by their name", () => {
    const own = { new: false, zoo: true, lobby: true, busy: false };
    expect(orderRooms(new Map(Object.entries(own)))).toEqual(['lobby', 'zoo', 'busy', 'new']);
    const counted = new Map(['floor-10', 'floor-2', 'floor', 'floor-1'].map((room) => [room, true]));
    expect(orderRooms(counted)).toEqual(['floor', 'floor-1', 'floor-2', 'floor-10']);
  });

  it('stays as it is while somebody is about to press one', () => {
    expect(keepOrder(['a', 'b', 'c', 'd'], ['c', 'x', 'a'])).toEqual(['c', 'a', 'b', 'd']);
  });
});

describe('the keys', () => {
  const held = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  const press = (key: string, more: object = {}, place: Place = 'nothing', hasSingleKeys = true) =>
    actOf({ key, ...held, ...more }, place, hasSingleKeys);

  it('are told from those of browsers, and from letters that are written', () => {
    const ctrl = { ctrlKey: true };
    expect([press('/'), press('?', { shiftKey: true }, 'control')]).toEqual(['search', 'help']);
    expect([press('k', ctrl, 'text', false), press('k', { metaKey: true }, 'text', false)]).toEqual([
      'search',
      'search',
    ]);
    expect(press('ArrowUp', { altKey: true }, 'text', false)).toBe('previousRoom');
    expect([press('/', {}, 'nothing', false), press('/', {}, 'text'), press('c', ctrl)]).toEqual(
      Array(3).fill(undefined),
    );
    expect(press('k', { ctrlKey: true, shiftKey: true })).toBeUndefined();
  });

  it('begin a message where nothing has the focus', () => {
    const written = ['a', 'É', '1', '@', 'ن', '😀', 'Dead'].map((key) => press(key, { shiftKey: key === 'É' }));
    expect(new Set(written)).toEqual(new Set(['write']));
    expect([press('v', { ctrlKey: true }), press('v', { metaKey: true }, 'nothing', false)]).toEqual([
      'write',
      'write',
    ]);
    const others = [' ', 'Enter', 'Tab', 'ArrowUp', 'F5', 'Process', 'Unidentified', 'Escape'].map((key) => press(key));
    const elsewhere = [press('a', {}, 'control'), press('a', {}, 'text'), press('v', { ctrlKey: true }, 'control')];
    const withOthers = [press('a', { ctrlKey: true }), press('a', { altKey: true }), press('a', { metaKey: true })];
    expect(new Set([...others, ...elsewhere, ...withOthers, press('a', {}, 'nothing', false)])).toEqual(
      new Set([undefined]),
    );
  });
});

describe('what was looked for', () => {
  const hits = (text: string, query: string) =>
    splitHits(text, query)
      .map((piece) => (piece.isHit ? `[${piece.text}]` : piece.text))
      .join('');

  it('is marked where the server finds it: beginnings of words, without accents', () => {
    expect(hits('Cafés and a cafeteria, decafé', 'cafe')).toBe('[Café]s and a [cafe]teria, decafé');
    expect(hits('Zoe\u0308 met zoë', 'ZOË')).toBe('[Zoe\u0308] met [zoë]');
    expect(hits('the quick, brown fox', '"quick brown" fo')).toBe('the [quick, brown] [fo]x');
    expect(hits('a (b) c', '(b) .*')).toBe('a ([b]) c');
    expect(hits('nothing here', '"" ***')).toBe('nothing here');
  });

  it('is shown from shortly before, where it stands far in', () => {
    expect(hits(`${'word '.repeat(50)}needle ${'word '.repeat(50)}`, 'needle')).toMatch(
      /^…(word ){1,9}\[needle\] word/,
    );
  });
});

describe.each(['/polling/', '/websocket/'])('%s', (path) => {
  it('counts what was said in other rooms, and more strongly what was said to one', async () => {
    const { url } = await startTestServer();
    for (const room of ['den', 'attic', 'lobby']) await post(url, { message: 'the first', room });
    const chat = await openPage(url + path, {
      async prepare(page) {
        // The attic was never entered.
        await page.addInitScript(() => {
          localStorage.setItem('since.name', 'Azin');
          localStorage['since.read.den'] ??= '1';
        });
      },
    });
    await expectPage(roomsOf(chat).getByRole('link')).toHaveText(['den', 'lobby', 'attic']);
    for (const room of ['den', 'attic']) await post(url, { message: 'another', room, user: 'Mira' });
    await lookAgain(chat);
    await expectPage(linkOf(chat, 'den 1 unread')).toBeVisible();
    await expectPage(linkOf(chat, 'attic')).toBeVisible();
    await expectPage(chat.page).toHaveTitle(/^\(1\) #lobby · Since/);
    // Whoever asks what is new in a room is not in it.
    const summaries = (await (await fetch(`${url}/rooms`)).json()) as { room: string; online: number }[];
    expect(summaries.filter(({ online }) => online > 0).map(({ room }) => room)).toEqual(['lobby']);
    await expectPage(chat.page.locator('link[rel=icon]')).toHaveAttribute('href', /favicon-unread\.svg$/);
    await post(url, { message: '@azin, are you there?', room: 'den', user: 'Mira' });
    await lookAgain(chat);
    await linkOf(chat, 'den 2 unread, you are mentioned').click();
    await expectPage(chat.items).toHaveCount(3);
    await expectPage(chat.page.getByText('Room den, 2 new messages')).toBeAttached();
    await expectPage(chat.message).toBeFocused();
    await expectPage(chat.page).toHaveTitle(/^#den · Since/);
    await expectPage(linkOf(chat, 'den')).toHaveAttribute('aria-current', 'page');
    await linkOf(chat, 'lobby').click();
    await expectPage(chat.items).toHaveCount(1);
    await lookAgain(chat);
    await expectPage(linkOf(chat, 'attic')).toBeVisible();
    await expectPage(linkOf(chat, 'den')).toBeVisible();
    expect((await chat.page.request.get(`${url}/frontend-shared/favicon-unread.svg`)).ok()).toBe(true);
  });
});

it('shows the rooms of earlier visits until it has heard which there are', async () => {
  const { url } = await startTestServer();
  // The one with the id 1 has been read.
  for (const room of ['den', 'lobby']) await post(url, { message: 'the first', room });
  const answering = Promise.withResolvers<void>();
  const chat = await openPage(`${url}/polling/`, {
    async prepare(page) {
      await page.route('**/rooms', async (route) => {
        await answering.promise;
        await route.continue();
      });
      await page.addInitScript(() => {
        for (const room of ['den', 'gone', 'No room']) localStorage[`since.read.${room}`] = '1';
      });
    },
  });
  await expectPage(roomsOf(chat).getByRole('link')).toHaveText(['den', 'gone', 'lobby']);
  answering.resolve();
  await expectPage(roomsOf(chat).getByRole('link')).toHaveText(['den', 'lobby']);
});

it('counts anew in another journal, whatever was asked for in the one before', async () => {
  const first = await startTestServer({ journal: 'memory', port: await takePort() });
  for (const room of ['attic', 'den', 'lobby']) await post(first.url, { message: 'the first', room });
  for (let count = 0; count < 9; count += 1) await post(first.url, { message: 'of before', room: 'den' });
  const epoch = (await poll(first.url)).since.split('-')[1];
  const asked = Promise.withResolvers<void>();
  const answering = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const chat = await openPage(`${first.url}/polling/`, {
    mayFail: true,
    async prepare(page) {
      await page.addInitScript((of) => {
        for (const room of ['attic', 'den', 'lobby']) localStorage[`since.read.${room}`] ??= `3-${of}`;
      }, epoch);
      await page.route(
        /room=den/,
        async (route) => {
          const response = await route.fetch();
          asked.resolve();
          await answering.promise;
          await route.fulfill({ response });
          answered.resolve();
        },
        { times: 1 },
      );
    },
  });
  await asked.promise;
  await first.stop();
  await setHidden(chat.page, true);
  const { url } = await startTestServer({ journal: 'memory', port: first.port });
  for (const room of ['den', 'den', 'lobby']) await post(url, { message: 'anew', room, user: 'Mira' });
  await setHidden(chat.page, false);
  await expectPage(chat.items).toHaveText([/anew/]);
  await expectPage(linkOf(chat, 'den 2 unread')).toBeVisible();
  answering.resolve();
  await answered.promise;
  await post(url, { message: 'anew', room: 'den', user: 'Mira' });
  await lookAgain(chat);
  await expectPage(linkOf(chat, 'den 3 unread')).toBeVisible();
  await expectPage(roomsOf(chat).getByRole('link')).toHaveText([/den/, 'lobby']);
});

it('knows at once what is new in many rooms, and shows the one that is entered', async () => {
  const { url } = await startTestServer();
  const rooms = Array.from({ length: 30 }, (_, index) => `floor-${index + 1}`);
  for (const room of rooms) await post(url, { message: 'the first', room });
  const chat = await openPage(`${url}/polling/`, {
    viewport: { width: 1280, height: 600 },
    prepare: (page) =>
      page.addInitScript((all) => {
        for (const room of all) localStorage[`since.read.${room}`] ??= '0';
      }, rooms),
  });
  await expectPage(roomsOf(chat).getByRole('link', { name: '1 unread' })).toHaveCount(rooms.length);
  await chat.page.keyboard.press('Alt+ArrowUp');
  const last = linkOf(chat, 'floor-30');
  await expectPage(last).toHaveAttribute('aria-current', 'page');
  // In view, and not behind the buttons that stay in view below.
  const isOnTop = async (locator: Locator) =>
    locator.evaluate((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
    });
  await expect.poll(async () => isOnTop(last)).toBe(true);
  const settings = chat.page.getByRole('button', { name: 'Settings' });
  expect(await isOnTop(settings)).toBe(true);
  const [link, button] = [await last.boundingBox(), await settings.boundingBox()];
  expect(link!.y + link!.height).toBeLessThanOrEqual(button!.y);
  // Nor do their counts, as they are read out, make the page longer than its window.
  expect(await chat.page.evaluate(() => document.documentElement.scrollHeight)).toBe(600);
});

/** Notifications and sounds as the browser is asked for them; the real ones cannot be seen from a test. */
async function recordCalls(page: Page, permission: NotificationPermission): Promise<void> {
  await page.addInitScript((answer) => {
    const calls: { title: string; body?: string; click(): void }[] = [];
    let granted: NotificationPermission = 'default';
    class Recorded extends EventTarget {
      static get permission() {
        return granted;
      }
      static async requestPermission() {
        granted = answer;
        return answer;
      }
      constructor(title: string, options: NotificationOptions) {
        super();
        const click = () => void this.dispatchEvent(new Event('click'));
        calls.push({ title, ...(options.body !== undefined && { body: options.body }), click });
      }
      close() {}
    }
    if (answer === 'granted' && localStorage.getItem('since.likes.notifications') === 'yes') granted = answer;
    Object.assign(globalThis, { Notification: Recorded, calls, tones: 0, looks: 0 });
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (at) {
      (globalThis as unknown as { tones: number }).tones += 1;
      start.call(this, at);
    };
    const query = LockManager.prototype.query;
    LockManager.prototype.query = async function () {
      const found = await query.call(this);
      (globalThis as unknown as { looks: number }).looks += 1;
      return found;
    };
  }, permission);
}

const callsOf = ({ page }: Chat) =>
  page.evaluate(() => (globalThis as unknown as { calls: { title: string; body: string }[] }).calls);
const tonesOf = ({ page }: Chat) => page.evaluate(() => (globalThis as unknown as { tones: number }).tones);
/** How often it was found out whether one of the tabs is looked at. */
const looksOf = ({ page }: Chat) => page.evaluate(() => (globalThis as unknown as { looks: number }).looks);
const settingsOf = ({ page }: Chat) => page.getByRole('region', { name: 'Settings' });

it('calls whoever wants it when they are spoken to and look elsewhere, once for all tabs', async () => {
  const { url } = await startTestServer();
  const room = `${url}/websocket/?room=den`;
  const chat = await openPage(room, { prepare: (page) => recordCalls(page, 'granted') });
  await chat.say('here I am', 'Azin');
  await chat.page.getByRole('button', { name: 'Settings' }).click();
  await settingsOf(chat)
    .getByRole('checkbox', { name: /^Notify/ })
    .check();
  await settingsOf(chat).getByRole('checkbox', { name: /sound/ }).check();
  await expectPage.poll(() => tonesOf(chat)).toBe(2);
  const second = await openPage(room, { beside: chat, prepare: (page) => recordCalls(page, 'granted') });
  await expectPage(second.items).toHaveCount(1);
  const other = await openPage(room);

  await setHidden(chat.page, true);
  await other.say('@Azin while you look at the other tab', 'Mira');
  await expectPage.poll(() => looksOf(chat)).toBe(1);
  await setHidden(second.page, true);
  await other.say('not for you', 'Mira');
  await other.say('**@azin**, look!', 'Mira');
  await expectPage.poll(async () => [...(await callsOf(chat)), ...(await callsOf(second))]).toHaveLength(1);
  await other.say('@Azin again', 'Mira');
  await expectPage.poll(async () => [...(await callsOf(chat)), ...(await callsOf(second))]).toHaveLength(2);
  const calls = [...(await callsOf(chat)), ...(await callsOf(second))];
  expect(calls.map(({ body }) => body).toSorted()).toEqual(['@Azin again', '@azin, look!']);
  expect(calls[0]!.title).toBe('Mira in #den');
  expect((await tonesOf(chat)) + (await tonesOf(second))).toBe(6);
  for (const one of [chat, second]) await expectPage(one.page).toHaveTitle(/^\(3\) #den/);

  const called = (await callsOf(chat)).length > 0 ? chat : second;
  await called.page.evaluate(() => {
    const { calls: recorded } = globalThis as unknown as { calls: { click(): void }[] };
    recorded[0]!.click();
  });
  await expectPage(called.page).toHaveURL(/#\d+$/);
  await setHidden(called.page, false);
  await expectPage(called.page).toHaveTitle(/^#den/);
});

it('explains why the browser does not let it call, and leaves it off', async () => {
  const { url } = await startTestServer();
  const chat = await openPage(`${url}/polling/`, { prepare: (page) => recordCalls(page, 'denied') });
  await chat.page.getByRole('button', { name: 'Settings' }).click();
  const notify = settingsOf(chat).getByRole('checkbox', { name: /^Notify/ });
  await notify.click();
  await expectPage(settingsOf(chat)).toContainText('does not let this page notify you');
  await expectPage(notify).not.toBeChecked();
  await chat.page.keyboard.press('Escape');
  await expectPage(chat.page.getByRole('button', { name: 'Settings' })).toBeFocused();
  await expectPage(settingsOf(chat)).toHaveCount(0);
});

it('can be found by its keys, which a sheet lists, and which can be switched off', async () => {
  const { url } = await startTestServer();
  for (const room of ['den', 'attic']) await post(url, { message: 'hello', room });
  const chat = await openPage(`${url}/websocket/`);
  const { page } = chat;
  const { keyboard } = page;
  const sheet = page.getByRole('dialog', { name: 'Keys' });
  await expectPage(roomsOf(chat).getByRole('link')).toHaveCount(3);
  await keyboard.press('Tab');
  await expectPage(page.getByRole('link', { name: 'Skip to the message box' })).toBeFocused();
  await keyboard.press('Enter');
  await expectPage(chat.message).toBeFocused();
  await keyboard.type('? / c');
  await expectPage(chat.message).toHaveValue('? / c');
  await expectPage(sheet).toHaveCount(0);

  await chat.log.focus();
  await keyboard.press('?');
  await expectPage(sheet).toContainText('Edit your last message');
  await expectPage(sheet.getByRole('heading', { name: 'Keys' })).toBeFocused();
  expect(await faultsOf(chat)).toEqual([]);
  await keyboard.press('Escape');
  await expectPage(sheet).toHaveCount(0);
  await expectPage(chat.log).toBeFocused();
  await keyboard.press('/');
  await expectPage(page.getByRole('searchbox')).toBeFocused();
  await page.getByRole('button', { name: 'Settings' }).focus();
  await keyboard.press('c');
  await expectPage(chat.message).not.toBeFocused();
  await chat.log.focus();
  await keyboard.press('a');
  await expectPage(chat.message).toBeFocused();
  await expectPage(chat.message).toHaveValue('? / ca');
  await keyboard.press('Control+k');
  await expectPage(page.getByRole('searchbox')).toBeFocused();

  const heading = page.getByRole('heading', { level: 1 });
  await keyboard.press('Alt+ArrowDown');
  await expectPage(heading).toContainText('attic');
  await expectPage(chat.message).toBeFocused();
  await keyboard.press('Alt+ArrowDown');
  await expectPage(heading).toContainText('den');
  await keyboard.press('Alt+ArrowUp');
  await keyboard.press('Alt+ArrowUp');
  await expectPage(heading).toContainText('lobby');

  await page.getByRole('button', { name: 'Settings' }).click();
  await settingsOf(chat)
    .getByRole('checkbox', { name: /^Single keys/ })
    .uncheck();
  await chat.log.focus();
  await keyboard.press('?');
  await keyboard.press('a');
  await page.getByRole('button', { name: 'Keys' }).click();
  await expectPage(sheet).toHaveCount(1);
  await expectPage(chat.message).not.toBeFocused();
});

it('searches here or everywhere, marks what fits, and says when there is nothing', async () => {
  const { url } = await startTestServer();
  await post(url, { message: 'a **Needle** in the den', room: 'den' });
  await post(url, { message: 'a needle in the lobby' });
  const chat = await openPage(`${url}/polling/`, { mayFail: true });
  const results = chat.page.getByRole('region', { name: 'Search results' });
  const box = chat.page.getByRole('searchbox');
  await box.fill('need');
  await expectPage(results.getByRole('listitem')).toHaveCount(2);
  await expectPage(results.locator('mark')).toHaveText([/^need$/i, /^need$/i]);
  await results.getByRole('checkbox', { name: 'In this room only' }).check();
  await expectPage(results.getByRole('listitem')).toHaveText([/#lobby/]);
  await box.fill('haystack');
  await expectPage(results).toContainText('Nothing found');
  await chat.page.route('**/search?*', (route) => route.fulfill({ status: 503, json: { code: 'overloaded' } }));
  await box.fill('haystacks');
  await expectPage(results).toContainText('too much to do');
  await chat.page.unroute('**/search?*');
  let answer = () => {};
  await chat.page.route('**/search?*', (route) => void (answer = () => void route.continue()));
  await box.fill('lobby');
  await expectPage(results).toContainText('Searching…');
  answer();
  await expectPage(results.getByRole('listitem')).toHaveText([/#lobby/]);
  await box.press('ArrowDown');
  await chat.page.keyboard.press('Escape');
  await expectPage(results).toHaveCount(0);
  await expectPage(chat.message).toBeFocused();
});

it('reads as well from right to left, on a small phone too', async () => {
  const { url } = await startTestServer();
  await post(url, { message: 'hello', room: 'den' });
  const viewport = { width: 320, height: 568 };
  const chat = await openPage(`${url}/websocket/`, { viewport, hasTouch: true, forcedColors: 'active' });
  await chat.page.evaluate(() => void (document.documentElement.dir = 'rtl'));
  await chat.say('מה נשמע?', 'נועה');
  await chat.page.getByRole('button', { name: 'Rooms' }).click();
  const side = await chat.page.locator('#side').boundingBox();
  expect(side!.x + side!.width).toBe(viewport.width);
  await chat.page.getByRole('button', { name: 'Settings' }).click();
  await expectPage(settingsOf(chat)).toBeVisible();
  const outside = await chat.page.evaluate(() =>
    [...document.querySelectorAll('body, body *:not(.heard, .skip, .is-together *)')]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().left < -1)
      .map((element) => element.outerHTML.slice(0, 100)),
  );
  expect(outside).toEqual([]);
  expect(await faultsOf(chat)).toEqual([]);
  await expectPage(chat.page.locator('#own-avatar')).toHaveText('נ');
  await chat.page.keyboard.press('Escape');
  await chat.page.keyboard.press('Escape');
  await expectPage(roomsOf(chat)).toHaveCount(0);
  await expectPage(chat.page.getByRole('button', { name: 'Rooms' })).toBeFocused();
});

it('calls by its service worker where a page may not, as on phones, which leads to the message', async () => {
  const { url } = await startTestServer();
  const chat = await openPage(`${url}/websocket/`, {
    async prepare(page, context) {
      await context.grantPermissions(['notifications'], { origin: url });
      await page.addInitScript(() => {
        localStorage.setItem('since.likes.notifications', 'yes');
        const refuse = () => {
          throw new TypeError('Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead.');
        };
        globalThis.Notification = new Proxy(Notification, { construct: refuse });
      });
    },
  });
  await chat.say('here I am', 'Azin');
  const [worker] = await Promise.all([
    chat.context.serviceWorkers()[0] ?? chat.context.waitForEvent('serviceworker'),
    chat.page.evaluate(async () => void (await navigator.serviceWorker.ready)),
  ]);
  await setHidden(chat.page, true);
  const { id } = await post(url, { message: '@Azin, look!', user: 'Mira' });
  const called = () =>
    chat.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      return (await registration.getNotifications()).map(({ title, body }) => `${title}: ${body}`);
    });
  await expectPage.poll(called).toEqual(['Mira in #lobby: @Azin, look!']);
  await worker.evaluate(async () => {
    const here = globalThis as unknown as { registration: ServiceWorkerRegistration };
    const [notification] = await here.registration.getNotifications();
    const event = Object.assign(new Event('notificationclick'), { notification, waitUntil() {} });
    globalThis.dispatchEvent(event);
  });
  await expectPage(chat.page).toHaveURL(`${url}/websocket/#${id}`);
  await expectPage.poll(called).toEqual([]);
});

it('takes what is typed or pasted at once for a message', async () => {
  const { url } = await startTestServer();
  await post(url, 'hello');
  const chat = await openPage(`${url}/websocket/`, { permissions: ['clipboard-read', 'clipboard-write'] });
  const { page, message, items } = chat;
  await page.keyboard.type('can you @hear me');
  await expectPage(message).toHaveValue('can you @hear me');
  await message.fill('');
  // Where one reads, too.
  await items.first().focus();
  await page.keyboard.press('Space');
  await expectPage(items.first()).toBeFocused();
  await page.evaluate(() => navigator.clipboard.writeText('from elsewhere'));
  await page.keyboard.press('Control+v');
  await expectPage(message).toHaveValue('from elsewhere');
  await expectPage(message).toBeFocused();
});

it.each(['polling', 'websocket'])('/%s/ tells how many are here only while it knows', async (path) => {
  const { url } = await startTestServer();
  await post(url, 'hello');
  const { page, context, status } = await openPage(`${url}/${path}/`, { mayFail: true });
  const here = page.getByText(/^\d+ here$/); // a socket whose goodbye is lost counts until the server misses it
  await expectPage(here).toBeVisible();
  await context.setOffline(true);
  await expectPage(status).toContainText('Offline');
  await expectPage(here).toBeHidden();
  await context.setOffline(false);
  await expectPage(here).toBeVisible();
});

it("draws one's own without a colour until it is known which", async () => {
  const { url } = await startTestServer();
  const { page, items, say } = await openPage(`${url}/polling/`);
  const held = Promise.withResolvers<void>();
  await page.route('**/messages', async (route) => {
    if (route.request().method() === 'POST') await held.promise;
    await route.continue();
  });
  await say('the first');
  const colourOf = (avatar: Locator) => avatar.evaluate((element) => getComputedStyle(element).backgroundColor);
  const [own, pending] = [page.locator('#own-avatar'), items.last().locator('.avatar')];
  const grey = await colourOf(pending);
  expect(grey).toMatch(/^oklch\([\d.]+ 0\.00/);
  expect(await colourOf(own)).toBe(grey);
  held.resolve();
  await expectPage(items.last().getByRole('button', { name: /^Edit/ })).toHaveCount(1);
  const known = await colourOf(pending);
  expect(known).not.toBe(grey);
  await expectPage(own).toHaveCSS('background-color', known);
  await say('the second');
  await expectPage(items).toHaveCount(2);
  expect(await colourOf(page.locator('.is-pending .avatar').or(items.last().locator('.avatar')).last())).toBe(known);
});
