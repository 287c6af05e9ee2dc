/** What both pages do alike, as a person meets it. */
import AxeBuilder from '@axe-core/playwright';
import { describe, expect, it } from 'vitest';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Page } from '@playwright/test';
import type { Chat } from '../harness/browser.ts';

const PAGES = ['/polling/', '/websocket/'];
const openPage = useBrowser();

async function post(url: string, message: string, user = 'Mira'): Promise<void> {
  const response = await fetch(`${url}/messages`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user, message }),
  });
  expect(response.status).toBe(201);
}

async function postMany(url: string, count: number): Promise<void> {
  for (let index = 1; index <= count; index += 1) await post(url, `message ${index}`);
}

const texts = ({ items }: Chat) => items.locator('.message-text').allInnerTexts();
const scrollTop = ({ log }: Chat) => log.evaluate((element) => element.scrollTop);
const scrollTo = ({ log }: Chat, top: number) => log.evaluate((element, to) => void (element.scrollTop = to), top);
const distanceToEnd = ({ log }: Chat) =>
  log.evaluate(({ scrollHeight, scrollTop, clientHeight }) => Math.round(scrollHeight - scrollTop - clientHeight));
const topOf = (chat: Chat, text: string) =>
  chat.items
    .filter({ hasText: text })
    .first()
    .evaluate((element) => Math.round(element.getBoundingClientRect().top));

/** Nothing that is written reaches the server; what the server says still reaches the page. */
async function holdWriting(page: Page): Promise<void> {
  await page.route('**/messages', (route) =>
    route.request().method() === 'POST' ? route.abort('connectionfailed') : route.continue(),
  );
  await page.routeWebSocket('**/messages*', (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      if (!String(frame).includes('send-message')) server.send(frame);
    });
  });
}

/** What is written reaches the server, and its answer does not come back. */
async function loseAnswers(page: Page, onReached: () => void): Promise<void> {
  await page.route('**/messages', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await route.fetch();
    onReached();
    await route.abort('connectionreset');
  });
  await page.routeWebSocket('**/messages*', (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      if (!/"command":"(accepted|message)"/.test(String(frame))) return socket.send(frame);
      onReached();
    });
  });
}

it('lets two windows chat, one polling and one on a WebSocket', async () => {
  const { url } = await startTestServer();
  const polling = await openPage(`${url}/polling/`);
  const websocket = await openPage(`${url}/websocket/`);
  const said: string[] = [];
  for (let round = 1; round <= 5; round += 1) {
    for (const [chat, name] of [
      [polling, 'Azin'],
      [websocket, 'Mira'],
    ] as const) {
      said.push(`${name} ${round}`);
      await chat.say(`${name} ${round}`, name);
      await expectPage(chat.message).toHaveValue('');
      for (const { items } of [polling, websocket]) await expectPage(items).toHaveCount(said.length);
    }
  }
  for (const chat of [polling, websocket]) {
    expect(await texts(chat)).toEqual(said);
    await expectPage(chat.items.first()).toContainText('Azin');
    await expectPage(chat.page.locator('.is-pending')).toHaveCount(0);
  }
});

it('keeps what several tabs write apart, and shows each text once in each of them', async () => {
  const { url } = await startTestServer();
  const first = await openPage(`${url}/polling/`);
  const second = await openPage(`${url}/websocket/`, { beside: first });
  await Promise.all([first.say('from the first'), second.say('from the second')]);
  for (const { items, page } of [first, second]) {
    await expectPage(items).toHaveCount(2);
    await expectPage(page.locator('.is-pending')).toHaveCount(0);
    await expectPage(items.filter({ hasText: 'from the first' })).toHaveCount(1);
  }
});

describe.each(PAGES)('%s', (path) => {
  it('shows old messages on load, in order, and new ones as they come', async () => {
    const { url } = await startTestServer();
    await postMany(url, 3);
    const chat = await openPage(url + path);
    await post(url, 'message 4');
    await expectPage(chat.items).toHaveCount(4);
    expect(await texts(chat)).toEqual(['message 1', 'message 2', 'message 3', 'message 4']);
    await expectPage(chat.items.first().locator('time')).toHaveAttribute('datetime', /^\d{4}-.*Z$/);
  });

  it("shows one's own text at once, and the same element as a message when it is confirmed", async () => {
    const { url } = await startTestServer();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const chat = await openPage(url + path, {
      async prepare(page) {
        await page.route('**/messages', async (route) => {
          if (route.request().method() === 'POST') await held;
          await route.continue();
        });
        await page.routeWebSocket('**/messages*', (socket) => {
          const server = socket.connectToServer();
          socket.onMessage((frame) => void held.then(() => server.send(frame)));
        });
      },
    });
    await chat.say('on its way');
    await expectPage(chat.items).toContainText(['on its way']);
    await expectPage(chat.items).toHaveClass(/is-pending/);
    await chat.items.evaluate((element) => element.setAttribute('data-same', ''));
    release();
    await expectPage(chat.items).not.toHaveClass(/is-pending/);
    await expectPage(chat.items).toHaveAttribute('data-same', '');
    await expectPage(chat.items).toHaveCount(1);
  });

  it('sends after a reload what could not be sent before, once', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path, { mayFail: true, prepare: holdWriting });
    await chat.say('written before the reload');
    await chat.say('and another');
    await chat.page.unrouteAll({ behavior: 'ignoreErrors' });
    await chat.page.routeWebSocket('**/messages*', (socket) => void socket.connectToServer());
    await chat.page.reload();
    await expectPage(chat.items).toHaveCount(2);
    await expectPage(chat.page.locator('.is-pending')).toHaveCount(0);
    await expectPage(chat.name).toHaveValue('Azin');
    const stored = (await (await fetch(`${url}/messages`)).json()) as { message: string }[];
    expect(stored.map(({ message }) => message)).toEqual(['written before the reload', 'and another']);
  });

  it('sends once what the server has taken without its answer coming back', async () => {
    const { url } = await startTestServer();
    let reached = () => {};
    const isThere = new Promise<void>((resolve) => (reached = resolve));
    const chat = await openPage(url + path, { mayFail: true, prepare: (page) => loseAnswers(page, reached) });
    await chat.say('answered into the void');
    await isThere;
    await chat.page.unrouteAll({ behavior: 'ignoreErrors' });
    await chat.page.routeWebSocket('**/messages*', (socket) => void socket.connectToServer());
    await chat.page.reload();
    await chat.say('later');
    await expectPage(chat.items.filter({ hasText: 'later' })).not.toHaveClass(/is-pending/);
    const stored = (await (await fetch(`${url}/messages`)).json()) as { message: string }[];
    expect(stored.map(({ message }) => message)).toEqual(['answered into the void', 'later']);
    await expectPage(chat.items).toHaveCount(2);
  });

  it('gives a refused text back with the reason, and goes on', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path, { mayFail: true });
    await chat.say('my words', 'A\u202Eb');
    await expectPage(chat.alert).toContainText('Not sent');
    await expectPage(chat.message).toHaveValue('my words');
    await expectPage(chat.items).toHaveCount(0);
    await chat.name.fill('Azin');
    await chat.send.click();
    await expectPage(chat.items).toHaveCount(1);
    await expectPage(chat.alert).toHaveCount(0);
    await expectPage(chat.message).toHaveValue('');
  });

  it('asks for a name, and says what is too long, before anything is sent', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path);
    await chat.say('hello', '');
    await expectPage(chat.alert).toContainText('name');
    await expectPage(chat.name).toBeFocused();
    await expectPage(chat.message).toHaveValue('hello');
    await chat.say('x'.repeat(4_001));
    await expectPage(chat.alert).toContainText('4,001');
    await chat.say('🦊'.repeat(4_000));
    await expectPage(chat.items).toHaveCount(1);
    await expectPage(chat.items).not.toHaveClass(/is-pending/);
  });

  it('takes whatever is written as text', async () => {
    const { url } = await startTestServer();
    const hostile = [
      '<img src=x onerror="document.title=1">',
      '</script><script>document.title=1</script>',
      '"><svg onload=document.title=1>',
      'javascript:alert(1) &lt;b&gt; \u202Egnp.exe',
      '{{7*7}} ${7*7} %00 \\u003cb\\u003e',
    ];
    const chat = await openPage(url + path);
    const title = await chat.page.title();
    for (const text of hostile) await post(url, text, '<b onclick=x>Eve</b>');
    await chat.say(hostile[0]!, '<i>Azin</i>');
    await expectPage(chat.items).toHaveCount(hostile.length + 1);
    expect(await texts(chat)).toEqual([...hostile, hostile[0]]);
    await expectPage(chat.items.first()).toContainText('<b onclick=x>Eve</b>');
    await expectPage(chat.log.locator('img, script, svg, b, i')).toHaveCount(0);
    expect(await chat.page.title()).toBe(title);
  });

  it('keeps line breaks, spaces and the direction of a text', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path);
    await chat.name.fill('Azin');
    await chat.message.pressSequentially('a list:');
    await chat.message.press('Shift+Enter');
    await chat.message.pressSequentially('  - first');
    await chat.message.press('Enter');
    await expectPage(chat.items).toHaveCount(1);
    expect(await texts(chat)).toEqual(['a list:\n  - first']);
    await post(url, 'שלום');
    await expectPage(chat.items).toHaveCount(2);
    const direction = chat.items
      .nth(1)
      .locator('.message-text')
      .evaluate((element) => getComputedStyle(element).direction);
    expect(await direction).toBe('rtl');
  });

  it('is usable by keyboard alone, and shows where the focus is', async () => {
    const { url } = await startTestServer();
    await postMany(url, 60);
    const chat = await openPage(url + path);
    const { keyboard } = chat.page;
    const tabTo = async (target: Chat['name']) => {
      for (let presses = 0; presses < 12; presses += 1) {
        if (await target.evaluate((element) => element === document.activeElement)) break;
        await keyboard.press('Tab');
      }
      await expectPage(target).toBeFocused();
      // The box fills its card, and the card shows the focus.
      const outlined = target.evaluate((element) =>
        [element, element.closest('.composer-card')].some(
          (one) => one && getComputedStyle(one).outlineStyle !== 'none',
        ),
      );
      expect(await outlined).toBe(true);
    };
    await tabTo(chat.name);
    await keyboard.type('Azin');
    await tabTo(chat.message);
    await keyboard.type('typed');
    await tabTo(chat.send);
    await keyboard.press('Enter');
    await expectPage(chat.items.filter({ hasText: 'typed' })).toHaveCount(1);
    await tabTo(chat.log);
    await keyboard.press('PageUp');
    await expectPage.poll(() => distanceToEnd(chat)).toBeGreaterThan(50);
  });

  it('keeps a half-written message, and the name, over a reload', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path);
    await chat.name.fill('Azin');
    await chat.message.fill('half a thou');
    await chat.page.reload();
    await expectPage(chat.name).toHaveValue('Azin');
    await expectPage(chat.message).toHaveValue('half a thou');
  });

  it('loads older messages while one scrolls up, and the view stays where it is', async () => {
    const { url } = await startTestServer();
    await postMany(url, 250);
    let release = Promise.withResolvers<void>();
    const chat = await openPage(url + path, {
      prepare: (page) =>
        page.route('**/messages?*before=*', async (route) => {
          await release.promise;
          await route.continue();
        }),
    });
    await expectPage.poll(() => distanceToEnd(chat)).toBe(0);
    for (const [top, oldest] of [
      [300, 51],
      [0, 1],
    ] as const) {
      const seen = (await texts(chat))[top === 0 ? 0 : 12]!;
      const asked = chat.page.waitForRequest('**/messages?*before=*');
      await scrollTo(chat, top);
      await asked;
      const before = await topOf(chat, seen);
      release.resolve();
      await expectPage(chat.items.filter({ hasText: `message ${oldest}` }).first()).toBeAttached();
      expect(Math.abs((await topOf(chat, seen)) - before)).toBeLessThanOrEqual(1);
      release = Promise.withResolvers();
    }
    await expectPage(chat.items).toHaveCount(250);
    expect(await texts(chat)).toEqual(Array.from({ length: 250 }, (_, index) => `message ${index + 1}`));
    await expectPage(chat.log).toContainText('This is where it began');
  });

  it('leaves the view alone of one who reads older ones, and keeps the newest in view at the end', async () => {
    const { url } = await startTestServer();
    await postMany(url, 60);
    const chat = await openPage(url + path);
    await post(url, 'seen at the end');
    await expectPage(chat.items.filter({ hasText: 'seen at the end' })).toBeInViewport();
    await chat.message.fill('a draft\nthat grows\nand grows');
    await expectPage.poll(() => distanceToEnd(chat)).toBe(0);

    await scrollTo(chat, 900);
    const before = await scrollTop(chat);
    await post(url, 'not looked at');
    await expectPage(chat.items.filter({ hasText: 'not looked at' })).toBeAttached();
    expect(await scrollTop(chat)).toBe(before);
    await chat.page.getByRole('button', { name: 'Jump to latest' }).click();
    await expectPage(chat.items.filter({ hasText: 'not looked at' })).toBeInViewport();
    await chat.say('my own is always seen');
    await expectPage(chat.items.filter({ hasText: 'my own is always seen' })).toBeInViewport();
  });

  it.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['narrow', { viewport: { width: 320, height: 568 }, reducedMotion: 'reduce' }],
  ] as const)('has nothing that axe-core finds serious, and nothing wider than the window: %s', async (_, options) => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path, options);
    const check = async () => {
      const { violations } = await new AxeBuilder({ page: chat.page }).analyze();
      expect(violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html}`)).toEqual([]);
      const tooWide = chat.page.evaluate(() =>
        [...document.querySelectorAll('body, body *')]
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
          .map((element) => element.outerHTML),
      );
      expect(await tooWide).toEqual([]);
      expect(await chat.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    };
    await check();
    await post(url, 'x'.repeat(600), 'W'.repeat(40));
    await post(url, 'and more', 'W'.repeat(40));
    await chat.say('x', 'long'.repeat(11));
    await expectPage(chat.alert).toContainText('44');
    await expectPage(chat.items).toHaveCount(2);
    await check();
  });
});
