/** kill -9: at any moment under load, while the journal is brought into its main file, and while the server starts. */
import { rmSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openJournal } from '../../backend/journal/sqlite.ts';
import { createLog } from '../../backend/log.ts';
import { call, poll, post } from '../harness/api.ts';
import { launchServer, startServerProcess } from '../harness/process.ts';
import { createRandom } from '../harness/random.ts';
import { makeDataDir, startTestServer } from '../harness/server.ts';
import { createWriters, readAll } from './writers.ts';

const SEED = 20261122;
const WRITERS = 50;
/** Dozens of starts of the server, on a machine that may be busy with other things. */
const TIMEOUT_MS = 240_000;

it('loses nothing that it acknowledged when it is killed at random, 25 times', { timeout: TIMEOUT_MS }, async () => {
  const random = createRandom(SEED);
  const dataDir = makeDataDir();
  const writers = createWriters(WRITERS);
  const epochs = new Set<string | undefined>();
  for (let kill = 0; kill < 25; kill++) {
    const server = await startServerProcess({ dataDir });
    epochs.add((await poll(server.url)).since.split('-')[1]);
    const killAt = writers.acknowledged + 1 + Math.floor(random() * 400);
    let ended: Promise<unknown> | undefined;
    await writers.write(
      server.url,
      () => ended !== undefined,
      () => {
        if (writers.acknowledged >= killAt) ended ??= server.end('SIGKILL');
      },
    );
    await ended;
    expect(server.stderr()).toBe('');
  }
  const server = await startServerProcess({ dataDir });
  expect(epochs.size).toBe(1); // it is the same journal all along
  await writers.expectKept(server.url);
  await writers.expectAllAfterRetry(server.url);
});

it.each(['journal.db', 'store.db'])(
  'loses nothing when it is killed while the log is brought into %s',
  { timeout: TIMEOUT_MS },
  async (file) => {
    const random = createRandom(SEED);
    const dataDir = makeDataDir();
    // Long texts, so that the log of a thousand pages is full after some 250 of them.
    const writers = createWriters(WRITERS, '\u{1f600}'.repeat(3_900));
    let caught = 0;
    for (let kill = 0; kill < 5; kill++) {
      const server = await startServerProcess({ dataDir });
      let ended: Promise<unknown> | undefined;
      // The main file is written by a checkpoint only, page by page.
      const pages = 1 + Math.floor(random() * 20);
      let written = 0;
      const watcher = watch(join(dataDir, file), () => {
        if (writers.acknowledged === 0 || ++written < pages || ended !== undefined) return;
        ended = server.end('SIGKILL');
        caught++;
      });
      onTestFinished(() => watcher.close());
      await writers.write(server.url, () => ended !== undefined);
      await ended;
      watcher.close();
      expect(server.stderr()).toBe('');
    }
    expect(caught).toBe(5);
    const server = await startServerProcess({ dataDir });
    await writers.expectKept(server.url);
    await writers.expectAllAfterRetry(server.url);
  },
);

it(
  'starts after each kill during its very first start, whatever it had made so far',
  { timeout: TIMEOUT_MS },
  async () => {
    let isWhole = false;
    let kills = 0;
    // Killed at ever later changes of the folder, until it comes to listen before that.
    for (let changes = 1; !isWhole; changes += 1 + Math.floor(changes / 3)) {
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
  },
);

it('makes its store anew, however often it is killed while it does', { timeout: TIMEOUT_MS }, async () => {
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
  expect(statSync(store).size).toBeGreaterThan(0);
  expect(server.stderr()).toBe('');
  expect((await call(server.url, '/readyz')).status).toBe(200);
  const all = await readAll(server.url);
  expect(all.map(({ message }) => message)).toEqual(Array.from({ length: count }, (_, nth) => `text ${nth + 1}`));
});
