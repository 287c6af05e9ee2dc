/** Both pages when the network, or the server, is not there. */
import { describe, expect, it } from 'vitest';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { takePort } from '../harness/ports.ts';
import { startServerProcess } from '../harness/process.ts';
import { makeDataDir, startTestServer } from '../harness/server.ts';
import type { Page } from '@playwright/test';
import type { Chat } from '../harness/browser.ts';

const LOST = /offline|reconnecting|trying again/i;
const PAGES = ['/polling/', '/websocket/'];
const openPage = useBrowser();

const textsOf = async (url: string) => {
  const messages = (await (await fetch(`${url}/messages`)).json()) as { message: string }[];
  return messages.map(({ message }) => message);
};

async function post(url: string, message: string, room = 'lobby'): Promise<void> {
  const response = await fetch(`${url}/messages`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user: 'Mira', message, room }),
  });
  expect(response.status).toBe(201);
}

/** As the browser does it for a tab behind another one. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((to) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => to });
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (to ? 'hidden' : 'visible') });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

const roomLink = ({ page }: Chat, name: string) =>
  page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name, exact: true });

/** Everything that was written is accepted, and known to be. */
const untilSent = ({ page }: Chat) =>
  page.waitForFunction(() => !Object.keys(localStorage).some((name) => name.startsWith('since.outbox.')));

it('says that the server is gone, and has everything once when it is back', async () => {
  const dataDir = makeDataDir();
  const first = await startServerProcess({ dataDir, port: await takePort() });
  const chats = await Promise.all(PAGES.map((path) => openPage(first.url + path, { mayFail: true })));
  const [polling, websocket] = chats as [(typeof chats)[0], (typeof chats)[0]];
  await polling.say('before', 'Azin');
  for (const { items } of chats) await expectPage(items).toHaveCount(1);

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const server = signal === 'SIGKILL' ? first : await startServerProcess({ dataDir, port: first.port });
    for (const { status } of chats) await expectPage(status).toContainText('Live');
    for (const chat of chats) await untilSent(chat);
    await server.end(signal);
    for (const { status } of chats) await expectPage(status).toContainText(LOST);
    await polling.say(`polling during ${signal}`, 'Azin');
    await websocket.say(`websocket during ${signal}`, 'Mira');
    for (const { status } of chats) await expectPage(status).toContainText('1 message will be sent');
  }
  await startServerProcess({ dataDir, port: first.port });
  const said = [
    'before',
    'polling during SIGKILL',
    'polling during SIGTERM',
    'websocket during SIGKILL',
    'websocket during SIGTERM',
  ];
  for (const { status, items, page } of chats) {
    await expectPage(status).not.toContainText(LOST);
    await expectPage(items).toHaveCount(said.length);
    await expectPage(page.locator('.is-pending')).toHaveCount(0);
  }
  expect((await textsOf(first.url)).toSorted()).toEqual(said);
});

it('starts again, and keeps what is not sent yet, when the server comes back with another journal', async () => {
  const first = await startServerProcess({ port: await takePort() });
  await post(first.url, 'of the old journal');
  for (const text of ['one', 'two', 'three']) await post(first.url, text, 'den');
  const chats = await Promise.all(PAGES.map((path) => openPage(`${first.url}${path}?room=den`, { mayFail: true })));
  for (const chat of chats) await expectPage(chat.items).toHaveCount(3);
  for (const chat of chats) await roomLink(chat, 'lobby').click();
  for (const { items } of chats) await expectPage(items).toHaveCount(1);
  await first.end('SIGKILL');
  for (const { status } of chats) await expectPage(status).toContainText(LOST);
  await chats[0]!.say('carried over', 'Azin');

  const second = await startServerProcess({ port: first.port });
  for (const text of ['a', 'b']) await post(second.url, text, 'den');
  for (const chat of chats) {
    const { status, items, page } = chat;
    await expectPage(status).toContainText('Live');
    await expectPage(items).toHaveCount(1);
    await expectPage(items).toContainText('carried over');
    await expectPage(page.locator('.is-pending')).toHaveCount(0);
    await expectPage(roomLink(chat, 'den 2 unread')).toBeVisible();
  }
});

describe.each(PAGES)('%s', (path) => {
  it('says at once that it is offline, and sends once what was written meanwhile', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path, { mayFail: true });
    await chat.say('before');
    await untilSent(chat);
    await chat.context.setOffline(true);
    await expectPage(chat.status).toContainText('Offline');
    await chat.say('first');
    await chat.say('second');
    await expectPage(chat.status).toContainText('Offline: 2 messages will be sent when you are back');
    await expectPage(chat.items).toHaveCount(3);
    await post(url, 'said meanwhile');
    await chat.context.setOffline(false);
    await expectPage(chat.status).toContainText('Live');
    await expectPage(chat.items).toHaveCount(4);
    await expectPage(chat.page.locator('.is-pending')).toHaveCount(0);
    expect(await textsOf(url)).toEqual(['before', 'said meanwhile', 'first', 'second']);
    await expectPage(chat.status).not.toContainText(LOST);
  });

  it('counts down for the eyes, and says it once to those who listen', async () => {
    const server = await startServerProcess();
    const chat = await openPage(server.url + path, { mayFail: true });
    await server.end('SIGKILL');
    await expectPage(chat.status).toContainText(/Reconnecting in \d+ s/);
    expect(await chat.status.ariaSnapshot()).toBe('- status: Reconnecting');
    const heard = chat.status.evaluateHandle((status) => {
      const changes: string[] = [];
      const options = { characterData: true, childList: true, subtree: true };
      for (const part of status.querySelectorAll('[data-words]:not([aria-hidden])')) {
        new MutationObserver(() => changes.push(part.textContent)).observe(part, options);
      }
      return changes;
    });
    const counted = (await chat.status.innerText()).trim();
    await expectPage(chat.status).not.toHaveText(counted);
    expect(await (await heard).jsonValue()).toEqual([]);
  });

  it('catches up before it is called live again, when the machine has slept', async () => {
    const { url } = await startTestServer();
    let mayPass = Promise.resolve();
    const chat = await openPage(url + path, {
      async prepare(page) {
        await page.clock.install();
        await page.route('**/messages?*', async (route) => {
          await mayPass;
          await route.continue().catch(() => {});
        });
        await page.routeWebSocket('**/messages*', (socket) => {
          const server = socket.connectToServer();
          server.onMessage(async (frame) => {
            await mayPass;
            socket.send(frame);
          });
        });
      },
    });
    const { promise, resolve: letPass } = Promise.withResolvers<void>();
    mayPass = promise;
    await chat.page.clock.fastForward(120_000);
    await expectPage(chat.status).toContainText('Catching up…');
    await expectPage(chat.status).not.toContainText('Live');
    letPass();
    await expectPage(chat.status).toContainText('Live');
    await chat.page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  it('is up to date when a hidden tab is shown', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path);
    await setHidden(chat.page, true);
    await post(url, 'said meanwhile');
    await setHidden(chat.page, false);
    await expectPage(chat.items).toHaveCount(1);
    await expectPage(chat.status).toContainText('Live');
  });
});

describe('/polling/', () => {
  it('asks on until it has everything, where one answer does not hold it', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(`${url}/polling/`);
    await setHidden(chat.page, true);
    const missed = Array.from({ length: 1_050 }, (_, index) => `missed ${index}`);
    await Promise.all(missed.map((text) => post(url, text)));
    const waits: (string | null)[] = [];
    chat.page.on('request', (request) => waits.push(new URL(request.url()).searchParams.get('wait')));
    await setHidden(chat.page, false);
    // Those of long ago are not kept in the page.
    await expectPage(chat.items.last()).toContainText((await textsOf(url)).at(-1) ?? '');
    // Not held before all of it is there.
    await expectPage.poll(() => waits).toContain('25');
    expect(waits.filter(Boolean)).toEqual(['0', '0', '25']);
  });

  it('misses nothing that was said before its own message, whose answer overtook it', async () => {
    const { url } = await startTestServer();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const chat = await openPage(`${url}/polling/`);
    await setHidden(chat.page, true);
    await chat.page.route('**/messages?*', async (route) => {
      await held;
      await route.continue();
    });
    await setHidden(chat.page, false);
    await post(url, 'said before');
    await chat.say('said after');
    await expectPage(chat.items).toHaveCount(1);
    await expectPage(chat.items).not.toHaveClass(/is-pending/);
    release();
    await expectPage(chat.items).toContainText(['said before', 'said after']);
  });

  it('holds one request while it is looked at, and none while it is hidden', async () => {
    const { url } = await startTestServer();
    const asked: string[] = [];
    const chat = await openPage(`${url}/polling/`, {
      async prepare(page) {
        page.on('request', (request) => {
          if (request.method() === 'GET' && request.url().includes('/messages?')) asked.push(request.url());
        });
      },
    });
    const held = () => asked.filter((address) => address.includes('wait=25')).length;
    await expectPage.poll(held).toBe(1);
    const ended = chat.page.waitForEvent('requestfailed');
    await setHidden(chat.page, true);
    await ended;
    const before = asked.length;
    for (const text of ['1', '2', '3']) await post(url, text);
    expect(asked).toHaveLength(before);
    await setHidden(chat.page, false);
    await expectPage(chat.items).toHaveCount(3);
    expect(asked[before]).toContain('wait=0');
  });

  it('leaves a server alone for as long as it asks, and is back to normal at once', async () => {
    const { url } = await startTestServer();
    const asked: number[] = [];
    const chat = await openPage(`${url}/polling/`, {
      mayFail: true,
      impatient: true,
      prepare: (page) =>
        page.route('**/messages?*', (route) => {
          asked.push(Date.now());
          if (asked.length > 1) return route.continue();
          return route.fulfill({
            status: 503,
            headers: { 'Retry-After': '4' },
            json: { status: 503, code: 'overloaded' },
          });
        }),
    });
    await expectPage(chat.status).toContainText(/Reconnecting in [1-5] s/);
    // Being looked at again is no reason to come sooner.
    await setHidden(chat.page, false);
    await expectPage(chat.status).toContainText('Live');
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(4_000);
  });
});

describe('/websocket/', () => {
  it('falls back to long polling where WebSockets are blocked, says so, and returns when it can', async () => {
    const { url } = await startTestServer();
    let blocked = true;
    const chat = await openPage(`${url}/websocket/`, {
      mayFail: true,
      impatient: true,
      prepare: (page) =>
        page.routeWebSocket('**/messages*', (socket) => {
          if (blocked) void socket.close({ code: 1006 });
          else socket.connectToServer();
        }),
    });
    await expectPage(chat.status).toContainText('Live');
    await expectPage(chat.status).toContainText('no WebSocket can be opened');
    await expectPage(chat.status).not.toContainText(LOST);
    await chat.say('over HTTP');
    await expectPage(chat.items).not.toHaveClass(/is-pending/);
    blocked = false;
    await setHidden(chat.page, false); // looked at again: a reason to try now
    await expectPage(chat.status).not.toContainText('polling');
    await chat.say('over the socket');
    await expectPage(chat.items).toHaveCount(2);
    await expectPage(chat.page.locator('.is-pending')).toHaveCount(0);
  });

  it('reads on from where it was, when the connection breaks while it catches up', async () => {
    const { url } = await startTestServer();
    const sinces: (string | null)[] = [];
    let mayPass = Infinity;
    const chat = await openPage(`${url}/websocket/`, {
      mayFail: true,
      async prepare(page) {
        // Nor over HTTP, where it would read on otherwise.
        await page.route('**/messages?*', (route) => route.abort('connectionfailed'));
        await page.routeWebSocket('**/messages*', (socket) => {
          sinces.push(new URL(socket.url()).searchParams.get('since'));
          const server = socket.connectToServer();
          const isBroken = sinces.length === 2;
          server.onMessage((frame) => {
            if (!isBroken || mayPass-- > 0) socket.send(frame);
            else void socket.close({ code: 1001 });
          });
        });
      },
    });
    await chat.context.setOffline(true);
    await expectPage(chat.status).toContainText('Offline');
    for (const text of ['one', 'two', 'three']) await post(url, text);
    mayPass = 2;
    await chat.context.setOffline(false);
    await expectPage(chat.items).toContainText(['one', 'two', 'three']);
    await expectPage(chat.status).toContainText('Live');
    expect(sinces.length).toBe(3);
    expect(sinces[2]).toBe(sinces[1]);
  });

  it('keeps its WebSocket when it is looked at again, as soon as the server has answered', async () => {
    const { url } = await startTestServer();
    const proof = Promise.withResolvers<void>();
    let opened = 0;
    const chat = await openPage(`${url}/websocket/`, {
      async prepare(page) {
        page.on('websocket', (socket) => {
          opened += 1;
          socket.on('framereceived', ({ payload }) => String(payload).includes('"proof-1"') && proof.resolve());
        });
      },
    });
    await setHidden(chat.page, true);
    await setHidden(chat.page, false);
    await proof.promise;
    await chat.say('still there');
    await expectPage(chat.items).not.toHaveClass(/is-pending/);
    expect(opened).toBe(1);
  });

  it('opens a new WebSocket when the old one is dead without having said so', async () => {
    const { url } = await startTestServer();
    let opened = 0;
    let mute = false;
    const chat = await openPage(`${url}/websocket/`, {
      prepare: (page) =>
        page.routeWebSocket('**/messages*', (socket) => {
          opened += 1;
          const server = socket.connectToServer();
          const isFirst = opened === 1;
          server.onMessage((frame) => {
            if (!mute || !isFirst) socket.send(frame);
          });
        }),
    });
    mute = true;
    await post(url, 'not heard');
    await setHidden(chat.page, false);
    await expectPage(chat.items).toHaveCount(1);
    await expectPage(chat.status).toContainText('Live');
    expect(opened).toBe(2);
  });
});

it('sends in one tab what another was closed over', async () => {
  const { url } = await startTestServer();
  const closing = await openPage(`${url}/polling/`, { mayFail: true });
  const staying = await closing.page.context().newPage();
  await staying.goto(`${url}/polling/`);
  await expectPage(staying.getByRole('status')).toContainText('Live');
  await closing.page.route('**/messages', (route) =>
    route.request().method() === 'POST' ? route.abort() : route.continue(),
  );
  await closing.say('left behind', 'Azin');
  await expectPage(staying.getByRole('log')).toContainText('left behind');
  await closing.page.close();
  await expectPage(staying.locator('.is-pending')).toHaveCount(0);
  expect(await textsOf(url)).toEqual(['left behind']);
});
