/** Reading: long conversations, what is new, links to single messages, and the keys of one who reads. */
import { describe, expect, it } from 'vitest';
import { MAX_SHOWN, SHOWN_SLACK } from '../../frontend-shared/room/reading-bounds.js';
import { identify, post, write } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Chat } from '../harness/browser.ts';

const openPage = useBrowser();

/** In this order, but many at once. */
async function postMany(url: string, count: number, token?: string): Promise<void> {
  const options = token === undefined ? {} : { token };
  for (let begun = 0; begun < count; begun += 50) {
    const length = Math.min(50, count - begun);
    await Promise.all(Array.from({ length }, (_, index) => post(url, `message ${begun + index}`, options)));
  }
}

const idsOf = ({ page }: Chat) =>
  page.locator('#list .message-link').evaluateAll((links) => links.map((link) => Number(link.dataset['id'])));
const newest = ({ items }: Chat) => items.last().locator('.message-link').getAttribute('data-id').then(Number);
const scrollTo = ({ log }: Chat, top: number) => log.evaluate((element, to) => void (element.scrollTop = to), top);
const topOf = ({ page }: Chat, id: number) =>
  page
    .locator(`#list li:has(> .message-head [data-id="${id}"])`)
    .evaluate((element) => Math.round(element.getBoundingClientRect().top));
const toEnd = ({ page }: Chat) => page.getByRole('button', { name: /^Jump to latest/ });
const line = ({ page }: Chat) => page.getByText('New', { exact: true });

/** Everything that is done for a message that comes: looked up, looked for in the document, measured, or read from the store. */
const countWork = ({ page }: Chat) =>
  page.evaluate(() => {
    const work = { done: 0 };
    for (const [of, name] of [
      [Element.prototype, 'querySelector'],
      [Element.prototype, 'getBoundingClientRect'],
      [Node.prototype, 'insertBefore'],
      [Storage.prototype, 'getItem'],
      [Map.prototype, 'get'],
      [Array.prototype, 'at'],
    ] as [Record<string, (...args: unknown[]) => unknown>, string][]) {
      const before = of[name]!;
      of[name] = function (...args) {
        work.done += 1;
        return before.apply(this, args);
      };
    }
    Object.assign(globalThis, { work });
  });
const workDone = ({ page }: Chat) =>
  page.evaluate(() => (globalThis as unknown as { work: { done: number } }).work.done);

/** As browsers sum it up, of what moved without anybody having asked for it. */
const watchShifts = ({ page }: Chat) =>
  page.evaluate(() => {
    const shifts = { sum: 0 };
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.sum += (entry as PerformanceEntry & { value: number }).value;
    }).observe({ type: 'layout-shift' });
    Object.assign(globalThis, { shifts });
  });
const shiftOf = ({ page }: Chat) =>
  page.evaluate(() => (globalThis as unknown as { shifts: { sum: number } }).shifts.sum);

describe('a long conversation', () => {
  it('costs the same for each message however many are shown, and lets the oldest go', async () => {
    const { url } = await startTestServer();
    const { token } = await identify(url);
    await postMany(url, 20, token);
    const chat = await openPage(`${url}/websocket/`);
    await expectPage(chat.items).toHaveCount(20);
    await countWork(chat);
    const measure = async () => {
      const before = await workDone(chat);
      for (let nth = 0; nth < 5; nth += 1) {
        const { id } = await post(url, 'one more', { token });
        await expectPage.poll(() => newest(chat)).toBe(id);
      }
      return (await workDone(chat)) - before;
    };
    const few = await measure();
    await postMany(url, 550, token);
    await expectPage(chat.items).toHaveCount(575);
    const many = await measure();
    expect(many).toBeLessThan(few * 1.3);

    await postMany(url, MAX_SHOWN, token);
    await expectPage.poll(() => newest(chat)).toBe(20 + 5 + 550 + 5 + MAX_SHOWN);
    const ids = await idsOf(chat);
    expect(ids.length).toBeLessThanOrEqual(MAX_SHOWN + SHOWN_SLACK);
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => ids[0]! + index));
    await scrollTo(chat, 0);
    await expectPage.poll(async () => (await idsOf(chat))[0]).toBeLessThan(ids[0]!);
  });

  it('leads to a message of long ago, and on from there', async () => {
    const path = '/polling/';
    const { url } = await startTestServer();
    const { token } = await identify(url);
    await postMany(url, 1_200, token);
    await write(url, '/messages/40', {}, { method: 'DELETE', token });
    const chat = await openPage(`${url}${path}#20`, { mayFail: true });
    const sought = chat.page.locator('.is-marked');
    await expectPage(sought).toBeFocused();
    await expectPage(sought).toBeInViewport();
    await expectPage(sought.locator('.message-link')).toHaveAttribute('href', './#20');
    expect((await idsOf(chat)).at(-1)).toBeLessThan(200);
    const { id } = await post(url, 'the newest');
    const scrollOn = async () => {
      await scrollTo(chat, 1e6);
      return (await idsOf(chat)).at(-1);
    };
    await expectPage.poll(scrollOn).toBeGreaterThan(400);
    const ids = await idsOf(chat);
    expect(ids).toEqual(Array.from({ length: ids.at(-1)! }, (_, index) => index + 1).filter((one) => one !== 40));

    await toEnd(chat).click();
    await expectPage.poll(() => newest(chat)).toBe(id);
    await expectPage(chat.items.last()).toBeInViewport();
    await expectPage(toEnd(chat)).toBeHidden();
    await chat.page.goto(`${url}${path}#40`);
    await expectPage(chat.alert).toContainText('#40 was deleted');
    await chat.page.goto(`${url}${path}#99999`);
    await expectPage(chat.alert).toContainText('no message #99999');
  });
});

describe('one who reads older ones', () => {
  it('finds no line above what they wrote themselves', async () => {
    const { url } = await startTestServer();
    await postMany(url, 40);
    const chat = await openPage(`${url}/polling/#2`, { mayFail: true });
    const { page, context } = chat;
    await expectPage(page.locator('.is-marked')).toBeInViewport();
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await context.setOffline(true);
    await page.reload();
    await expectPage(chat.status).toContainText(/offline|reconnecting/i);
    await chat.say('mine');
    await context.setOffline(false);
    await expectPage(chat.items.last().getByRole('button', { name: /^Edit/ })).toHaveCount(1);
    await expectPage(page.locator('.is-marked')).toBeInViewport();
    await post(url, { message: 'of another', user: 'Cy' });
    await expectPage(line(chat)).toHaveCount(1);
    await expectPage(chat.items.filter({ has: line(chat) })).toContainText('of another');
  });

  it('is not moved by what comes, and finds what is new under a line', async () => {
    const { url } = await startTestServer();
    const { token } = await identify(url);
    await postMany(url, 90);
    const chat = await openPage(`${url}/polling/`);
    await expectPage(chat.items).toHaveCount(90);
    await watchShifts(chat);
    await scrollTo(chat, 900);
    await expectPage(toEnd(chat)).toHaveText('Jump to latest');
    const seen = 50;
    const before = await topOf(chat, seen);
    for (let nth = 0; nth < 12; nth += 1) await post(url, `news ${nth}`);
    await expectPage(toEnd(chat)).toHaveText('Jump to latest (12 new)');
    await write(url, '/messages/3/reactions/%F0%9F%91%8D', {}, { method: 'PUT', token });
    await expectPage(chat.page.getByRole('button', { name: 'Like, 1' })).toBeAttached();
    expect(await topOf(chat, seen)).toBe(before);
    const shift = await shiftOf(chat);
    expect(shift).toBeLessThan(0.05);
    await chat.page.setViewportSize({ width: 1280, height: 500 });
    await chat.message.fill('a\nb\nc');
    await expectPage.poll(() => topOf(chat, seen)).toBe(before);
    await chat.message.fill('');
    await chat.page.setViewportSize({ width: 1280, height: 720 });
    await expectPage.poll(() => topOf(chat, seen)).toBe(before);

    // What moved since then had been moved by this person.
    const moved = (await shiftOf(chat)) - shift;
    await toEnd(chat).click();
    await expectPage(line(chat)).toBeInViewport();
    await expectPage(chat.items.filter({ has: line(chat) })).toContainText('news 0');
    await post(url, 'seen at once');
    await expectPage(chat.items.last()).toContainText('seen at once');
    await expectPage(chat.items.filter({ has: line(chat) })).toContainText('news 0');
    expect((await shiftOf(chat)) - moved).toBeLessThan(0.05);
    await chat.say('an answer');
    await expectPage(line(chat)).toHaveCount(0);
  });

  it('finds the line again in a room that was left, until it has been read', async () => {
    const { url } = await startTestServer();
    await postMany(url, 3);
    const chat = await openPage(`${url}/websocket/`);
    await expectPage(chat.items).toHaveCount(3);
    await expectPage.poll(() => chat.page.evaluate(() => localStorage.getItem('since.read.lobby'))).toMatch(/^3\b/);
    await chat.page.goto(`${url}/websocket/?room=den`);
    await post(url, 'while away');
    for (const count of [1, 0]) {
      await chat.page.goto(`${url}/websocket/`);
      await expectPage(chat.items).toHaveCount(4);
      await expectPage(line(chat)).toHaveCount(count);
      await expectPage.poll(() => chat.page.evaluate(() => localStorage.getItem('since.read.lobby'))).toMatch(/^4\b/);
      await chat.page.goto(`${url}/websocket/?room=den`);
    }
  });

  it('comes back from a quoted parent to where one was', async () => {
    const { url } = await startTestServer();
    await postMany(url, 90);
    await post(url, { message: 'an answer', replyTo: 5 });
    await postMany(url, 90);
    const chat = await openPage(`${url}/websocket/`);
    const quote = chat.page.getByRole('link', { name: /^Azin message/ });
    await quote.scrollIntoViewIfNeeded();
    await expectPage(toEnd(chat)).toBeVisible();
    const before = await topOf(chat, 91);
    await quote.click();
    await expectPage(chat.page.locator('.is-marked')).toBeInViewport();
    await chat.page.goBack();
    await expectPage.poll(async () => Math.abs((await topOf(chat, 91)) - before)).toBeLessThanOrEqual(1);
    await toEnd(chat).click();
    await chat.page.locator('.message-link[data-id="109"]').dispatchEvent('click');
    await expectPage(chat.page).toHaveURL(/#109$/);
    await expectPage(toEnd(chat)).toBeVisible();
    await chat.page.goBack();
    await expectPage(chat.items.last()).toBeInViewport();
  });
});

it('is said to be on its way, where that takes a moment', async () => {
  const { url } = await startTestServer();
  await post(url, 'at last');
  const answering = Promise.withResolvers<void>();
  const chat = await openPage(`${url}/polling/`, {
    impatient: true,
    prepare: (page) =>
      page.route('**/messages?*', async (route) => {
        await answering.promise;
        await route.continue();
      }),
  });
  const coming = chat.page.getByText('Loading messages…');
  await expectPage(coming).toBeVisible();
  await expectPage(chat.page.getByText('Nothing has been said')).toBeHidden();
  answering.resolve();
  await expectPage(chat.items).toHaveCount(1);
  await expectPage(coming).toBeHidden();
});

it('is heard once by those who listen, and history never', async () => {
  const { url } = await startTestServer();
  await postMany(url, 150);
  const chat = await openPage(`${url}/websocket/`);
  await expectPage(chat.log).toHaveAttribute('aria-busy', 'false');
  await chat.page.evaluate(() => {
    const heard: string[] = [];
    const log = document.querySelector('#log')!;
    new MutationObserver((records) => {
      for (const { addedNodes } of records) {
        for (const node of addedNodes) if (log.ariaBusy !== 'true') heard.push(node.textContent ?? '');
      }
    }).observe(document.querySelector('#list')!, { childList: true });
    Object.assign(globalThis, { heard });
  });
  const heard = () => chat.page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard.length);
  await scrollTo(chat, 0);
  await expectPage(chat.items).toHaveCount(150);
  await expectPage(chat.log).toHaveAttribute('aria-busy', 'false');
  expect(await heard()).toBe(0);
  const { id } = await post(url, 'hear, hear');
  await write(url, '/messages/1', {}, { method: 'DELETE' });
  await expectPage.poll(() => newest(chat)).toBe(id);
  expect(await heard()).toBe(1);
  await expectPage(chat.log).toHaveAttribute('aria-relevant', 'additions');
});

it('is read by keys, folds what is long, and tells two of one name apart', async () => {
  const { url } = await startTestServer();
  const [one, other] = await Promise.all([identify(url), identify(url)]);
  await postMany(url, 80, one.token);
  await post(url, { message: 'line\n'.repeat(60), user: 'Mira' }, { token: one.token });
  await post(url, { message: 'not that Mira', user: 'Mira' }, { token: other.token });
  const chat = await openPage(`${url}/polling/`);
  await expectPage(chat.items).toHaveCount(82);
  for (const [index, { author }] of [one, other].entries()) {
    await expectPage(chat.items.nth(80 + index).locator('.message-twin')).toHaveText(author.slice(0, 3));
  }
  const long = chat.items.nth(80);
  const height = () => long.evaluate((element) => element.clientHeight);
  const folded = await height();
  expect(folded).toBeLessThan(600);
  await long.getByRole('button', { name: 'Show all' }).click();
  expect(await height()).toBeGreaterThan(folded * 2);
  await expectPage(long.getByRole('button', { name: 'Show less' })).toHaveAttribute('aria-expanded', 'true');

  const { keyboard } = chat.page;
  await chat.log.focus();
  await keyboard.press('End');
  await expectPage(chat.items.last()).toBeFocused();
  await keyboard.press('ArrowUp');
  await expectPage(long).toBeFocused();
  await keyboard.press('ArrowDown');
  await expectPage(chat.items.last()).toBeFocused();
  expect(await chat.items.last().evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
  await keyboard.press('Home');
  await expectPage(chat.items.first()).toBeFocused();
  await expectPage(chat.items.first()).toBeInViewport();
  await keyboard.press('Tab');
  await keyboard.press('Escape');
  await expectPage(chat.message).toBeFocused();
  await expectPage(chat.items.first()).toBeInViewport();
});
