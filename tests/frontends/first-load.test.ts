/** What a first visit costs: few bytes in few requests, as people come on phones and over bad networks. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Page } from '@playwright/test';

/** Bytes of everything, but for headers. */
const MAX_BYTES = 60_000;
/** Files before the first message can be shown: the page, its look, its icon, what it does, and what that shares with later parts. */
const MAX_FILES = 12;
const openPage = useBrowser();

const loaded = (page: Page) =>
  page.evaluate(() =>
    performance
      .getEntries()
      .filter((entry) => entry instanceof PerformanceResourceTiming)
      .map(({ name, encodedBodySize, transferSize }) => ({
        path: new URL(name).pathname,
        encodedBodySize,
        transferSize,
      })),
  );

describe.each(['/polling/', '/websocket/'])('%s', (path) => {
  it('loads in less than 60 kB, and few requests', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path);
    await expectPage(chat.log).toHaveAttribute('aria-busy', 'false');
    const all = await loaded(chat.page);
    const bytes = all.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes, JSON.stringify(all)).toBeLessThan(MAX_BYTES);
    const files = all.filter((one) => /\.\w+$|\/$/.test(one.path));
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
