/** Several tabs of one page in one browser: they share one link, whichever of them is closed, crashes or is frozen. */
import { describe, expect, it } from 'vitest';
import { post } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Locator, Page } from '@playwright/test';
import type { Chat } from '../harness/browser.ts';

const openPage = useBrowser();

/** What the server holds, by transport. */
async function connections(url: string, transport: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^chat_connections\\{transport="${transport}"\\} (\\d+)`, 'm').exec(text)?.[1]);
}

async function openTabs(url: string, count: number, first?: Chat): Promise<Chat[]> {
  const tabs = first === undefined ? [await openPage(url, { mayFail: true })] : [first];
  while (tabs.length < count) tabs.push(await openPage(url, { beside: tabs[0]!, mayFail: true }));
  return tabs;
}

/** As the browser does it for a tab behind another one. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((to) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => to });
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (to ? 'hidden' : 'visible') });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

/** @returns grows with each thing that is said there, also with what does not stay for long */
const hearing = (status: Locator) =>
  status.evaluateHandle((element) => {
    const said: string[] = [];
    const hear = () => said.push(element.textContent);
    new MutationObserver(hear).observe(element, { characterData: true, childList: true, subtree: true });
    return said;
  });

/** Stops everything in a tab that keeps its lock: the next thing that it does, it does after `resume`. */
async function freeze({ page, context }: Chat): Promise<() => Promise<unknown>> {
  const session = await context.newCDPSession(page);
  await session.send('Debugger.enable');
  const paused = new Promise((resolve) => session.once('Debugger.paused', resolve));
  await session.send('Debugger.pause');
  void page.evaluate(() => 'something to stop at').catch(() => {});
  await paused;
  return () => session.send('Debugger.disable');
}

it('shows what several tabs have written in its order, below what was said meanwhile', async () => {
  const { url } = await startTestServer();
  const { promise: mayPass, resolve: letPass } = Promise.withResolvers<void>();
  const chat = await openPage(`${url}/polling/`);
  await chat.page.route('**/messages', async (route) => {
    await mayPass;
    await route.continue();
  });
  await chat.say('here');
  await expectPage(chat.items).toHaveText([/here/]);
  // What another tab wrote a moment before is heard of a moment after.
  await chat.page.evaluate(() => {
    const kept = { key: 'of-another-tab', room: 'lobby', user: 'Azin', message: 'there', order: Date.now() - 60_000 };
    localStorage.setItem(`since.outbox.${kept.key}`, JSON.stringify(kept));
    dispatchEvent(new StorageEvent('storage'));
  });
  await expectPage(chat.items).toHaveText([/there/, /here/]);
  await post(url, 'of somebody else');
  await expectPage(chat.items).toHaveText([/of somebody else/, /there/, /here/]);
  letPass();
  await expectPage(chat.page.locator('.is-pending')).toHaveCount(0);
  await expectPage(chat.items).toHaveText([/of somebody else/, /here/, /there/]); // the first was on its way already
});

it('shows what another tab has sent, where only this one is cut off, and takes its name', async () => {
  const { url } = await startTestServer();
  const cut = await openPage(`${url}/websocket/`, { mayFail: true });
  const other = await openPage(`${url}/polling/`, { beside: cut, mayFail: true });
  await other.name.fill('Mira');
  await expectPage(cut.name).toHaveValue('Mira');
  const session = await cut.context.newCDPSession(cut.page);
  await session.send('Network.enable');
  const network = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
  await session.send('Network.emulateNetworkConditions', { ...network, offline: true });
  await expectPage(cut.status).toContainText('Offline');
  await cut.say('from the one that is cut off', 'Mira');
  await expectPage(cut.items).toContainText(['cut off']);
  // Whichever tab gets through sends it; nothing that was written is gone anywhere meanwhile.
  await other.say('from the other');
  for (const { items, page } of [other, cut]) {
    await expectPage(items).toHaveText([/cut off/, /from the other/]);
    await expectPage(page.locator('.is-pending')).toHaveCount(0);
  }
  await expectPage(cut.status).toContainText('Offline');
  await session.send('Network.emulateNetworkConditions', { ...network, offline: false });
  await expectPage(cut.status).toContainText('Live');
  await expectPage(cut.items).toHaveText([/cut off/, /from the other/]);
});

describe.each(['/polling/', '/websocket/'])('%s', (path) => {
  const transport = path === '/polling/' ? 'longpoll' : 'websocket';

  it('shares one link among tabs, also of several rooms, and goes on when the one that leads is gone', async () => {
    const { url } = await startTestServer();
    const [leading, crashing, third] = (await openTabs(url + path, 3)) as [Chat, Chat, Chat];
    await expectPage(third.status).toContainText('for 3 tabs');
    await expect.poll(() => connections(url, transport)).toBe(1);
    await third.say('by the third', 'Azin');
    for (const { items } of [leading, crashing]) await expectPage(items).toHaveText([/by the third/]);

    await leading.page.close();
    await post(url, 'while nobody leads');
    for (const { items } of [crashing, third]) {
      await expectPage(items).toHaveText([/by the third/, /while nobody leads/]);
    }
    await third.page.goto(`${url}${path}?room=other`);
    await expectPage(third.status).toContainText('Live');
    await crashing.say('still here');
    await expectPage(crashing.page.locator('.is-pending')).toHaveCount(0);
    await expect.poll(() => connections(url, transport)).toBe(transport === 'websocket' ? 1 : 2);

    const session = await crashing.context.newCDPSession(crashing.page);
    void session.send('Page.crash').catch(() => {});
    await crashing.page.waitForEvent('crash');
    await post(url, { message: 'after the crash', room: 'other' });
    await expectPage(third.items).toHaveText([/after the crash/]);
    await expectPage(third.status).not.toContainText('tabs');
    await expect.poll(() => connections(url, transport)).toBe(1);
  });

  it('goes on without the one that leads when that is frozen, and takes it in again when it thaws', async () => {
    const { url } = await startTestServer();
    const [leading, other] = (await openTabs(url + path, 2)) as [Chat, Chat];
    await post(url, 'before');
    for (const { items } of [leading, other]) await expectPage(items).toHaveText([/before/]);
    const thaw = await freeze(leading);
    await post(url, 'meanwhile');
    const said = await hearing(other.status);
    await setHidden(other.page, true);
    await setHidden(other.page, false); // looked at: it wants to know whether it is told everything
    await expect.poll(() => said.jsonValue()).toContainEqual(expect.stringContaining('Catching up'));
    await expectPage(other.items).toHaveText([/before/, /meanwhile/]);
    await expectPage(other.status).toContainText('Live');
    await thaw();
    await post(url, 'after');
    for (const { items, status } of [leading, other]) {
      await expectPage(items).toHaveText([/before/, /meanwhile/, /after/]);
      await expectPage(status).toContainText('for 2 tabs');
    }
    await expect.poll(() => connections(url, transport)).toBe(1);
  });
});

it('lets a seventh tab of the polling page be as live as the first', async () => {
  const { url } = await startTestServer();
  const tabs = await openTabs(`${url}/polling/`, 7);
  await tabs.at(-1)!.say('from the seventh', 'Azin');
  for (const { items, page } of tabs) {
    await expectPage(items).toHaveText([/from the seventh/]);
    await expectPage(page.locator('.is-pending')).toHaveCount(0);
  }
  // In more rooms than requests may be held, each has its turn.
  for (const [index, { page }] of tabs.entries()) await page.goto(`${url}/polling/?room=room-${index}`);
  for (const [index, { items, status }] of tabs.entries()) {
    await expectPage(status).toContainText('Live');
    await post(url, { message: `into room ${index}`, room: `room-${index}` });
    await expectPage(items).toHaveText([new RegExp(`into room ${index}`)]);
  }
});

it('has each tab listen for itself where a browser has no locks, or gives none', async () => {
  const { url } = await startTestServer();
  const first = await openPage(`${url}/websocket/`, {
    prepare: (page) =>
      page.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true })),
  });
  const second = await openPage(`${url}/websocket/`, {
    beside: first,
    prepare: (page) =>
      page.addInitScript(() => {
        LockManager.prototype.request = () => Promise.reject(new DOMException('The request was denied.'));
      }),
  });
  await expect.poll(() => connections(url, 'websocket')).toBe(2);
  await first.say('to both', 'Azin');
  for (const { items } of [first, second]) await expectPage(items).toHaveText([/to both/]);
});
