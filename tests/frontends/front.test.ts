/** The front door: what it shows of the chat, to whom it tells the addresses of its machine, and what it costs. */
import { describe, expect, it } from 'vitest';
import { toGlimpse } from '../../frontend-shared/glimpse.js';
import { toShared } from '../../frontend-shared/share.js';
import { post } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Message } from '../../protocol/envelope.ts';

/** Bytes of everything that is loaded, but for headers. */
const MAX_BYTES = 30_000;
const openPage = useBrowser();

const message = (id: number, more: Partial<Message> = {}): Message => ({
  id,
  seq: id,
  room: 'lobby',
  user: 'Azin',
  message: `message ${id}`,
  timestamp: '2026-11-22T06:53:00.000Z',
  ...more,
});

describe('the glimpse', () => {
  it('holds the newest five, each at its newest state, and none that was deleted', () => {
    const known = toGlimpse(
      [],
      [1, 2, 3, 4, 5, 6].map((id) => message(id)),
    );
    expect(known.map(({ id }) => id)).toEqual([2, 3, 4, 5, 6]);
    const changed = [
      message(4, { seq: 8, message: 'edited' }),
      message(4, { seq: 7 }),
      message(5, { seq: 9, deleted: true }),
    ];
    expect(toGlimpse(known, changed).map(({ id, message: text }) => `${id} ${text}`)).toEqual([
      '2 message 2',
      '3 message 3',
      '4 edited',
      '6 message 6',
    ]);
  });
});

describe('the addresses to share', () => {
  const lan = ['http://192.168.1.7:3000/'];
  it.each([
    ['https://chat.example', { isOpen: true }, 'open', ['https://chat.example/']],
    ['http://192.168.1.7:3000', { isOpen: true }, 'open', lan],
    ['http://localhost:3000', { isOpen: true, isShared: true, addresses: lan }, 'open', lan],
    ['http://[::1]:3000', { isOpen: true, isShared: true, addresses: [] }, 'alone', []],
    ['http://127.0.0.1:3000', { isOpen: true, isShared: false, addresses: [] }, 'here', []],
    // Behind a proxy on the same machine, of which nobody knows where else it listens.
    ['http://localhost:8080', { isOpen: true }, 'unknown', []],
  ])('at %s, told %j, are %s', (origin, told, reach, addresses) => {
    expect(toShared(told, new URL(origin))).toEqual({ reach, addresses });
  });
});

it('shows the chat as it is, asks for nothing large, and finds its way with the language', async () => {
  const { url } = await startTestServer();
  const first = await post(url, { user: 'Bo', message: '**Hello** <img src=x onerror=alert(1)>' });
  const { page } = await openPage(`${url}/`, { impatient: true, locale: 'de-DE' });
  const items = page.getByRole('region', { name: /#lobby/ }).getByRole('listitem');
  await expectPage(items).toHaveText(/Bo.*Hello <img src=x onerror=alert\(1\)>/s);
  await expectPage(page.getByText('Im Zweifel diese', { exact: false })).toBeVisible();
  await expectPage(page.locator('html')).toHaveAttribute('lang', 'de-DE');
  for (const text of ['two', 'three', 'four', 'five', 'six']) await post(url, text);
  await expectPage(items).toHaveCount(5);
  await expectPage(items.last()).toContainText('six');
  await expectPage(page.getByText('Hello')).toHaveCount(0);
  expect(first.id).toBe(1);
  const bytes = await page.evaluate(() =>
    performance
      .getEntries()
      .filter((entry) => entry instanceof PerformanceResourceTiming)
      .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
  );
  expect(bytes).toBeGreaterThan(5_000);
  expect(bytes).toBeLessThan(MAX_BYTES);
});
