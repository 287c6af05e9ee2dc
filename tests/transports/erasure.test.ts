/**
 * Deleted text is found nowhere in the data directory: all files are read as bytes, after the next checkpoint. Nobody
 * tells when that was, so where the server runs on, the files are looked at until it is done.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { call, identify, poll, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startServerProcess } from '../harness/process.ts';
import { createRandom } from '../harness/random.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';

it('takes the text of a deleted message, of its edits and of its search terms out of every file', async () => {
  const { url, dataDir, stop } = await startTestServer();
  const { token } = await identify(url);
  const { id } = await post(url, 'first zweifelhaft', { token });
  await search(url, 'zweifelhaft');
  await edit(url, id, 'second fragwürdig', token);
  await search(url, 'fragwürdig');
  await post(url, 'that stays');
  await remove(url, id, token);
  await stop();
  expect(foundIn(dataDir, ['zweifelhaft', 'fragw', 'zwei', 'second'])).toEqual([]);
  expect(foundIn(dataDir, ['stays'])).toEqual(['stays']);
});

it('forgets within a few seconds while the server goes on and clients listen', async () => {
  const { url, dataDir } = await startTestServer();
  const { token } = await identify(url);
  const listening = await connectWs(url);
  const { id } = await post(url, 'first zweifelhaft', { token });
  await edit(url, id, 'second fragwuerdig', token);
  await search(url, 'fragwuerdig');
  await remove(url, id, token);
  for (;;) {
    const { deleted } = await listening.nextOf('message');
    if (deleted) break;
  }
  const words = ['zweifelhaft', 'fragwuerdig', 'zweif'];
  await expect.poll(() => foundIn(dataDir, words), { timeout: 15_000, interval: 100 }).toEqual([]);
});

it('forgets also what was deleted just before the server was killed', { timeout: 60_000 }, async () => {
  const first = await startServerProcess();
  const { token } = await identify(first.url);
  const { id } = await post(first.url, 'first zweifelhaft', { token });
  await edit(first.url, id, 'second fragwuerdig', token);
  await search(first.url, 'fragwuerdig');
  await remove(first.url, id, token);
  await first.end('SIGKILL');
  expect(foundIn(first.dataDir, ['zweifelhaft'])).toEqual(['zweifelhaft']); // the log has had no time to be emptied
  const { url, dataDir } = await startServerProcess({ dataDir: first.dataDir });
  expect((await call(url, `/messages/${id}`)).json).toMatchObject({ deleted: true });
  const words = ['zweifelhaft', 'fragwuerdig', 'zweif', 'frag'];
  await expect.poll(() => foundIn(dataDir, words), { timeout: 15_000, interval: 100 }).toEqual([]);
});

it('takes the text of a withdrawn scheduled message out of every file', async () => {
  const { url, dataDir, stop } = await startTestServer();
  const { token } = await identify(url);
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  const { json } = await write(url, '/messages', { user: 'Azin', message: 'zweifelhaft', sendAt }, { token });
  const { scheduled } = json as { scheduled: string };
  expect((await write(url, `/scheduled/${scheduled}`, undefined, { method: 'DELETE', token })).status).toBe(204);
  await stop();
  expect(foundIn(dataDir, ['zweifelhaft'])).toEqual([]);
});

it('takes the text of a scheduled message that came out and was deleted out of every file', async () => {
  const clock = createClock();
  const { url, dataDir, stop } = await startTestServer({ clock });
  const { token } = await identify(url);
  const sendAt = new Date(clock.now() + 5_000).toISOString();
  await write(url, '/messages', { user: 'Azin', message: 'zweifelhaft', sendAt }, { token, key: 'k' });
  const { since } = await poll(url);
  const coming = poll(url, { since, wait: 10 });
  clock.advance(5_000);
  const [message] = (await coming).messages;
  await remove(url, message?.id ?? 0, token);
  await stop();
  expect(foundIn(dataDir, ['zweifelhaft'])).toEqual([]);
});

it('takes the words out of the search index also where it had no time to follow', async () => {
  const { url, dataDir, stop } = await startTestServer();
  const { token } = await identify(url);
  const random = createRandom(4711);
  const gone: string[] = [];
  for (let round = 0; round < 5; round++) {
    const words = Array.from({ length: 20 }, () => `w${Math.floor(random() * 2 ** 40).toString(36)}q`);
    const ids = await Promise.all(words.map(async (word) => (await post(url, `a ${word}`, { token })).id));
    if (round % 2 === 0) await search(url, 'a');
    await Promise.all(ids.map((id) => edit(url, id, `b ${id} ${words[0]}`, token)));
    await Promise.all(ids.map((id) => remove(url, id, token)));
    gone.push(...words);
  }
  await stop();
  expect(foundIn(dataDir, gone)).toEqual([]);
});

async function remove(url: string, id: number, token: string): Promise<void> {
  expect((await write(url, `/messages/${id}`, undefined, { method: 'DELETE', token })).status).toBe(200);
}

async function edit(url: string, id: number, message: string, token: string): Promise<void> {
  expect((await write(url, `/messages/${id}`, { message }, { method: 'PATCH', token })).status).toBe(200);
}

/** A search lets the index catch up. */
async function search(url: string, q: string): Promise<void> {
  expect((await call(url, `/search?${new URLSearchParams({ q })}`)).json).not.toEqual([]);
}

/** @returns the words that are in a file of the folder, in any case */
function foundIn(folder: string, words: readonly string[]): string[] {
  const contents = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'));
  return words.filter((word) => contents.some((content) => content.includes(word)));
}
