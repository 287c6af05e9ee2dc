/** Every state the pages can be in, as axe-core sees it, and nothing wider than the window. */
import AxeBuilder from '@axe-core/playwright';
import { describe, expect, it } from 'vitest';
import { identify, post, write } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Chat } from '../harness/browser.ts';

const openPage = useBrowser();
const HOSTILE = '<img src=x onerror=alert(1)> ** __ ` \u202E https://';

async function check({ page }: Chat, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, impact, nodes }) => `${state}: ${impact} ${id}: ${nodes[0]?.html}`);
  expect(found).toEqual([]);
  const tooWide = await page.evaluate(() =>
    [...document.querySelectorAll('body, body *')]
      .filter(
        (element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.quote-text, .heard'),
      )
      .map((element) => element.outerHTML.slice(0, 200)),
  );
  expect({ state, tooWide }).toEqual({ state, tooWide: [] });
}

/** A message with all that a message can have, an answer to it, and another room. */
async function fill(url: string): Promise<void> {
  const first = await post(url, { message: `**first** ${HOSTILE}`, user: HOSTILE.slice(0, 28), color: '#ffee00' });
  await post(url, { message: `an answer ${'long'.repeat(60)}`, replyTo: first.id, color: '#0000ff' });
  await post(url, { message: '```\na block\n  of code\n```\n`code` https://a.example/' });
  await post(url, { message: 'elsewhere', room: 'a'.repeat(40) });
  const emojis = ['👍', '👎', '❤️', '😂', '🎉', '😮', '😢', '🙏', '🔥', '👀', '✅', '💯'];
  for (const emoji of emojis) {
    const { token } = await identify(url);
    await write(url, `/messages/1/reactions/${encodeURIComponent(emoji)}`, {}, { method: 'PUT', token });
  }
}

describe.each([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['narrow', { viewport: { width: 320, height: 568 }, hasTouch: true, reducedMotion: 'reduce' }],
  ['narrow and dark', { viewport: { width: 375, height: 700 }, colorScheme: 'dark', reducedMotion: 'reduce' }],
] as const)('%s', (name, options) => {
  it('is fit to be used, whatever is open', async () => {
    const { url } = await startTestServer();
    await fill(url);
    const chat = await openPage(`${url}/${name === 'light' ? 'polling' : 'websocket'}/`, options);
    const { page } = chat;
    await expectPage(chat.items).toHaveCount(3);
    await check(chat, 'with messages');
    await chat.say('my own');
    const own = chat.items.filter({ hasText: 'my own' });
    await expectPage(own.getByRole('button', { name: /^Edit/ })).toHaveCount(1);
    await own.getByRole('button', { name: /^Like/ }).click();
    await expectPage(own.getByRole('button', { name: /^Like, 1/ })).toHaveAttribute('aria-pressed', 'true');
    await check(chat, 'with own actions');
    await own.getByRole('button', { name: /^Reply/ }).click();
    await page.getByRole('button', { name: 'Options' }).click();
    await page.getByLabel('Send later', { exact: true }).fill('2100-01-01T10:00');
    await check(chat, 'replying, with options');
    await page.getByLabel('Send later', { exact: true }).fill(new Date(Date.now() + 864e5).toISOString().slice(0, 16));
    await chat.say('tomorrow');
    await page.getByText('1 message waits').click();
    await check(chat, 'with one that waits');
    await page.getByText('1 message waits').click();
    await page.getByRole('button', { name: 'Options' }).click();
    await own.getByRole('button', { name: /^Add/ }).click();
    await expectPage(page.getByRole('menu')).toBeVisible();
    await check(chat, 'with the menu');
    await page.keyboard.press('Escape');
    await expectPage(own.getByRole('button', { name: /^Add/ })).toBeFocused();
    await own.getByRole('button', { name: /^Delete/ }).click();
    await check(chat, 'with the dialog');
    await page.keyboard.press('Escape');
    await own.getByRole('button', { name: /^Edit/ }).click();
    await check(chat, 'editing');
    await page.keyboard.press('Escape');
    if (name.startsWith('narrow')) await page.getByRole('button', { name: 'Rooms' }).click();
    await check(chat, 'with rooms');
    await page.getByRole('searchbox', { name: 'Search' }).fill('first');
    await expectPage(page.getByText('1 message found')).toBeVisible();
    await check(chat, 'with results');
    await page.getByRole('region', { name: 'Search results' }).getByRole('link').click();
    await expectPage(chat.items.first()).toBeFocused();
    await check(chat, 'with a marked message');
    await expectPage(page.locator('#list img, #results img')).toHaveCount(0);
  });
});

it('leaves the place to read in at 400 % of zoom, whatever is open', async () => {
  const { url } = await startTestServer();
  await fill(url);
  const chat = await openPage(`${url}/polling/`, { viewport: { width: 320, height: 256 } });
  const { page } = chat;
  const options = page.getByRole('button', { name: 'Options' });
  await check(chat, 'low, without a name');
  await chat.say('my own');
  await expectPage(chat.items).toHaveCount(4);
  await expectPage(chat.items.last()).toBeInViewport({ ratio: 1 });
  expect(await chat.log.evaluate(({ clientHeight }) => clientHeight)).toBeGreaterThan(100);
  await options.click();
  await expectPage(page.getByRole('button', { name: 'Emoji' })).toBeVisible();
  await check(chat, 'low, with options');
  // What is open covers no button of the bar, and can be closed.
  await page.getByRole('button', { name: 'Rooms' }).click();
  await expectPage(page.getByRole('navigation', { name: 'Rooms' })).toBeVisible();
  await page.keyboard.press('Escape');
  await options.click();
  await expectPage(chat.items.last()).toBeInViewport({ ratio: 1 });
  // One whose name is refused is shown where to mend it.
  await options.click();
  await chat.name.fill('n'.repeat(100));
  await options.click();
  await chat.message.fill('again');
  await chat.message.press('Enter');
  await expectPage(chat.name).toBeFocused();
});
