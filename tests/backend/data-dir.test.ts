import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDataDir } from '../../backend/data-dir.ts';
import { StartError } from '../../backend/errors.ts';
import { startServerProcess } from '../harness/process.ts';
import { makeDataDir } from '../harness/server.ts';

const open = (path: string) => {
  const opened = openDataDir(path);
  onTestFinished(() => opened.close());
  return opened;
};

describe('a data directory', () => {
  it('is made when it is missing, with those above it, for its owner alone', () => {
    const path = join(makeDataDir(), 'a', 'b');
    open(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('keeps one secret, that only its owner can read', () => {
    const path = makeDataDir();
    const first = open(path);
    const secret = first.readSecret();
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(first.readSecret()).toBe(secret);
    first.close();
    expect(open(path).readSecret()).toBe(secret);
    expect(statSync(join(path, 'secret')).mode & 0o777).toBe(0o600);
    expect(open(makeDataDir()).readSecret()).not.toBe(secret);
    expect(readdirSync(path)).not.toContain('secret.new');
  });

  it('has a secret after a start that ended while it was written', () => {
    const path = makeDataDir();
    writeFileSync(join(path, 'secret.new'), 'half');
    expect(open(path).readSecret()).toMatch(/^[\w-]{43}$/);
  });

  it('is refused when its secret is damaged, and the secret is left as it is', () => {
    const path = makeDataDir();
    writeFileSync(join(path, 'secret'), 'short');
    expect(() => open(path).readSecret()).toThrow(/^DATA_DIR .*secret/);
    expect(readFileSync(join(path, 'secret'), 'utf8')).toBe('short');
  });

  it('is refused in one line when its secret cannot be read', () => {
    const path = makeDataDir();
    mkdirSync(join(path, 'secret'));
    expect(() => open(path).readSecret()).toThrow(StartError);
  });

  it('is held by one at a time', () => {
    const path = makeDataDir();
    const first = open(path);
    expect(() => openDataDir(path)).toThrow(StartError);
    expect(() => openDataDir(path)).toThrow(`DATA_DIR ${path} is in use by another server.`);
    first.close();
    open(path);
  });

  it('is held by one process at a time, and free again when that is killed', async () => {
    const server = await startServerProcess();
    const { dataDir } = server;
    expect(() => openDataDir(dataDir)).toThrow('is in use by another server');
    await expect(startServerProcess({ dataDir })).rejects.toThrow(
      `ended with code 1: DATA_DIR ${dataDir} is in use by another server.\n`,
    );
    await server.end('SIGKILL');
    open(dataDir);
  });

  it.each<[string, (path: string) => string]>([
    ['is a file', (path) => (writeFileSync(join(path, 'file'), ''), join(path, 'file'))],
    ['is below a file', (path) => (writeFileSync(join(path, 'file'), ''), join(path, 'file', 'data'))],
    ['is where nothing can be made', () => '/proc/since/data'],
    ['has a folder where its lock should be', (path) => (mkdirSync(join(path, 'server.lock')), path)],
    [
      'has something else where its lock should be',
      (path) => (writeFileSync(join(path, 'server.lock'), 'x'.repeat(2_000)), path),
    ],
  ])('is refused in one line that names it when it %s', (_what, prepare) => {
    const path = prepare(makeDataDir());
    expect(() => openDataDir(path)).toThrow(StartError);
    expect(() => openDataDir(path)).toThrow(new RegExp(`^DATA_DIR ${path} [^\\n]+$`));
  });
});
