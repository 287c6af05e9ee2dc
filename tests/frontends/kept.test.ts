/** What a browser keeps of the rooms that were shown: there at once on the next visit, and never more than may be there. */
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { call, post } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { takePort } from '../harness/ports.ts';
import { startServerProcess } from '../harness/process.ts';
import { startTestServer } from '../harness/server.ts';
import type { Page } from '@playwright/test';

const SECRET = 'a key that both sides know, and no one else';
const openPage = useBrowser();

interface KeptRoom {
  room: string;
  since: string;
  messages: { message: string }[];
}

/** Everything that is kept, as text. */
const keptIn = (page: Page) =>
  page.evaluate(async () => {
    const answerOf = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result));
        request.addEventListener('error', () => reject(request.error ?? new Error('no reason')));
      });
    const database = await answerOf(indexedDB.open('since'));
    const rooms = await answerOf(database.transaction('rooms').objectStore('rooms').getAll());
    database.close();
    return rooms as KeptRoom[];
  });

const textsIn = async (page: Page) =>
  (await keptIn(page)).flatMap(({ messages }) => messages.map(({ message }) => message));

describe.each(['/polling/', '/websocket/'])('%s', (path) => {
  it('shows what was kept before the server answers, says that it catches up, and asks for what is new only', async () => {
    const { url } = await startTestServer();
    for (let index = 1; index <= 3; index += 1) await post(url, `old ${index}`);
    const chat = await openPage(url + path);
    await expectPage(chat.items).toHaveCount(3);
    await expect.poll(() => textsIn(chat.page)).toHaveLength(3);
    const [{ since } = { since: '' }] = await keptIn(chat.page);
    await chat.page.goto('about:blank');
    await post(url, 'new');

    const { promise: mayPass, resolve: letPass } = Promise.withResolvers<void>();
    const asked: string[] = [];
    await chat.page.route('**/messages?*', async (route) => {
      asked.push(route.request().url());
      await mayPass;
      await route.continue().catch(() => {});
    });
    await chat.page.routeWebSocket('**/messages?*', (socket) => {
      asked.push(socket.url());
      const server = socket.connectToServer();
      server.onMessage(async (frame) => {
        await mayPass;
        socket.send(frame);
      });
    });
    await chat.page.goto(url + path);
    await expectPage(chat.items).toHaveText([/old 1/, /old 2/, /old 3/]);
    await expectPage(chat.status).toContainText('Catching up…');
    letPass();
    await expectPage(chat.items).toHaveText([/old 1/, /old 2/, /old 3/, /new/]);
    await expectPage(chat.status).toContainText('Live');
    expect(asked[0]).toContain(`since=${since}`);
    await chat.page.unrouteAll({ behavior: 'ignoreErrors' });
  });
});

it('keeps nothing of a text that was deleted, nor of a journal that is gone', async () => {
  const server = await startServerProcess({ port: await takePort(), env: { MODERATOR_TOKEN: 'moderator' } });
  const { id } = await post(server.url, 'to be deleted');
  const chat = await openPage(`${server.url}/polling/`, { mayFail: true });
  await post(server.url, 'to stay');
  await expect.poll(() => textsIn(chat.page)).toEqual(['to be deleted', 'to stay']);
  const deletion = { method: 'DELETE', headers: { Authorization: 'Bearer moderator' } };
  expect((await call(server.url, `/messages/${id}`, deletion)).status).toBe(200);
  await expect.poll(() => textsIn(chat.page)).toEqual(['', 'to stay']);

  await server.end('SIGKILL');
  await startServerProcess({ port: server.port });
  await post(server.url, 'of another journal');
  await chat.page.goto(`${server.url}/polling/?room=other`);
  await expectPage(chat.status).toContainText('Live');
  await expect.poll(async () => (await keptIn(chat.page)).map(({ room }) => room)).toEqual(['other']);
  await chat.page.goto(`${server.url}/polling/`);
  await expectPage(chat.items).toHaveText([/of another journal/]);
});

it('shows nothing of it to another person, nor after the sign-in has ended', async () => {
  const { url } = await startTestServer({ auth: 'jwt', authSecret: SECRET });
  const enter = async (sub: string, lastsS = 3_600) => {
    const token = new SignJWT({ sub, name: sub, exp: Math.floor(Date.now() / 1000) + lastsS })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(SECRET));
    return `${url}/polling/#access_token=${await token}`;
  };
  const azin = await openPage(await enter('azin'));
  await azin.say('for members', 'whoever');
  await expect.poll(() => textsIn(azin.page)).toEqual(['for members']);

  // On the same browser, in a tab of its own; nothing comes from the server.
  const prepare = (page: Page) => page.route('**/messages?*', (route) => route.abort());
  const bea = await openPage(await enter('bea'), { beside: azin, prepare, impatient: true, mayFail: true });
  await expectPage(bea.status).toContainText(/reconnecting/i);
  await expectPage(bea.items).toHaveCount(0);
  await bea.page.close();

  const nobody = await openPage(`${url}/polling/`, { beside: azin, impatient: true, mayFail: true });
  await expectPage(nobody.status).toContainText('Sign-in needed');
  await expectPage(nobody.items).toHaveCount(0);
  await expect.poll(() => keptIn(nobody.page)).toEqual([]);
});

it.each([
  [
    'forbidden',
    () =>
      Object.defineProperty(window, 'indexedDB', {
        get: () => {
          throw new DOMException('no', 'SecurityError');
        },
      }),
  ],
  [
    'full',
    () =>
      void (IDBObjectStore.prototype.put = () => {
        throw new DOMException('full', 'QuotaExceededError');
      }),
  ],
  ['stuck', () => void (IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest)],
])('does without where what a browser keeps is %s', async (_what, spoil) => {
  const { url } = await startTestServer();
  const chat = await openPage(`${url}/polling/`, { prepare: (page) => page.addInitScript(spoil) });
  await chat.say('not kept');
  await expectPage(chat.items).toHaveText([/not kept/]);
  await chat.page.reload();
  await expectPage(chat.items).toHaveText([/not kept/]);
  await expectPage(chat.status).toContainText('Live');
});
