/** What it cannot start with, as a process: a folder that may not be written, and others who have what it wants. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { post } from '../harness/api.ts';
import { launchServer, startServerProcess } from '../harness/process.ts';
import { makeDataDir, startTestServer } from '../harness/server.ts';
import type { AddressInfo } from 'node:net';
import type { ProcessOptions } from '../harness/process.ts';

vi.setConfig({ testTimeout: 60_000 });

/** It says why in one line, and ends with an error. */
async function expectRefused(options: ProcessOptions, line: RegExp): Promise<void> {
  const { exited, stderr } = launchServer({ ...options, env: { LOG_LEVEL: 'info', ...options.env } });
  expect(await exited).toBe(1);
  expect(stderr()).toMatch(line);
  expect(stderr().trimEnd()).not.toContain('\n');
}

/**
 * Take the right to write to a folder away from a server, by what works here: for root the rights of files count for
 * nothing, so the folder becomes a file system that is read only, or the server somebody else.
 * @returns what it is to be started with
 */
function forbidWriting(dataDir: string): ProcessOptions {
  chmodSync(dataDir, 0o555);
  onTestFinished(() => chmodSync(dataDir, 0o755));
  if (process.getuid?.() !== 0) return { dataDir };
  try {
    execFileSync('mount', ['--bind', '-o', 'ro', dataDir, dataDir], { stdio: 'ignore' });
    onTestFinished(() => void execFileSync('umount', ['--lazy', dataDir]));
    return { dataDir };
  } catch {
    return { dataDir, wrapper: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] };
  }
}

it.each(['empty', 'in use before'])('does not start in a folder that is read only and %s', async (what) => {
  const dataDir = makeDataDir();
  if (what !== 'empty') {
    const { url, stop } = await startTestServer({ dataDir });
    await post(url, 'hello');
    await stop();
  }
  const files = readdirSync(dataDir);
  await expectRefused(forbidWriting(dataDir), /^DATA_DIR \S+ cannot be written \(SQLITE_\w+\)\.\n$/);
  expect(readdirSync(dataDir)).toEqual(files);
});

it('starts once where two are started at the same moment, and the other says why it did not', async () => {
  const dataDir = makeDataDir();
  const both = [launchServer({ dataDir }), launchServer({ dataDir })];
  const ends = both.map(async ({ listening, exited, stderr }) =>
    Promise.race([listening.then(() => 'listens'), exited.then((code) => `${code}: ${stderr()}`)]),
  );
  expect((await Promise.all(ends)).toSorted()).toEqual([
    expect.stringMatching(/^1: DATA_DIR \S+ is in use by another server\.\n$/),
    'listens',
  ]);
});

it('does not start on a port that is taken, and leaves the folder to others', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo; // a TCP server's address is no string
  const dataDir = makeDataDir();
  await expectRefused({ dataDir, port }, /^PORT \d+ is taken by another program\.\n$/);
  await startServerProcess({ dataDir });
});
