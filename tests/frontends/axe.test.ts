/**
 * The states that a page comes into by itself, and what opens from the box, as axe-core sees them in light and dark, and
 * nothing wider than the narrowest window. What opens from a message is in states.test.ts.
 */
import AxeBuilder from '@axe-core/playwright';
import { expect, it } from 'vitest';
import { call, identify, post } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Page } from '@playwright/test';

const NARROW = { width: 320, height: 568 };
const openPage = useBrowser();

/** Everything once, and what darkness changes once more. */
async function check(page: Page, state: string): Promise<void> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // What fades from light to dark cannot be read in between.
    const fading = await page.evaluate(
      () => document.getAnimations().filter((one) => one instanceof CSSTransition).length,
    );
    if (fading > 0) found.push(`${colorScheme}: ${fading} fade`);
    const axe = new AxeBuilder({ page });
    if (colorScheme === 'dark') axe.withRules(['color-contrast', 'link-in-text-block']);
    const { violations } = await axe.analyze();
    for (const { id, impact, nodes } of violations) {
      if (impact === 'serious' || impact === 'critical') found.push(`${colorScheme}: ${id}: ${nodes[0]?.html}`);
    }
  }
  const tooWide = await page.evaluate(() => {
    const isOut = ({ left, right }: DOMRect) => right > innerWidth + 1 || left < -1;
    // What is clipped on purpose, or scrolls by itself, is as wide as what clips it.
    const isClipped = (element: Element | null): boolean =>
      element !== null &&
      element !== document.documentElement &&
      (getComputedStyle(element).overflowX !== 'visible' || isClipped(element.parentElement));
    return [...document.querySelectorAll('body *')]
      .filter((one) => one.checkVisibility() && isOut(one.getBoundingClientRect()) && !isClipped(one.parentElement))
      .map((one) => one.outerHTML.slice(0, 200));
  });
  const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  expect({ state, found, tooWide, scrolls }).toEqual({ state, found: [], tooWide: [], scrolls: false });
}

/** All that can stand in a list: groups, answers, reactions, what was deleted, words without end, both directions. */
async function fill(url: string): Promise<void> {
  const { token } = await identify(url);
  const first = await post(url, { message: 'one of **three**' }, { token });
  await post(url, { message: 'two of three, with `code` and https://a.example/' }, { token });
  await post(url, { message: 'A'.repeat(300) }, { token });
  await post(url, { user: 'آذین', message: 'سلام `flush()` https://a.example/', color: '#ffee00' });
  await post(url, { user: 'W'.repeat(40), message: `\`\`\`\n${'code '.repeat(40)}\nmore\n\`\`\``, replyTo: first.id });
  const gone = await post(url, 'gone', { token });
  const headers = { Authorization: `Bearer ${token}` };
  await call(url, `/messages/${gone.id}`, { method: 'DELETE', headers });
  await call(url, `/messages/${first.id}/reactions/🎉`, { method: 'PUT', headers });
}

it('a room is fit to be used, empty and full, with all that opens, with errors and without a network', async () => {
  const { url } = await startTestServer();
  const chat = await openPage(`${url}/websocket/`, { viewport: NARROW, hasTouch: true, mayFail: true });
  const { page, context } = chat;
  await check(page, 'empty');
  await fill(url);
  await expectPage(chat.items.filter({ hasText: 'flush()' })).toBeVisible();
  await check(page, 'full');
  await chat.message.fill('nameless');
  await chat.message.press('Enter');
  await expectPage(chat.alert).not.toBeEmpty();
  await check(page, 'with an error');
  await chat.message.fill('**bold** and a `word`');
  await page.getByRole('button', { name: /preview/i }).click();
  await expectPage(page.getByRole('region', { name: 'Preview' })).toContainText('bold and a word');
  await check(page, 'with a preview');
  await page.getByRole('button', { name: /preview/i }).click();
  await chat.message.pressSequentially(' @W');
  await expectPage(page.getByRole('option')).toHaveCount(1);
  await check(page, 'with an offer');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Rooms' }).click();
  await page.getByRole('button', { name: 'Settings' }).click();
  await check(page, 'with the settings');
  await page.getByRole('button', { name: 'Keys' }).click();
  await expectPage(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await check(page, 'with the keys');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Emoji', exact: true }).click();
  // Of thousands a few, as axe-core looks at each.
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('wink');
  await expectPage(page.getByRole('dialog', { name: 'Emoji' }).getByText('😉')).toBeVisible();
  await check(page, 'with the emoji');
  await page.keyboard.press('Escape');
  await context.setOffline(true);
  await chat.say('waits for the network');
  await expectPage(chat.status).toContainText(/offline|reconnecting/i);
  await expectPage(chat.items.filter({ hasText: 'waits for the network' })).toBeVisible();
  await check(page, 'offline');
  await context.setOffline(false);
  await expectPage(chat.status).toContainText('Live');
});

it('the front door is fit to be used', async () => {
  const { url } = await startTestServer({ host: '0.0.0.0' });
  const { page } = await openPage(`${url}/`, { viewport: NARROW, hasTouch: true, impatient: true });
  const glimpse = page.getByRole('region', { name: /#lobby/ });
  await expectPage(glimpse).toHaveAttribute('aria-busy', 'false');
  await check(page, 'empty');
  await fill(url);
  await expectPage(glimpse.getByRole('listitem')).toHaveCount(5);
  await check(page, 'full');
  await page.setViewportSize({ width: 1280, height: 800 });
  await check(page, 'wide');
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBe(800);
});
