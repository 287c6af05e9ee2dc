/** The documents as a server shows them. */
import { AxeBuilder } from '@axe-core/playwright';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { toPage } from '../../backend/transports/docs.ts';
import { call } from '../harness/api.ts';
import { launchChromium } from '../harness/chromium.ts';
import { startTestServer } from '../harness/server.ts';
import type { Browser, BrowserContextOptions, Page } from '@playwright/test';

const protocolFile = (name: string) => readFile(new URL(`../../protocol/${name}`, import.meta.url), 'utf8');

describe('/docs', () => {
  it('is the protocol under the policy of the pages', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { status, headers, text } = await call(url, '/docs');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = (await call(url, '/')).headers.get('content-security-policy');
    // But that it starts no service worker.
    expect(headers.get('content-security-policy')).toBe(policy?.replace('types service-worker', "types 'none'"));
    expect(text).toContain('<h1 id="the-protocol">The protocol</h1>');
    expect(text).not.toMatch(/\sstyle=|\son\w+=|<style|<script/);
  });

  it.each(['openapi.yaml', 'asyncapi.yaml'])('gives %s as it is checked in, to any origin', async (name) => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { status, headers, text } = await call(url, `/docs/${name}`, {
      headers: { Origin: 'https://other.example' },
    });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/yaml; charset=utf-8');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(text).toBe(await protocolFile(name));
  });

  it('refuses to be written to', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { status, headers } = await call(url, '/docs', { method: 'POST' });
    expect(status).toBe(405);
    expect(headers.get('allow')).toContain('GET');
  });

  it('has a place for every link within it, and each only once', async () => {
    const page = toPage(await protocolFile('PROTOCOL.md'));
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
  });

  it('leaves markup in the text as text', () => {
    const page = toPage('# Title\n\n<script>alert(1)</script> [link](javascript:alert(1))\n\n## A <b>heading</b>\n');
    expect(page).not.toMatch(/<script|<b>|href="javascript/);
  });
});

describe('/docs in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const { url } = await startTestServer({ journal: 'memory' });
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => request.url().startsWith(url) || faults.push(request.url()));
    onTestFinished(() => expect(faults).toEqual([]));
    await page.goto(`${url}/docs`);
    return page;
  };

  it.each(['light', 'dark'] as const)('is accessible in the %s', { timeout: 60_000 }, async (colorScheme) => {
    const page = await open({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ html }) => html).slice(0, 3) }))).toEqual([]);
  });

  it.each([320, 768, 1280])('is nowhere wider than a window of %i px', async (width) => {
    const page = await open({ viewport: { width, height: 700 } });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });

  it('leads by keyboard past the contents to the text', async () => {
    const page = await open();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('text');
  });

  it('leads from the contents to a chapter', async () => {
    const page = await open();
    await page.getByRole('navigation', { name: 'Contents' }).getByRole('link', { name: 'Close codes' }).click();
    expect(new URL(page.url()).hash).toBe('#close-codes');
    expect(await page.locator('#close-codes').evaluate((heading) => heading.getBoundingClientRect().top)).toBeLessThan(
      100,
    );
  });
});
