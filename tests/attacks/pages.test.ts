/** Both pages, in a real browser, before people and proxies that want them to run what they wrote. */
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identify, post, write } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { Page } from '@playwright/test';
import type { Chat, ChatOptions } from '../harness/browser.ts';

const PAGES = ['/polling/', '/websocket/'];
const openBrowserPage = useBrowser();

/** Each would call `pwned`, were it more than text. */
const MARKUP = [
  '<img src=x onerror=pwned()>',
  '<script>pwned()</script>',
  '"><svg/onload=pwned()>',
  "' onmouseover='pwned()' autofocus onfocus='pwned()",
  '</textarea></p></li></script><iframe srcdoc="<script>parent.pwned()</script>">',
  '{{constructor.constructor("pwned()")()}}',
  '${pwned()}',
  '<style>@import "//evil.example"</style>',
  '<base href="//evil.example/">',
  '<a href="javascript:pwned()">x</a>',
];
const LINKS = [
  'javascript:pwned()',
  'JaVaScRiPt://%0apwned()',
  'https://javascript:pwned()@x.example',
  'data:text/html,<script>pwned()</script>',
  'vbscript:pwned()',
  'https://x.example/"onmouseover="pwned()',
  "https://x.example/'><img src=x onerror=pwned()>",
  'http://x.example\u202e/gnp.exe',
  '[x](javascript:pwned())',
  'blob:https://x.example/1',
  'https:javascript:pwned()',
  'http://x.example`onclick=pwned()',
];
const MARKS = MARKUP.flatMap((one) => [
  `**${one}**`,
  `*__${one}__*`,
  `\`${one}\``,
  `\`\`\`\n${one}\n\`\`\``,
  `**\`${one}**\``,
]);

/** Opens a page that tells of everything that it must not do. */
async function open(url: string, options: ChatOptions = {}): Promise<Chat> {
  const chat = await openBrowserPage(url, {
    ...options,
    async prepare(page, context) {
      await page.addInitScript(() => {
        const told: string[] = [];
        Object.assign(window, { told, pwned: () => told.push('ran') });
        addEventListener('securitypolicyviolation', (event) =>
          told.push(`${event.violatedDirective} ${event.blockedURI}`),
        );
      });
      await options.prepare?.(page, context);
    },
  });
  onTestFinished(async () => expect(await tell(chat.page)).toEqual([]));
  return chat;
}

// Before the page is closed, which is the last to be registered and so the first to be done.
const tell = (page: Page) => page.evaluate(() => (window as unknown as { told: string[] }).told);

/** @returns what on the page may run, lead elsewhere or load something, and is not the page's own */
const strangers = (page: Page) =>
  page.evaluate(() => {
    const elements = [
      ...document.querySelectorAll('#log *, #results *, #side *, #alert *, #typing *, #status *, header *'),
    ];
    const allowed =
      'A B BDI BUTTON CODE DIV EM FORM H1 H2 INPUT LI NAV P PATH SPAN STRONG SVG TIME U UL TEXTAREA LABEL OL SECTION MARK'.split(
        ' ',
      );
    return elements.flatMap((element) => {
      const odd = allowed.includes(element.nodeName.toUpperCase()) ? [] : [element.outerHTML];
      const handlers = element.getAttributeNames().filter((name) => /^on|^srcdoc$|^formaction$/.test(name));
      const href =
        element instanceof HTMLAnchorElement && element.hasAttribute('href') && !/^https?:$/.test(element.protocol)
          ? [element.href]
          : [];
      return [...odd, ...handlers, ...href];
    });
  });

describe.each(PAGES)('%s', (path) => {
  it('shows as text what people wrote, in every field', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { token } = await identify(url);
    const names = MARKUP.map((one) => [...one].slice(0, 40).join(''));
    const texts = [...MARKUP, ...LINKS, ...MARKS];
    for (const [index, message] of texts.entries()) {
      const user = names[index % names.length] ?? '';
      const { id } = await post(url, { user, message, color: '#ff0000' }, { token });
      if (index < 20) await post(url, { user, message: 'see above', replyTo: id });
    }
    const chat = await open(url + path);
    await expectPage(chat.items.last()).toContainText('pwned');
    expect(await strangers(chat.page)).toEqual([]);
    const shown = await chat.log.innerText();
    for (const text of MARKUP.slice(0, 9)) expect(shown).toContain(text);

    await chat.page.getByRole('searchbox', { name: 'Search' }).fill('pwned');
    await expectPage(chat.page.locator('#results li').first()).toBeVisible();
    expect(await strangers(chat.page)).toEqual([]);
    await chat.page.getByRole('searchbox', { name: 'Search' }).press('Escape');

    await chat.items
      .last()
      .getByRole('button', { name: /^Reply/ })
      .click();
    const writer = await connectWs(url);
    writer.send('typing', { user: names[0] });
    for (const user of [names[0], names[2]]) await chat.say(MARKUP[0] ?? '', user);
    await expectPage(chat.page.locator('.is-pending')).toHaveCount(0);
    expect(await strangers(chat.page)).toEqual([]);
    // Links do nothing but lead to where they say.
    for (const link of await chat.page.locator('.message-text a').all()) {
      expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
      expect(await link.getAttribute('href')).toBe(await link.innerText());
    }
  });

  it.each([
    '?room=<img src=x onerror=pwned()>',
    '?room=javascript:pwned()',
    '?room=__proto__',
    '?room=a&room=%00',
    '#<img src=x onerror=pwned()>',
    '#__proto__',
    '?room=constructor#1',
  ])('takes nothing but a name from its address: %s', async (address) => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { page, say, items } = await open(`${url}${path}${address}`, {
      // It is looked for, and is not there: the browser says so.
      mayFail: address.endsWith('#1'),
    });
    const room = address.includes('room=constructor') ? 'constructor' : address.includes('room=a&') ? 'a' : 'lobby';
    await expectPage(page).toHaveTitle(new RegExp(`^#${room} `));
    await say('here');
    await expectPage(items).toHaveCount(1);
    expect(await strangers(page)).toEqual([]);
  });

  it('explains what was refused as text, whatever was said', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const problem = {
      type: 'javascript:pwned()',
      title: MARKUP[1],
      status: 400,
      detail: MARKUP[0],
      code: 'invalid-message',
      errors: [{ field: MARKUP[2], detail: MARKUP[0] }],
    };
    const chat = await open(url + path, {
      mayFail: true,
      async prepare(page) {
        await page.route('**/messages', (route) => {
          const isPost = route.request().method() === 'POST';
          return isPost
            ? route.fulfill({ status: 400, contentType: 'application/problem+json', body: JSON.stringify(problem) })
            : route.continue();
        });
        await page.routeWebSocket('**/messages*', (socket) => {
          const server = socket.connectToServer();
          socket.onMessage((frame) => {
            const { command, key } = JSON.parse(String(frame)) as { command: string; key: string };
            if (command !== 'send-message') return server.send(frame);
            socket.send(JSON.stringify({ command: 'rejected', key, message: problem }));
            socket.send(JSON.stringify({ command: 'typing', message: { room: 'lobby', user: MARKUP[0] } }));
            socket.send(JSON.stringify({ command: 'presence', message: { room: 'lobby', online: MARKUP[0] } }));
          });
        });
      },
    });
    await chat.say('hello');
    await expectPage(chat.alert).toContainText('<img src=x');
    expect(await strangers(chat.page)).toEqual([]);
  });

  it('passes over what is no message, and goes on', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { id, seq } = await post(url, 'good');
    const good = { id: 900, seq: 900, room: 'lobby', user: 'A', message: 'odd', timestamp: '2026-11-22T06:53:00.000Z' };
    const changes: object[] = [
      { id: '<img src=x onerror=pwned()>' },
      { id: -1 },
      { id: 1.5 },
      { seq: '9' },
      { room: ['lobby'] },
      { user: {} },
      { message: ['x'] },
      { message: null },
      { timestamp: 'junk' },
      { timestamp: 5 },
      { color: 'url(//evil.example)' },
      { color: 5 },
      { replyTo: 'x' },
      { reactions: { '<img src=x onerror=pwned()>': '<b>' } },
      { reactions: 'x' },
    ];
    const odd: unknown[] = changes.map((one) => ({ ...good, ...one }));
    odd.push(null, 5, 'text', [], {}, { id, seq: seq + 1 });
    const chat = await open(url + path, {
      async prepare(page) {
        await page.route(/\/messages(\?.*)?$/, async (route) => {
          if (route.request().method() !== 'GET') return route.continue();
          const answer = await route.fetch();
          await route.fulfill({ response: answer, json: [...odd, ...((await answer.json()) as unknown[])] });
        });
        await page.routeWebSocket('**/messages*', (socket) => {
          const server = socket.connectToServer();
          server.onMessage((frame) => {
            for (const message of odd) socket.send(JSON.stringify({ command: 'message', message }));
            socket.send(frame);
          });
        });
      },
    });
    onTestFinished(() => chat.page.unrouteAll({ behavior: 'ignoreErrors' }));
    await expectPage(chat.items).toHaveCount(1);
    await chat.say('and more');
    await expectPage(chat.items).toHaveCount(2);
    await expectPage(chat.page.locator('.is-pending')).toHaveCount(0);
    expect(await strangers(chat.page)).toEqual([]);
  });

  it('keeps each message to its own place, whatever turns or towers in it', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const towers = (letter: string) => `${letter}${'\u0301\u0342\u0489'.repeat(20)}`.repeat(20);
    await post(url, { user: 'Azin', message: 'first, in front of it' });
    await post(url, { user: `a${'\u0301'.repeat(39)}`, message: `\u202e\u2066${towers('Z')}\u202d x` });
    const chat = await open(url + path);
    await expectPage(chat.items).toHaveCount(2);
    const { width, right } = await chat.log.evaluate((element) => ({
      width: element.scrollWidth - element.clientWidth,
      right: element.scrollLeft,
    }));
    expect([width, right]).toEqual([0, 0]);
    const first = chat.items.first();
    await first.locator('time').evaluate((element) => (element.textContent = '')); // it goes on
    const picture = await first.screenshot();
    await chat.items.last().evaluate((element) => (element.style.visibility = 'hidden'));
    expect(picture.equals(await first.screenshot())).toBe(true);
  });

  it('says beside its text what a browser is to keep it from', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    for (const at of [path, '/', '/docs']) {
      const { headers } = await fetch(url + at);
      const policy = headers.get('content-security-policy') ?? '';
      for (const directive of [
        "default-src 'none'",
        "script-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        // A page may start its service worker, and nothing else.
        `trusted-types ${at === path || at === '/' ? 'service-worker' : "'none'"}`,
      ]) {
        expect(policy.split(';').map((one) => one.trim())).toContain(directive);
      }
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
  });
});

const JUDGE = `async (texts) => {
  const { drawText } = await import('/frontend-shared/room/draw-text.js');
  const { readMarks } = await import('/frontend-shared/room/rich-text.js');
  const toShown = (token) => (token.type === 'code' ? token.text : 'mark' in token ? '' : token.raw);
  const isOdd = (one) => {
    const isLink = one.nodeName === 'A';
    const odd = one.getAttributeNames().filter((name) => name !== 'class' && !(isLink && ['href', 'target', 'rel'].includes(name)));
    return !/^(STRONG|EM|U|CODE|A|SPAN)$/.test(one.nodeName) || odd.length > 0 || (isLink && !/^https?:$/.test(one.protocol));
  };
  return texts.filter((text) => {
    const element = document.createElement('p');
    drawText(element, text);
    return [...element.querySelectorAll('*')].some(isOdd) || element.textContent !== readMarks(text).map(toShown).join('');
  });
}`;

it('draws any text as text: no element but of its marks, and not a letter more or less', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const { page } = await open(`${url}/polling/`);
  const pieces = fc.oneof(
    fc.constantFrom(
      '**',
      '*',
      '__',
      '`',
      '```',
      '\n',
      ' ',
      'a',
      'https://x.example/',
      '(',
      ')',
      '<b>',
      '&lt;',
      'javascript:',
    ),
    fc.constantFrom(...MARKUP, ...LINKS),
    fc.string({ unit: 'binary', maxLength: 3 }).map((text) => text.toWellFormed()),
  );
  const texts = fc.sample(
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
    1_000,
  );
  // As text: an import in a function would be taken for one of the test's own.
  const wrong = await page.evaluate(`(${JUDGE})(${JSON.stringify(texts)})`);
  expect(wrong).toEqual([]);
});

it('has docs that keep to the policy of the pages', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  for (const at of ['/docs', '/']) {
    const { page } = await open(url + at, { impatient: true });
    expect(await tell(page)).toEqual([]);
  }
  expect((await write(url, '/docs', {})).status).toBe(405);
});
