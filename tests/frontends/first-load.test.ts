/** What a first visit costs: few bytes in few requests, as people come on phones and over bad networks. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Page } from '@playwright/test';

/** Bytes of everything, as the browser's own tools count it: with headers. */
const MAX_BYTES = 60_000;
/** Files before the first message can be shown: the page, its look, its icon, what it does, and what that shares with later parts. */
const MAX_FILES = 12;
const openPage = useBrowser();

interface Loaded {
  path: string;
  bytes: number;
}

/** @returns what comes, as it comes; what is still under way is not there yet */
async function watchLoading(page: Page): Promise<Loaded[]> {
  const loaded: Loaded[] = [];
  const paths = new Map<string, string>();
  const devtools = await page.context().newCDPSession(page);
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => {
    paths.set(requestId, new URL(request.url).pathname);
  });
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    loaded.push({ path: paths.get(requestId) ?? '', bytes: encodedDataLength });
  });
  await devtools.send('Network.enable');
  return loaded;
}

describe.each(['/polling/', '/websocket/'])('%s', (path) => {
  it('loads in less than 60 kB, and few requests', async () => {
    const { url } = await startTestServer();
    let loaded: Loaded[] = [];
    const chat = await openPage(url + path, { prepare: async (page) => (loaded = await watchLoading(page)) });
    await expectPage(chat.log).toHaveAttribute('aria-busy', 'false');
    // The last that it asks for of itself.
    const last = ['/frontend-shared/favicon.svg', '/rooms', '/scheduled'];
    await expectPage.poll(() => loaded.map((one) => one.path)).toEqual(expect.arrayContaining(last));
    const bytes = loaded.reduce((sum, one) => sum + one.bytes, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes, JSON.stringify(loaded)).toBeLessThan(MAX_BYTES);
    const files = loaded.filter((one) => /\.\w+$|\/$/.test(one.path));
    expect(files.length, JSON.stringify(files)).toBeLessThanOrEqual(MAX_FILES);
  });
});

it('works as well with the files as they are, which is what another server would give', async () => {
  const { url } = await startTestServer();
  const asked: string[] = [];
  const chat = await openPage(`${url}/websocket/`, {
    async prepare(page) {
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      for (const file of ['frontend-websocket/main.js', 'frontend-shared/style.css']) {
        const body = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
        const contentType = file.endsWith('.css') ? 'text/css' : 'text/javascript';
        await page.route(`**/${file.replace('frontend-websocket', 'websocket')}`, (route) =>
          route.fulfill({ body, contentType }),
        );
      }
    },
  });
  await chat.say('not joined');
  await expectPage(chat.items).not.toHaveClass(/is-pending/);
  expect(asked).toContain('/frontend-shared/page.js');
});
