/** The front door: what it shows of the chat, to whom it tells the addresses of its machine, and what it costs. */
import { networkInterfaces } from 'node:os';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { toAddresses } from '../../backend/front-door.ts';
import { toGlimpse } from '../../frontend-shared/front/glimpse.js';
import { toShared } from '../../frontend-shared/front/share.js';
import { call, expectProblem, post } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { takePort } from '../harness/ports.ts';
import { startTestServer } from '../harness/server.ts';
import type { NetworkInterfaceInfo } from 'node:os';
import type { Page } from '@playwright/test';
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

describe('the server', () => {
  const info = (family: 'IPv4' | 'IPv6', address: string, internal = false) =>
    ({ family, address, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }) as NetworkInterfaceInfo;
  const interfaces = {
    lo: [info('IPv4', '127.0.0.1', true), info('IPv6', '::1', true)],
    docker0: [info('IPv4', '172.17.0.1')],
    eth0: [info('IPv4', '203.0.113.9'), info('IPv6', '2001:db8::9'), info('IPv6', 'fe80::9')],
    wlan0: [info('IPv4', '192.168.1.7'), info('IPv4', '169.254.3.4')],
  };

  it.each([
    ['0.0.0.0', ['http://192.168.1.7:3000/', 'http://203.0.113.9:3000/']],
    ['::', ['http://192.168.1.7:3000/', 'http://203.0.113.9:3000/', 'http://[2001:db8::9]:3000/']],
    ['203.0.113.9', ['http://203.0.113.9:3000/']],
    ['127.0.0.1', []],
    ['::1', []],
    ['localhost', []],
  ])('that listens on %s is found at %j', (host, addresses) => {
    expect(toAddresses(host, 3000, interfaces)).toEqual(addresses);
  });

  it('tells the addresses of its machine to nobody but those who sit at it', async () => {
    const { url, port } = await startTestServer({ host: '0.0.0.0' });
    const told = async (headers: Record<string, string> = {}): Promise<unknown> =>
      (await request(url).get('/front/door').set(headers).expect(200)).body;
    const all = { isOpen: true, isShared: true, addresses: toAddresses('0.0.0.0', port, networkInterfaces()) };
    expect(await told()).toEqual(all);
    expect(await told({ 'Sec-Fetch-Site': 'same-origin', Host: `localhost:${port}` })).toEqual(all);
    const others: Record<string, string>[] = [
      { 'X-Forwarded-For': '198.51.100.1' },
      { Via: '1.1 proxy' },
      { Forwarded: 'for=198.51.100.1' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { Origin: 'https://elsewhere.example' },
      // A name of elsewhere can be made to lead here, and then its pages are of the same origin.
      { Host: 'chat.example' },
      { Host: '' },
    ];
    for (const headers of others) expect(await told(headers), JSON.stringify(headers)).toEqual({ isOpen: true });
  });

  it('says so when only its own machine is let in', async () => {
    const { url } = await startTestServer();
    const { json } = await call(url, '/front/door');
    expect(json).toEqual({ isOpen: true, isShared: false, addresses: [] });
  });

  it('draws addresses of servers as codes, and nothing else', async () => {
    const { url } = await startTestServer();
    const draw = (query: string) => call(url, `/front/qr.svg${query}`);
    const drawn = await draw('?of=http://192.168.1.7:3000/');
    expect(drawn.headers.get('content-type')).toMatch(/^image\/svg\+xml/);
    expect(drawn.text).toMatch(/^<svg .*<\/svg>$/s);
    expect((await draw('?of=http://192.168.1.8:3000/')).text).not.toBe(drawn.text);
    for (const query of [
      '',
      '?of=',
      '?of=x',
      '?of=javascript:alert(1)',
      '?of=http://a.example/path',
      '?of=http://user@a.example/',
      '?of=http://a.example/&of=http://b.example/',
      `?of=http://${'a'.repeat(100)}.example/`,
    ]) {
      expectProblem(await draw(query), 400, 'invalid-query');
    }
    expectProblem(await call(url, '/front/qr.svg', { method: 'POST' }), 405, 'method-not-allowed');
  });
});

describe('the page', () => {
  it('shows the chat as it is, in the language of the browser, and loads little', async () => {
    const { url } = await startTestServer();
    await post(url, { user: 'Bo', message: '**Hello** <img src=x onerror=alert(1)>' });
    const { page } = await openPage(`${url}/`, { impatient: true, locale: 'de-DE' });
    const glimpse = page.getByRole('region', { name: 'Gerade jetzt in #lobby' });
    const items = glimpse.getByRole('listitem');
    await expectPage(page.getByRole('img')).toHaveCount(0); // this one is kept to its own machine
    await expectPage(items).toHaveText(/Bo.*Hello <img src=x onerror=alert\(1\)>/s);
    await expectPage(page.locator('html')).toHaveAttribute('lang', 'de-DE');
    for (const text of ['two', 'three', 'four', 'five', 'six']) await post(url, text);
    await expectPage(items.last()).toContainText('six');
    await expectPage(items).toHaveCount(5);
    const bytes = await page.evaluate(() =>
      performance
        .getEntries()
        .filter((entry) => entry instanceof PerformanceResourceTiming || entry instanceof PerformanceNavigationTiming)
        .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
    );
    expect(bytes).toBeGreaterThan(5_000);
    expect(bytes).toBeLessThan(MAX_BYTES);
  });

  it('gives the address to the clipboard, and as a code, by keyboard', async () => {
    const { url, port } = await startTestServer({ host: '0.0.0.0' });
    const { page, context } = await openPage(`${url}/`, { impatient: true });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const share = page.getByRole('region', { name: 'Bring others in' });
    const [address] = toAddresses('0.0.0.0', port, networkInterfaces());
    if (address === undefined) return expectPage(share).toContainText('in no network'); // a machine without one
    await expectPage(share.getByRole('img', { name: `QR code of ${address}` })).toBeVisible();
    const shifts = await page.evaluate(
      () =>
        new Promise<PerformanceEntry[]>((resolve) => {
          new PerformanceObserver((list) => resolve(list.getEntries())).observe({
            type: 'layout-shift',
            buffered: true,
          });
          requestAnimationFrame(() => requestAnimationFrame(() => resolve([])));
        }),
    );
    expect(shifts.map((shift) => JSON.stringify(shift))).toEqual([]);
    await share.getByRole('button', { name: 'Copy' }).first().press('Enter');
    await expectPage(share.getByRole('button', { name: 'Copied' })).toBeFocused();
    await expectPage(share.getByRole('status')).toHaveText('Copied');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(address);
  });

  it('says nothing of a closed server, and how to open one that is kept to its machine', async () => {
    const { url } = await startTestServer({ auth: 'jwt', authSecret: 'x'.repeat(32) });
    const { page } = await openPage(`${url}/`, { impatient: true });
    await expectPage(page.getByText('Start it with HOST=0.0.0.0')).toBeVisible();
    await expectPage(page.getByRole('region', { name: /#lobby/ })).toBeHidden();
    await expectPage(page.getByRole('link', { name: 'WebSocket' })).toBeVisible();
  });

  it('comes without the server, rests while it is hidden, and is up to date when it is shown again', async () => {
    const { url } = await startTestServer();
    await post(url, 'before');
    const { page } = await openPage(`${url}/`, {
      impatient: true,
      mayFail: true,
      prepare: (opened) => opened.route('**/front/door', (route) => route.abort(), { times: 1 }),
    });
    const items = page.getByRole('region', { name: /#lobby/ }).getByRole('listitem');
    await expectPage(items).toHaveCount(1);
    const listening = async () =>
      (await call(url, '/metrics')).text.match(/chat_connections\{transport="longpoll"\} (\d+)/)?.[1];
    await expectPage.poll(listening).toBe('1');
    // Whoever only looks is not in the room.
    expect(await (await fetch(`${url}/rooms`)).json()).toMatchObject([{ room: 'lobby', online: 0 }]);
    await setHidden(page, true);
    await expectPage.poll(listening).toBe('0');
    await post(url, 'meanwhile');
    await setHidden(page, false);
    await expectPage(items.last()).toContainText('meanwhile');
    await expectPage(items).toHaveCount(2);
  });

  it('shows nothing more of a journal that is gone, also where nothing was said in the new one', async () => {
    const first = await startTestServer({ journal: 'memory', port: await takePort() });
    await post(first.url, 'of the old journal');
    const { page } = await openPage(`${first.url}/`, { impatient: true, mayFail: true });
    const glimpse = page.getByRole('region', { name: /#lobby/ });
    await expectPage(glimpse).toContainText('of the old journal');
    await first.stop();
    await startTestServer({ journal: 'memory', port: first.port });
    await expectPage(glimpse).toContainText('Be the first!');
    await expectPage(glimpse.getByRole('listitem')).toHaveCount(0);
  });
});

async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((isHidden) => {
    Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}
