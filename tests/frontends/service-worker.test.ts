/** What keeps the pages, when the server is changed: no page ever meets a part of another version. */
import { copyFile, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { joinFiles } from '../../backend/joined-files.ts';
import { servePacked } from '../../backend/page-files.ts';
import { serveWorker } from '../../backend/service-worker.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { makeDataDir } from '../harness/server.ts';
import type { RequestHandler } from 'express';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';

const WORKER = fileURLToPath(new URL('../../frontend-shared/service-worker.js', import.meta.url));
const openPage = useBrowser();

/** A page of one document, one script, and one part that is loaded at need; all of them say which version they are of. */
async function startPageServer() {
  const folder = makeDataDir();
  const root = join(folder, 'page');
  const shared = join(folder, 'shared');
  for (const path of [root, shared]) await mkdir(path);
  await copyFile(WORKER, join(shared, 'service-worker.js'));
  let writtenAt = Date.now() / 1000 - 1_000;
  const deploy = async (version: string) => {
    const files = {
      'index.html': `<html lang="en"><link rel="icon" href="data:,"><p>${version}</p><script type="module" src="main.js"></script></html>`,
      'main.js': `import { version } from './version.js';
        window.loadPart = async () => (await import('./part.js')).part;
        document.title = version;
        void navigator.serviceWorker.register('/service-worker.js', { updateViaCache: 'none' }).catch(() => {});`,
      'version.js': `export const version = '${version}';`,
      'part.js': `export const part = 'part of ${version}';`,
    };
    writtenAt += 10;
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(root, name), text);
      await utimes(join(root, name), writtenAt, writtenAt);
    }
  };
  await deploy('1');

  const onFailure = expect.unreachable;
  const page = {
    path: '/page',
    root,
    document: '/page/',
    joined: joinFiles(root, { entries: ['main.js'], onFailure }),
  };
  const home = {
    path: '/shared',
    root: shared,
    document: '/',
    joined: joinFiles(shared, { entries: ['service-worker.js'], onFailure }),
  };
  const behaviour: { worker: RequestHandler; document: RequestHandler } = {
    worker: serveWorker([page, home], home),
    document: (_request, _response, next) => next(),
  };
  const app = express();
  app.get('/service-worker.js', (request, response, next) => behaviour.worker(request, response, next));
  app.use('/page', (request, response, next) => behaviour.document(request, response, next));
  app.use('/page', servePacked(root, page.joined), express.static(root));
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(async () => void (await stop()));
  return { url: `http://127.0.0.1:${port}`, deploy, behaviour, stop };
}

const versionsOf = (page: Page) =>
  page.evaluate(async () => {
    const { loadPart } = window as unknown as { loadPart(): Promise<string> };
    const part = await loadPart().catch(() => 'no part');
    return [document.querySelector('p')?.textContent, document.title, part];
  });

/** Looks for a new version, and waits until it is known how that went. */
const update = (page: Page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const { installing } = (await registration.update().catch(() => undefined)) ?? registration;
    if (!installing) return;
    await new Promise<void>((resolve) => {
      installing.addEventListener('statechange', () => {
        if (installing.state === 'activated' || installing.state === 'redundant') resolve();
      });
    });
  });

it('gives a page of one piece, whichever version there is', async () => {
  const server = await startPageServer();
  const chat = await openPage(`${server.url}/page/`, { impatient: true, mayFail: true });
  const { page } = chat;
  await page.evaluate(async () => {
    const { serviceWorker } = navigator;
    if (!serviceWorker.controller) {
      await new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve));
    }
  });

  // A page that was open before: what it loads now, the server does not have any more.
  await server.deploy('2');
  expect(await versionsOf(page)).toEqual(['1', '1', 'part of 1']);
  // While the server answers, the page is the server's.
  await page.goto(`${server.url}/page/`);
  expect(await versionsOf(page)).toEqual(['2', '2', 'part of 2']);
  await update(page);

  // Changed while it is being kept: nothing of it is, and what was kept before stays.
  const code = await readFile(WORKER, 'utf8');
  server.behaviour.worker = (_request, response) => {
    response.type('js').send(`self.PAGES={version:'3',documents:{'/page/':'another digest'},files:{}};\n${code}`);
  };
  await update(page);
  // What stands before the server is there, and the server is not.
  server.behaviour.document = (_request, response) => void response.sendStatus(502);
  await page.goto(`${server.url}/page/`);
  expect(await versionsOf(page)).toEqual(['2', '2', 'part of 2']);
  await server.stop();
  await page.goto(`${server.url}/page/?room=any#17`);
  expect(await versionsOf(page)).toEqual(['2', '2', 'part of 2']);
  await expectPage(page.locator('html')).toHaveAttribute('data-kept');
});

it('waits for a slow server only as long as one would', async () => {
  const server = await startPageServer();
  const chat = await openPage(`${server.url}/page/`, { impatient: true, mayFail: true });
  await update(chat.page);
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
  server.behaviour.document = (_request, _response, next) => void mayAnswer.then(() => next());
  await chat.page.goto(`${server.url}/page/`);
  expect((await versionsOf(chat.page)).slice(0, 2)).toEqual(['1', '1']);
  await expectPage(chat.page.locator('html')).toHaveAttribute('data-kept');
  answer();
});
