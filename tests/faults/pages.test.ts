/** The two pages, whose network is cut and whose server is killed under them: then everything is there once, in order. */
import { expect, it } from 'vitest';
import { post } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { takePort } from '../harness/ports.ts';
import { startServerProcess } from '../harness/process.ts';
import { startTcpProxy } from '../harness/tcp-proxy.ts';
import { readAll } from './writers.ts';

const LOST = /offline|reconnecting|trying again/i;
/** On a busy machine: a page tries again after 8 s at most. */
const WITHIN = { timeout: 30_000 };
const openPage = useBrowser();

it.each(['/polling/', '/websocket/'])('%s has everything once after both', async (path) => {
  const server = await startServerProcess({ port: await takePort() });
  const proxy = await startTcpProxy(server);
  proxy.inPieces = true;
  proxy.repeatsPosts = true;
  const chat = await openPage(proxy.url + path, { mayFail: true });
  await chat.say('one');
  await expectPage(chat.items).toHaveCount(1);
  await expectPage(chat.page.locator('.is-pending')).toHaveCount(0);

  // One has arrived, but its answer is lost.
  proxy.pauseAnswers();
  await chat.say('unanswered');
  await expect.poll(async () => (await readAll(server.url)).length, WITHIN).toBe(2);
  proxy.drop();
  proxy.resume();
  await expectPage(chat.page.locator('.is-pending')).toHaveCount(0, WITHIN);
  await expectPage(chat.items).toHaveCount(2, WITHIN);
  await expectPage(chat.status).toContainText('Live', WITHIN);

  // Others are lost on their way there.
  proxy.pause();
  await chat.say('two');
  proxy.cut();
  proxy.resume();
  await expectPage(chat.status).toContainText(LOST, WITHIN);
  await chat.say('three');
  await post(server.url, 'four, of another');
  await server.end('SIGKILL');
  const again = await startServerProcess({ dataDir: server.dataDir, port: server.port });
  await post(again.url, 'five, of another');
  proxy.restore();
  await expectPage(chat.items).toHaveCount(6, WITHIN);
  await expectPage(chat.page.locator('.is-pending')).toHaveCount(0, WITHIN);
  await expectPage(chat.status).toContainText('Live', WITHIN);

  await again.end('SIGKILL');
  await chat.say('six');
  const last = await startServerProcess({ dataDir: server.dataDir, port: server.port });
  await expectPage(chat.items).toHaveCount(7, WITHIN);
  await expectPage(chat.page.locator('.is-pending')).toHaveCount(0, WITHIN);

  const kept = await readAll(last.url);
  const texts = kept.map(({ message }) => message);
  expect(texts.toSorted()).toEqual([
    'five, of another',
    'four, of another',
    'one',
    'six',
    'three',
    'two',
    'unanswered',
  ]);
  expect(texts.filter((text) => !text.includes('another'))).toEqual(['one', 'unanswered', 'two', 'three', 'six']);
  await expectPage(chat.items).toContainText(texts, WITHIN);
});
