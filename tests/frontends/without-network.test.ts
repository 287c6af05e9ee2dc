/** The pages that a browser has kept, and what was said in them: there before any network is. */
import { expect, it } from 'vitest';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { takePort } from '../harness/ports.ts';
import { startServerProcess } from '../harness/process.ts';
import type { Page } from '@playwright/test';

const LOST = /offline|reconnecting|trying again/i;
/** The one whose connection is somebody's for as long as it is open. */
const path = '/websocket/';
const openPage = useBrowser();

const isKept = (page: Page) => page.evaluate(() => document.documentElement.dataset['kept'] !== undefined);
const countWritten = (page: Page) =>
  page.evaluate(async () => {
    const answerOf = (request: IDBRequest) =>
      new Promise((resolve) => request.addEventListener('success', () => resolve(request.result)));
    const database = (await answerOf(indexedDB.open('since'))) as IDBDatabase;
    const rooms = await answerOf(database.transaction('rooms').objectStore('rooms').getAll());
    database.close();
    return (rooms as { messages: unknown[] }[]).flatMap(({ messages }) => messages).length;
  });
async function lookForEmoji(page: Page): Promise<void> {
  await page.getByRole('toolbar', { name: 'Formatting' }).getByRole('button', { name: 'Emoji' }).click();
  const picker = page.getByRole('dialog', { name: 'Emoji' });
  await expectPage(picker.getByRole('button', { name: 'grinning face', exact: true })).toBeVisible();
  await page.keyboard.press('Escape');
}

const keep = (page: Page) => page.evaluate(async () => void (await navigator.serviceWorker.ready));

it('opens without the server, shows what it had, and sends once what is written', async () => {
  const server = await startServerProcess({ port: await takePort() });
  const chat = await openPage(`${server.url}/`, { mayFail: true, impatient: true });
  const { page, context } = chat;
  // The front door has all of them kept.
  await keep(page);
  await page.goto(server.url + path);
  await lookForEmoji(page);
  await chat.say('before');
  await expectPage(page.locator('.is-pending')).toHaveCount(0);
  // A moment after it came.
  await expect.poll(() => countWritten(page)).toBe(1);
  await page.reload();
  // While there is a server, the page is the server's.
  await expectPage(chat.status).toContainText('Live');
  expect(await isKept(page)).toBe(false);

  await server.end('SIGKILL');
  await page.reload();
  expect(await isKept(page)).toBe(true);
  await expectPage(chat.items).toHaveText([/before/]);
  await lookForEmoji(page);
  await expectPage(chat.status).toContainText(LOST);
  await chat.say('while it was away');
  await page.reload();
  await expectPage(chat.items).toHaveText([/before/, /while it was away/]);
  await page.goto(`${server.url}/`);
  await expectPage(page.getByRole('heading', { name: 'Since' })).toBeVisible();
  expect(await isKept(page)).toBe(true);

  await page.goto(server.url + path);
  // Not even who one was is known any more.
  await context.clearCookies();
  await startServerProcess({ port: server.port, dataDir: server.dataDir });
  await expectPage(chat.status).toContainText('Live');
  await expectPage(page.locator('.is-pending')).toHaveCount(0);
  await expectPage(chat.items).toHaveText([/before/, /while it was away/]);
  await expectPage(chat.items.last().getByRole('button', { name: /^Edit/ })).toHaveCount(1);
  expect(await isKept(page)).toBe(true);
  const said = (await (await fetch(`${server.url}/messages`)).json()) as { message: string }[];
  expect(said.map(({ message }) => message)).toEqual(['before', 'while it was away']);
});
