/** kill -9 under load: at any moment, and while a log is brought into its main file. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { poll } from '../harness/api.ts';
import { startServerProcess } from '../harness/process.ts';
import { createRandom } from '../harness/random.ts';
import { makeDataDir } from '../harness/server.ts';
import { createWriters } from './writers.ts';

const SEED = 20261122;
const WRITERS = 50;
/** Dozens of starts of the server, on a machine that may be busy with other things. */
const TIMEOUT_MS = 400_000;

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
