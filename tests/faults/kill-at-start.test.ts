/** kill -9 while the server starts: its very first start, and one that has much to do. */
import { rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openJournal } from '../../backend/journal/sqlite.ts';
import { createLog } from '../../backend/log.ts';
import { call, post } from '../harness/api.ts';
import { launchServer, startServerProcess } from '../harness/process.ts';
import { createRandom } from '../harness/random.ts';
import { makeDataDir, startTestServer } from '../harness/server.ts';
import { readAll } from './writers.ts';

const SEED = 20261122;

/** A dozen starts of the server, on a machine that may be busy with other things. */
vi.setConfig({ testTimeout: 240_000 });

it('starts after each kill during its very first start, whatever it had made so far', async () => {
  let isWhole = false;
  let kills = 0;
  // Killed at ever later changes of the folder, until it comes to listen before that.
  for (let changes = 1; !isWhole; changes += 1 + Math.floor(changes / 2)) {
    const dataDir = makeDataDir();
    const { child, exited, listening } = launchServer({ dataDir });
    let seen = 0;
    const watcher = watch(dataDir, () => {
      if (++seen === changes) child.kill('SIGKILL');
    });
    onTestFinished(() => watcher.close());
    isWhole = (await Promise.race([exited.then(() => 0), listening])) > 0;
    if (!isWhole) kills++;
    child.kill('SIGKILL');
    await exited;
    watcher.close();
    const server = await startTestServer({ dataDir });
    expect(await post(server.url, 'hello')).toMatchObject({ id: 1, seq: 1 });
    await server.stop();
  }
  expect(kills).toBeGreaterThan(3);
});

it('makes its store anew, however often it is killed while it does', async () => {
  const random = createRandom(SEED);
  const dataDir = makeDataDir();
  const count = 30_000;
  const journal = await openJournal({ dataDir, log: createLog('silent') });
  await Promise.all(
    Array.from({ length: count }, (_, nth) =>
      journal.append({
        command: 'send-message',
        at: '2026-11-22T06:53:00.000Z',
        text: `text ${nth + 1}`,
        body: { user: 'Azin', room: 'lobby' },
      }),
    ),
  );
  await journal.close();
  const store = join(dataDir, 'store.db');
  for (let kill = 0; kill < 8; kill++) {
    if (kill === 4) for (const suffix of ['', '-wal', '-shm']) rmSync(store + suffix, { force: true });
    const { child, exited, listening } = launchServer({ dataDir });
    const changes = 20 + Math.floor(random() * 60);
    let seen = 0;
    const watcher = watch(dataDir, (_event, name) => {
      if (name?.startsWith('store.db') && ++seen === changes) child.kill('SIGKILL');
    });
    onTestFinished(() => watcher.close());
    await Promise.race([exited, listening]);
    child.kill('SIGKILL');
    await exited;
    watcher.close();
  }
  const server = await startServerProcess({ dataDir });
  expect(server.stderr()).toBe('');
  expect((await call(server.url, '/readyz')).status).toBe(200);
  const all = await readAll(server.url);
  expect(all.map(({ message }) => message)).toEqual(Array.from({ length: count }, (_, nth) => `text ${nth + 1}`));
});
