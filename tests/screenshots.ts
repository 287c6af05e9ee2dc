/**
 * Makes the pictures of the pages: `npm run screenshots`. The same people at the same times, so that only what looks
 * different makes a difference. A font with emoji must be installed, or they are boxes: on Debian, fonts-noto-color-emoji.
 */
import { createHmac } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../backend/clock.ts';
import { createLog } from '../backend/log.ts';
import { startServer } from '../backend/server.ts';
import { readSettings } from '../backend/settings.ts';
import { launchChromium } from './harness/chromium.ts';
import type { Page } from '@playwright/test';
import type { Message } from '../protocol/envelope.ts';

const FOLDER = fileURLToPath(new URL('../docs/screenshots/', import.meta.url));
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 375, height: 812 };
const MANY = 5_000;
const SECRET = 'the same people each time';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const MINUTE_MS = 60_000;

/** What time it is, for the server and for the pages. */
let now = Date.parse('2026-11-20T14:10:00Z');
/** The public name of who looks at the pages. */
let mira = '';
const clock = { ...systemClock, now: () => now };
const settings = {
  ...readSettings({ RATE_LIMIT: 'off', JOURNAL: 'memory', SECRET }),
  host: '127.0.0.1',
  port: 0,
};
const server = await startServer({ settings, clock, log: createLog('error') });
const url = `http://127.0.0.1:${server.port}`;
const browser = await launchChromium();

interface Look {
  size?: { width: number; height: number };
  colorScheme?: 'light' | 'dark';
  /** What happens before the picture is taken. */
  act?(page: Page): Promise<unknown>;
}

try {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  await talk();
  await shootFront('front-door', {});
  await shoot('/polling/', 'polling', { act: write });
  await shoot('/websocket/', 'websocket', { act: write });
  await shoot('/polling/', 'polling-dark', { colorScheme: 'dark', act: write });
  await shoot('/websocket/', 'websocket-dark', { colorScheme: 'dark', act: write });
  await shoot('/polling/', 'polling-phone', { size: PHONE });
  await shoot('/websocket/', 'websocket-phone', { size: PHONE, colorScheme: 'dark' });
  await shoot('/polling/', 'polling-offline', { act: goOffline });
  await shoot('/websocket/', 'websocket-offline', { size: PHONE, act: goOffline });
  await shoot('/polling/?room=words', 'long-words', { size: PHONE });
  await shoot('/websocket/?room=majlis', 'right-to-left', {});
  await shoot('/websocket/?room=archive', 'many-messages', { act: readOlder });
} finally {
  await browser.close();
  await server.stop();
}

async function shoot(path: string, file: string, { size = WIDE, colorScheme = 'light', act }: Look): Promise<void> {
  const isPhone = size === PHONE;
  const context = await browser.newContext({
    viewport: size,
    colorScheme,
    locale: 'en-GB',
    timezoneId: 'UTC',
    hasTouch: isPhone,
    isMobile: isPhone,
  });
  await context.addCookies([
    { name: 'since_identity', value: tokenOf('mira'), url, httpOnly: true, sameSite: 'Strict' },
  ]);
  await context.addInitScript((author) => {
    localStorage.setItem('since.name', 'Mira');
    localStorage.setItem('since.author', author);
  }, mira);
  await context.clock.setFixedTime(now);
  const page = await context.newPage();
  await page.goto(url + path);
  await page.getByRole('log').and(page.locator('[aria-busy=false]')).waitFor();
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
  await act?.(page);
  // Of the picture before.
  await page.locator('#typing:empty').waitFor({ state: 'attached' });
  await take(page, file);
  await context.close();
}

async function shootFront(file: string, { size = WIDE, colorScheme = 'light' }: Look): Promise<void> {
  const context = await browser.newContext({ viewport: size, colorScheme, locale: 'en-GB', timezoneId: 'UTC' });
  await context.clock.setFixedTime(now);
  const page = await context.newPage();
  // As on a machine in a home: the one that makes the pictures may be in no network.
  const json = { isOpen: true, isShared: true, addresses: ['http://192.168.1.7:3000/'] };
  await page.route('**/front/door', (route) => route.fulfill({ json }));
  await page.goto(url);
  await page.locator('#glimpse[aria-busy=false]').waitFor();
  await page.getByRole('img', { name: 'QR code' }).waitFor();
  await take(page, file);
  await context.close();
}

async function take(page: Page, file: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(FOLDER, `${file}.png`), animations: 'disabled', caret: 'hide' });
}

async function write(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill('I will bring the cake');
}

async function goOffline(page: Page): Promise<void> {
  await page.context().setOffline(true);
  await page.getByRole('status').filter({ hasText: 'Offline' }).waitFor();
  const message = page.getByRole('textbox', { name: 'Message', exact: true });
  await message.fill('Count me in. I will be there by *three*.');
  await message.press('Enter');
  await page.getByRole('listitem').filter({ hasText: 'Count me in' }).waitFor();
}

/** Far up, as one who looks something up. */
async function readOlder(page: Page): Promise<void> {
  const log = page.getByRole('log');
  for (let times = 0; times < 3; times += 1) {
    const topmost = await log.getByRole('listitem').first().textContent();
    await log.evaluate((element) => element.scrollTo({ top: 0 }));
    await page.waitForFunction((before) => document.querySelector('[role=log] li')?.textContent !== before, topmost);
  }
}

async function talk(): Promise<void> {
  await say('chiara', 'Chiara', 'A walk at noon, anyone?', { room: 'outdoors' });
  await say('bo', 'Bo', 'The notes are in the wiki.', { room: 'releases' });
  await talkInMany();
  await talkInLongWords();
  await talkFromRightToLeft();
  now = Date.parse('2026-11-22T09:12:00Z');
  const green = { color: '#0a7d55' };
  const good = 'Good morning! The **build is green** again, after *only* three tries.';
  const first = await say('azin', 'Azin', good, green);
  await say('azin', 'Azin', 'It was a `flush()` too early. Details: https://example.com/notes/42', green);
  const reply = await say('bo', 'Bo', 'Nice. Shall we ship it today?', { replyTo: first.id });
  await react('bo', first.id, '👍');
  await react('chiara', first.id, '👍');
  await react('chiara', first.id, '🎉');
  await react('azin', reply.id, '👍');
  const watch = 'Yes, *please*. I will watch the graphs this afternoon, and tell you at once if anything looks odd.';
  await say('chiara', 'Chiara', watch);
  const own = await say('mira', 'Mira', 'Then I take the *release notes*.');
  mira = own.author ?? '';
  await say('bo', 'Bo', 'It is settled: 15:00.');
  now += MINUTE_MS;
}

async function talkInMany(): Promise<void> {
  const people = [
    ['azin', 'Azin'],
    ['bo', 'Bo'],
    ['chiara', 'Chiara'],
  ] as const;
  for (let number = 1; number <= MANY; number += 1) {
    const [who, name] = people[Math.floor(number / 3) % people.length] ?? people[0];
    await say(who, name, `Entry ${number.toLocaleString('en')} of the log`, { room: 'archive' }, 10_000);
  }
}

async function talkInLongWords(): Promise<void> {
  const room = 'words';
  await say(
    'bo',
    'Bo',
    'The longest I know: Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
    { room },
  );
  const name = 'Wolfeschlegelsteinhausenbergerdorff Sr';
  await say('chiara', name, `https://example.com/${'a-path-that-never-ends/'.repeat(5)}index.html`, { room });
  await say('azin', 'Azin', `\`${'0123456789abcdef'.repeat(5)}\``, { room, color: '#8a3ffc' });
  await say('bo', 'Bo', '```\nfunction aNameThatSaysAllThatThereIsToSay(aParameter, another, andOneMore) {}\n```', {
    room,
  });
  await say('azin', 'Azin', 'A'.repeat(120), { room });
}

async function talkFromRightToLeft(): Promise<void> {
  const room = 'majlis';
  const first = await say('azin', 'آذین', 'سلام! نسخهٔ تازه آماده است، **همه چیز** سبز است.', { room });
  await say('noa', 'נועה', 'מצוין! אפשר להתחיל ב־15:00?', { room, replyTo: first.id });
  await say('bo', 'Bo', 'Sounds good. I have put the notes at https://example.com/notes/42', { room });
  await say('azin', 'آذین', 'ممنون Bo، یادداشت‌ها را خواندم: `flush()` زودتر از موقع بود.', { room });
  await react('noa', first.id, '🎉');
}

/** Signed as the server signs what it gives, but for a name that is the same each time. */
function tokenOf(who: string): string {
  return `${who}.${createHmac('sha256', SECRET).update(`token:${who}`).digest('base64url')}`;
}

/** @param laterMs how much later than what was said before */
async function say(
  who: string,
  user: string,
  message: string,
  more: Partial<Message> = {},
  laterMs = MINUTE_MS,
): Promise<Message> {
  now += laterMs;
  const headers = { ...JSON_TYPE, Authorization: `Bearer ${tokenOf(who)}` };
  const body = JSON.stringify({ user, message, ...more });
  const response = await fetch(`${url}/messages`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Message;
}

async function react(who: string, id: number, emoji: string): Promise<void> {
  const headers = { Authorization: `Bearer ${tokenOf(who)}` };
  await fetch(`${url}/messages/${id}/reactions/${encodeURIComponent(emoji)}`, { method: 'PUT', headers });
}
