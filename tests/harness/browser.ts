/** Pages in a real browser, each watched for what a page must never do: fail in the console, or ask another origin. */
import { expect as expectOf } from '@playwright/test';
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest';
import { launchChromium } from './chromium.ts';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from '@playwright/test';

/** Milliseconds for what a page shows by itself. Two cores, a browser and a server share the machine. */
const SHOWN_WITHIN_MS = 15_000;
/** Milliseconds for a whole test: some start a server three times. Each wait in it has its own, shorter bound. */
const TEST_WITHIN_MS = 180_000;

export const expectPage = expectOf.configure({ timeout: SHOWN_WITHIN_MS });

export interface Chat {
  page: Page;
  context: BrowserContext;
  name: Locator;
  message: Locator;
  send: Locator;
  log: Locator;
  items: Locator;
  status: Locator;
  alert: Locator;
  /** Write as a person does, by keyboard; the name only where it is not there yet. */
  say(text: string, user?: string): Promise<void>;
}

export interface ChatOptions extends BrowserContextOptions {
  /** Another page of the same browser, with what it keeps: another tab. */
  beside?: Chat;
  /** Called before the page loads. */
  prepare?(page: Page, context: BrowserContext): Promise<unknown>;
  /** The server is to be away, or requests are to be blocked: then the browser itself writes to the console. */
  mayFail?: boolean;
  /** Do not wait for "Live". */
  impatient?: boolean;
}

/** One browser for all tests of a file. @returns opens a page of the server that is to be chatted on */
export function useBrowser(): (url: string, options?: ChatOptions) => Promise<Chat> {
  vi.setConfig({ testTimeout: TEST_WITHIN_MS });
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  return async (url, { beside, prepare, mayFail = false, impatient = false, ...options } = {}) => {
    const context = beside?.context ?? (await browser.newContext({ locale: 'en-US', ...options }));
    context.setDefaultTimeout(SHOWN_WITHIN_MS);
    const page = await context.newPage();
    const faults = watchFaults(page, new URL(url).origin, mayFail);
    onTestFinished(async () => {
      if (!beside) await context.close();
      expect(faults).toEqual([]);
    });
    await prepare?.(page, context);
    await page.goto(url);
    const chat = toChat(page, context);
    if (!impatient) await expectPage(chat.status).toContainText('Live');
    return chat;
  };
}

/** Found as those find them who cannot see: by role and name. */
function toChat(page: Page, context: BrowserContext): Chat {
  const name = page.getByRole('textbox', { name: 'Name' });
  const message = page.getByRole('textbox', { name: 'Message' });
  const log = page.getByRole('log', { name: 'Messages' });
  return {
    page,
    context,
    name,
    message,
    log,
    send: page.getByRole('button', { name: /^Send/ }),
    items: log.getByRole('listitem'),
    status: page.getByRole('status'),
    alert: page.getByRole('alert'),
    async say(text, user = 'Azin') {
      if ((await name.inputValue()) !== user) await name.fill(user);
      await message.fill(text);
      await message.press('Enter');
    },
  };
}

/** @returns grows with what the page does wrong */
function watchFaults(page: Page, origin: string, mayFail: boolean): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('console', (line) => {
    if (line.type() !== 'error' && line.type() !== 'warning') return;
    // The browser's own words about a request that failed; no page can keep it from saying them.
    if (
      mayFail &&
      /Failed to load resource|WebSocket connection to|occurred when fetching the script/.test(line.text())
    )
      return;
    faults.push(`console: ${line.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== 'data:' && asked !== origin) faults.push(`asked elsewhere: ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(origin).host) faults.push(`asked elsewhere: ${socket.url()}`);
  });
  return faults;
}
