/** On a phone nothing can be pointed at, and the window is small: everything is there at once, and in the way of nothing. */
import { describe, expect, it } from 'vitest';
import { identify, post, write } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Chat, ChatOptions } from '../harness/browser.ts';

const openPage = useBrowser();
const PHONE: ChatOptions = { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true };
const SMALL: ChatOptions = { ...PHONE, viewport: { width: 320, height: 568 }, colorScheme: 'dark' };

/** What could be in each other's way: short and long, both directions, names without end, and much to be counted. */
async function fill(url: string): Promise<void> {
  await post(url, { user: 'Bo', message: 'ok' });
  await post(url, { user: 'Bo', message: 'One more thing before we all go home today, if you do not mind' });
  await post(url, { user: 'آذین', message: 'سلام! نسخهٔ تازه آماده است، همه چیز سبز است و شروع می‌کنیم.' });
  await post(url, { user: 'آذین', message: 'باشه' });
  await post(url, { user: 'W'.repeat(40), message: 'x'.repeat(90) });
  const liked = await post(url, { user: 'Bo', message: '```\na block\n  of code\n```' });
  await post(url, { user: 'Cy', message: 'a line\n'.repeat(30) });
  for (const emoji of ['👍', '👎', '❤️', '😂', '🎉', '😮', '😢', '🙏']) {
    const { token } = await identify(url);
    await write(url, `/messages/${liked.id}/reactions/${encodeURIComponent(emoji)}`, {}, { method: 'PUT', token });
  }
}

/** Buttons that lie over letters, or are too small for a finger, and what is out of the window. */
const findFaults = ({ page }: Chat) =>
  page.evaluate((windowWidth) => {
    const faults: string[] = [];
    for (const message of document.querySelectorAll('.message')) {
      const lines = [...message.querySelectorAll('.message-head > *, .message-text, .message-edited')].flatMap(
        (part) => {
          const range = document.createRange();
          range.selectNodeContents(part);
          return part.checkVisibility() ? [...range.getClientRects()] : [];
        },
      );
      for (const button of message.querySelectorAll<HTMLElement>('.act')) {
        if (!button.checkVisibility()) continue;
        const { left, right, top, bottom, width, height } = button.getBoundingClientRect();
        const what = `${button.ariaLabel ?? button.textContent} of ${message.querySelector('.message-text')?.textContent}`;
        if (width < 32 || height < 28) faults.push(`small: ${what}`);
        if (left < 0 || right > windowWidth) faults.push(`out: ${what}`);
        // A line of text is higher than its letters.
        const isOver = (line: DOMRect) =>
          line.left < right && line.right > left && line.top + 3 < bottom && line.bottom - 3 > top;
        if (lines.some(isOver)) faults.push(`covers text: ${what}`);
      }
    }
    // Not `innerWidth`: a phone shows what is too wide in a smaller size.
    if (document.documentElement.scrollWidth > windowWidth) faults.push('wider than the window');
    return faults;
  }, page.viewportSize()?.width ?? 0);

describe('the buttons of a message', () => {
  it.each([
    ['on a phone', PHONE],
    ['on a small one', SMALL],
  ])('cover no text, and are large enough for a finger, %s', async (_name, options) => {
    const { url } = await startTestServer();
    await fill(url);
    const chat = await openPage(`${url}/websocket/`, options);
    await chat.say('mine', 'Mira');
    await chat.say('mine again, and long enough that it fills a line of its own');
    const last = chat.items.last();
    await expectPage(last.getByRole('button', { name: /^Edit/ })).toBeVisible();
    expect(await findFaults(chat)).toEqual([]);
    await last.getByRole('button', { name: /^Edit/ }).click();
    await chat.page.getByRole('textbox', { name: 'Edit message' }).fill('mine, edited');
    await chat.page.getByRole('button', { name: 'Save' }).click();
    await expectPage(last).toContainText('edited');
    await expectPage(last.getByRole('button', { name: /^Edit/ })).toBeVisible();
    expect(await findFaults(chat)).toEqual([]);
    // Written twice as large.
    await chat.page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
    expect((await findFaults(chat)).filter((one) => one.startsWith('covers'))).toEqual([]);
  });

  it('take no line of their own where the text leaves room, and none when somebody reacts', async () => {
    const { url } = await startTestServer();
    const first = await post(url, { user: 'Bo', message: 'It is settled: 15:00.' });
    await post(url, { user: 'Bo', message: 'ok' });
    const chat = await openPage(`${url}/polling/`, PHONE);
    const { page, items } = chat;
    await expectPage(items).toHaveCount(2);
    const heights = () => items.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
    const [, together = 0] = await heights();
    expect(together).toBeLessThanOrEqual(28);
    const before = await heights();
    const { token } = await identify(url);
    await write(url, `/messages/${first.id}/reactions/${encodeURIComponent('👍')}`, {}, { method: 'PUT', token });
    await expectPage(items.first().getByRole('button', { name: 'Like, 1' })).toBeVisible();
    expect(await heights()).toEqual(before);
    // One's own has no more and no less when it has been sent.
    await page.evaluate(() => {
      const list = document.querySelector('#list');
      new MutationObserver(() => {
        const own = list?.lastElementChild?.getBoundingClientRect().height ?? 0;
        document.body.dataset['seen'] = `${document.body.dataset['seen'] ?? ''} ${Math.round(own)}`;
      }).observe(list ?? document, { subtree: true, childList: true, attributes: true });
    });
    await chat.say('mine', 'Mira');
    await expectPage(items.last().getByRole('button', { name: /^Edit/ })).toBeVisible();
    const seen = await page.evaluate(() => new Set(document.body.dataset['seen']?.trim().split(' ')).size);
    expect(seen).toBe(1);
  });

  it('stay where they are, and can be seen, while a change is being saved', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(`${url}/polling/`, PHONE);
    const { page } = chat;
    await chat.say('mine', 'Mira');
    const own = chat.items.last();
    let mayPass = Promise.withResolvers<void>();
    await page.route('**/messages/*', async (route) => {
      await mayPass.promise;
      await route.continue();
    });
    const places = () =>
      own.locator('.act').evaluateAll((all) => all.map((one) => JSON.stringify(one.getBoundingClientRect())));
    const edit = async (text: string) => {
      await own.getByRole('button', { name: /^Edit/ }).click();
      await page.getByRole('textbox', { name: 'Edit message' }).fill(text);
      await page.getByRole('button', { name: 'Save' }).click();
      await expectPage(own).toContainText('Saving…');
    };
    /** Buttons that the note lies over. */
    const covered = () =>
      own.evaluate((item) => {
        const range = document.createRange();
        range.selectNodeContents(item.querySelector('.message-note') ?? item);
        const note = range.getBoundingClientRect();
        return [...item.querySelectorAll('.act')].filter((button) => {
          const { left, right, top, bottom } = button.getBoundingClientRect();
          const isSeen = button.checkVisibility({ visibilityProperty: true });
          return isSeen && note.left < right && note.right > left && note.top < bottom && note.bottom > top;
        }).length;
      });
    for (const text of ['mine, edited', 'mine, edited twice']) {
      await edit(text);
      expect(await covered()).toBe(0);
      const saving = await places();
      mayPass.resolve();
      await expectPage(own).toContainText('edited');
      await expectPage(own).not.toContainText('Saving…');
      expect(await places()).toEqual(saving);
      mayPass = Promise.withResolvers();
    }
    const before = await own.boundingBox();
    await own.getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expectPage(own).toContainText('Deleting…');
    expect([await covered(), await own.boundingBox()]).toEqual([0, before]);
    mayPass.resolve();
    await expectPage(own).toContainText('Message deleted');
  });

  it('can all be pressed at once', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(`${url}/websocket/`, PHONE);
    const { page } = chat;
    await chat.say('mine', 'Mira');
    const own = chat.items.last();
    await own.getByRole('button', { name: 'Like', exact: true }).click();
    await expectPage(own.getByRole('button', { name: 'Like, 1' })).toHaveAttribute('aria-pressed', 'true');
    await own.getByRole('button', { name: 'Add a reaction' }).click();
    await page.getByRole('menuitem', { name: '🎉' }).click();
    await expectPage(own.getByRole('button', { name: /🎉, 1/ })).toBeVisible();
    await own.getByRole('button', { name: /^Reply/ }).click();
    await expectPage(page.getByText('Replying to')).toBeVisible();
    await own.getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expectPage(own).toContainText('Message deleted');
  });
});

describe('what one writes with', () => {
  it.each([
    ['on a phone', PHONE],
    ['on a small one', SMALL],
  ])('is two rows, in which everything can be seen and pressed, %s', async (_name, options) => {
    const { url } = await startTestServer();
    for (let number = 1; number <= 30; number += 1) await post(url, { user: 'Bo', message: `${number}` });
    const chat = await openPage(`${url}/polling/`, options);
    const { page, message, items } = chat;
    const height = () => page.locator('.composer-card').evaluate((card) => card.getBoundingClientRect().height);
    expect(await height()).toBeLessThanOrEqual(104);
    await chat.name.fill('Mira');
    await message.fill('bold');
    await message.selectText();
    for (const name of ['Bold', 'Italic', 'Underline', 'Code', 'Options', 'Send']) {
      await expectPage(page.getByRole('button', { name, exact: true })).toBeInViewport({ ratio: 1 });
    }
    await page.getByRole('button', { name: 'Bold', exact: true }).click();
    await expectPage(message).toHaveValue('**bold**');
    await page.getByRole('button', { name: 'Options' }).click();
    await expectPage(page.getByLabel('Colour')).toBeVisible();
    await expectPage(items.last()).toBeInViewport({ ratio: 1 });
    await page.getByRole('button', { name: 'Options' }).click();
    await message.fill('one\ntwo\nthree\nfour\nfive');
    expect(await height()).toBeGreaterThan(170);
    await expectPage(items.last()).toBeInViewport({ ratio: 1 });
    await chat.send.click();
    await expectPage(items).toHaveCount(31);
    await expectPage(items.last()).toBeInViewport({ ratio: 1 });
    expect(await height()).toBeLessThanOrEqual(104);
  });
});

it('tells how messages travel in no more than two lines of the bar', async () => {
  const { url } = await startTestServer();
  const chat = await openPage(`${url}/polling/`, { ...SMALL, viewport: { width: 320, height: 480 } });
  await expectPage(chat.status).toContainText('Polling, 1');
  const lines = await chat.status.evaluate((status) => {
    const lineHeight = Number.parseFloat(getComputedStyle(status).lineHeight);
    return Math.round(status.getBoundingClientRect().height / lineHeight);
  });
  expect(lines).toBe(2);
  const { scrollWidth, clientWidth } = await chat.page
    .getByRole('heading', { level: 1 })
    .evaluate(({ scrollWidth: all, clientWidth: shown }) => ({ scrollWidth: all, clientWidth: shown }));
  expect(scrollWidth).toBe(clientWidth);
});

it('fits into the window where the browser writes everything twice as large', async () => {
  const { url } = await startTestServer();
  const chat = await openPage(`${url}/polling/`, {
    ...SMALL,
    async prepare(page, context) {
      const browser = await context.newCDPSession(page);
      await browser.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 26 } });
    },
  });
  await expectPage(chat.status).toContainText('Polling, 1');
  expect(await findFaults(chat)).toEqual([]);
  await expectPage(chat.page.getByRole('heading', { level: 1 })).toBeInViewport({ ratio: 1 });
  await expectPage(chat.send).toBeInViewport({ ratio: 1 });
});
