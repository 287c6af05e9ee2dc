/** Makes the pictures of the README: `npm run screenshots`. A font with emoji must be installed, or they are boxes. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLog } from '../backend/log.ts';
import { startServer } from '../backend/server.ts';
import { readSettings } from '../backend/settings.ts';
import { launchChromium } from './harness/chromium.ts';
import type { Message } from '../protocol/envelope.ts';

const FOLDER = fileURLToPath(new URL('../docs/screenshots/', import.meta.url));
const SIZE = { width: 1080, height: 720 };
const JSON_TYPE = { 'Content-Type': 'application/json' };

const dataDir = await mkdtemp(join(tmpdir(), 'since-screenshots-'));
const settings = { ...readSettings({ RATE_LIMIT: 'off' }), host: '127.0.0.1', port: 0, dataDir };
const server = await startServer({ settings, log: createLog('error') });
const url = `http://127.0.0.1:${server.port}`;
const browser = await launchChromium();
try {
  await mkdir(FOLDER, { recursive: true });
  await talk();
  await shoot('/polling/', 'light', 'polling.png');
  await shoot('/websocket/', 'dark', 'websocket.png');
} finally {
  await browser.close();
  await server.stop();
  await rm(dataDir, { recursive: true });
}

async function shoot(path: string, colorScheme: 'light' | 'dark', file: string): Promise<void> {
  const context = await browser.newContext({ viewport: SIZE, colorScheme });
  const page = await context.newPage();
  await page.goto(url + path);
  await page.getByRole('log').and(page.locator('[aria-busy=false]')).waitFor();
  await page.getByRole('textbox', { name: 'Name' }).fill('Mira');
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill('I will bring the cake');
  await page.screenshot({ path: join(FOLDER, file) });
  await context.close();
}

async function talk(): Promise<void> {
  const [azin, bo, chiara] = [await identify(), await identify(), await identify()];
  await say(chiara, { user: 'Chiara', message: 'A walk at noon, anyone?', room: 'outdoors' });
  await say(bo, { user: 'Bo', message: 'The notes are in the wiki.', room: 'releases' });
  const green = { user: 'Azin', color: '#0a7d55' };
  const first = await say(azin, {
    ...green,
    message: 'Good morning! The **build is green** again, after *only* three tries.',
  });
  await say(azin, { ...green, message: 'It was a `flush()` too early. Details: https://example.com/notes/42' });
  const reply = await say(bo, { user: 'Bo', message: 'Nice. Shall we ship it today?', replyTo: first.id });
  await react(bo, first.id, '👍');
  await react(chiara, first.id, '👍');
  await react(chiara, first.id, '🎉');
  await react(azin, reply.id, '👍');
  const watch = 'Yes, *please*. I will watch the graphs this afternoon, and tell you at once if anything looks odd.';
  await say(chiara, { user: 'Chiara', message: watch });
  await say(bo, { user: 'Bo', message: 'Then it is settled: 15:00.' });
}

async function identify(): Promise<string> {
  const response = await fetch(`${url}/identity`, { method: 'POST' });
  const { token } = (await response.json()) as { token: string };
  return token;
}

async function say(token: string, message: Partial<Message>): Promise<Message> {
  const headers = { ...JSON_TYPE, Authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/messages`, { method: 'POST', headers, body: JSON.stringify(message) });
  return (await response.json()) as Message;
}

async function react(token: string, id: number, emoji: string): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` };
  await fetch(`${url}/messages/${id}/reactions/${encodeURIComponent(emoji)}`, { method: 'PUT', headers });
}
