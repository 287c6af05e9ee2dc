/** Clients that resume by themselves: they know nothing of cursors, and only remember the last `id` as their standard asks. */
import { EventSource as EventSourceOfNode } from 'eventsource';
import { expect, it, onTestFinished } from 'vitest';
import { post } from '../harness/api.ts';
import { launchChromium } from '../harness/chromium.ts';
import { takePort } from '../harness/ports.ts';
import { startServerProcess } from '../harness/process.ts';
import { startTestServer } from '../harness/server.ts';
import type { Message } from '../../protocol/envelope.ts';

it('gives an EventSource that lost its server what it missed, once and in order', async () => {
  const server = await startTestServer({ port: await takePort() });
  await post(server.url, 'before');
  const source = new EventSourceOfNode(`${server.url}/messages?since=0`);
  onTestFinished(() => source.close());
  const heard: string[] = [];
  source.addEventListener('message', ({ data }) => heard.push((JSON.parse(data) as Message).message));
  await expect.poll(() => heard).toEqual(['before']);
  await post(server.url, 'live');
  await expect.poll(() => heard).toEqual(['before', 'live']);

  await server.stop();
  const again = await startTestServer({ port: server.port, dataDir: server.dataDir });
  await post(again.url, 'missed');
  await expect.poll(() => heard).toEqual(['before', 'live', 'missed']);
  await post(again.url, 'live again');
  await expect.poll(() => heard).toEqual(['before', 'live', 'missed', 'live again']);
});

it('resumes in a browser after the server was killed and started again', { timeout: 60_000 }, async () => {
  const server = await startServerProcess({ port: await takePort() });
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`); // any page of the same origin
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(globalThis, { heard });
    const source = new EventSource('/messages?since=0');
    source.addEventListener('message', ({ data }) => heard.push(JSON.parse(String(data)).message));
    source.addEventListener('caught-up', () => heard.push('(caught up)'));
    source.addEventListener('reset', () => heard.push('(reset)'));
  });
  const heard = () => page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);
  await expect.poll(heard).toEqual(['(caught up)']);
  await post(server.url, 'one');
  await expect.poll(heard).toEqual(['(caught up)', 'one']);

  await server.end('SIGKILL');
  const again = await startServerProcess({ port: server.port, dataDir: server.dataDir });
  await post(again.url, 'two');
  await expect.poll(heard, { timeout: 30_000 }).toEqual(['(caught up)', 'one', 'two', '(caught up)']);
  await post(again.url, 'three');
  await expect.poll(heard).toEqual(['(caught up)', 'one', 'two', '(caught up)', 'three']);
});
