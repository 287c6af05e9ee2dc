import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished, vi } from 'vitest';
import { toChange } from '../../../backend/conversation/change.ts';
import { openStore } from '../../../backend/conversation/store.ts';
import { CHECKPOINT_EVERY_ENTRIES } from '../../../backend/limits.ts';
import { makeDataDir } from '../../harness/server.ts';
import type { Store } from '../../../backend/conversation/store.ts';

const TEXT = 'x'.repeat(1_000);

function say(store: Store, seq: number): void {
  const changed = { id: seq, seq, room: 'lobby', user: 'Azin', message: TEXT, timestamp: 't' };
  store.transaction(({ write, setHead }) => {
    write({ seq, at: 't', command: 'send-message', body: {} }, { changed }, toChange(changed), '');
    setHead(seq);
  });
}

it('brings what is written into the file beside the writing, and leaves no log behind', async () => {
  const path = join(makeDataDir(), 'store.db');
  const store = openStore(path, 'e', 0, () => {});
  for (let seq = 1; seq <= CHECKPOINT_EVERY_ENTRIES; seq++) say(store, seq);
  const bytes = (CHECKPOINT_EVERY_ENTRIES * TEXT.length) / 2;
  expect(statSync(path).size).toBeLessThan(bytes); // not by the writer, and the thread has just been asked to
  for (let more = 1; more <= 10; more++) say(store, CHECKPOINT_EVERY_ENTRIES + more);
  await expect.poll(() => statSync(path).size, { timeout: 20_000 }).toBeGreaterThan(bytes);
  expect(store.after('lobby', 0, 1000).changes).toHaveLength(CHECKPOINT_EVERY_ENTRIES + 10);
  await store.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
});

it('empties the log with what is erased, having most of it brought into the file beside the work', async () => {
  const path = join(makeDataDir(), 'store.db');
  const store = openStore(path, 'e', 0, () => {});
  onTestFinished(() => store.close());
  const write = (from: number, to: number) => {
    for (let seq = from; seq <= to; seq++) say(store, seq);
  };
  write(1, 3);
  expect(await store.emptyLog()).toBe(true); // by itself: it is little
  expect(statSync(`${path}-wal`).size).toBe(0);

  write(4, CHECKPOINT_EVERY_ENTRIES + 10);
  const reader = new Database(path, { readonly: true });
  onTestFinished(() => void reader.close());
  const bytesBefore = statSync(path).size;
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM messages').get();
  expect(await store.emptyLog()).toBe(false);
  expect(statSync(path).size).toBeGreaterThan(bytesBefore); // what the reader sees is no reason to wait with it
  reader.exec('ROLLBACK');
  expect(await store.emptyLog()).toBe(true);
  expect(statSync(`${path}-wal`).size).toBe(0);
});

it('ends with the store, also while it is under way', async () => {
  const path = join(makeDataDir(), 'store.db');
  const store = openStore(path, 'e', 0, () => {});
  for (let seq = 1; seq <= CHECKPOINT_EVERY_ENTRIES; seq++) say(store, seq);
  const emptied = store.emptyLog();
  await store.close();
  await emptied;
  expect(existsSync(`${path}-wal`)).toBe(false);
});

it('is left to the store where no thread can be started, and no entry fails for it', async () => {
  vi.resetModules();
  const Worker = vi.fn(function refuse() {
    throw new Error('no thread to be had');
  });
  vi.doMock('node:worker_threads', () => ({ Worker }));
  onTestFinished(() => vi.doUnmock('node:worker_threads'));
  const { openStore: openThere } = await import('../../../backend/conversation/store.ts');
  const path = join(makeDataDir(), 'store.db');
  const store = openThere(path, 'e', 0, () => {});
  onTestFinished(() => store.close());
  for (let seq = 1; seq <= 2 * CHECKPOINT_EVERY_ENTRIES; seq++) say(store, seq);
  expect(Worker).toHaveBeenCalledOnce();
  expect(store.head()).toBe(2 * CHECKPOINT_EVERY_ENTRIES);
  expect(await store.emptyLog()).toBe(true);
  expect(statSync(`${path}-wal`).size).toBe(0);
});
