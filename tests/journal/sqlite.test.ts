import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { StartError } from '../../backend/errors.ts';
import { openJournalFile } from '../../backend/journal/sqlite-file.ts';
import { openJournal } from '../../backend/journal/sqlite.ts';
import { JOURNAL_BUSY_MS } from '../../backend/limits.ts';
import { makeDataDir } from '../harness/server.ts';
import { describeJournal, entry, open, readAll, silent } from './contract.ts';

const IN_MEMORY = existsSync('/dev/shm') ? '/dev/shm' : undefined;

describeJournal('sqlite', { openJournal, isDurable: true });

/** @returns transactions in the log beside the file: each ends in a frame that tells the size of the database */
function countCommits(dataDir: string): number {
  const log = readFileSync(join(dataDir, 'journal.db-wal'));
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at < log.length; at += frameBytes) if (log.readUInt32BE(at + 4) > 0) commits++;
  return commits;
}

function filesThatHold(text: string, dataDir: string): string[] {
  return readdirSync(dataDir).filter((name) => readFileSync(join(dataDir, name)).includes(text));
}

describe('a commit', () => {
  it('takes in all appends of a turn', async () => {
    const dataDir = makeDataDir();
    const journal = await open(openJournal, dataDir);
    await journal.append(entry());
    const before = countCommits(dataDir);
    await Promise.all(Array.from({ length: 100 }, () => journal.append(entry())));
    expect(countCommits(dataDir) - before).toBe(1);
  });

  it('takes in all appends that came while the one before was under way', async () => {
    const dataDir = makeDataDir();
    const journal = await open(openJournal, dataDir);
    await journal.append(entry());
    const before = countCommits(dataDir);
    const done = new Set<number>();
    const first = journal.append(entry()).then((seq) => done.add(seq));
    const rest: Promise<number>[] = [];
    while (done.size === 0) {
      rest.push(journal.append(entry()));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all([first, ...rest]);
    expect(countCommits(dataDir) - before).toBeLessThanOrEqual(2);
  });

  it('waits until the disk has it', () => {
    const pragma = vi.spyOn(Database.prototype, 'pragma');
    onTestFinished(() => pragma.mockRestore());
    const file = openJournalFile(join(makeDataDir(), 'journal.db'));
    onTestFinished(() => file.close());
    const db = pragma.mock.contexts[0] as Database.Database; // the file's own connection, as settings are by connection
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  });

  it('hands out what an earlier one kept that seemed to fail, also where a key of it is used again', () => {
    const path = join(makeDataDir(), 'journal.db');
    const [earlier, file] = [openJournalFile(path), openJournalFile(path)];
    onTestFinished(() => [earlier, file].forEach((one) => one.close()));
    const kept = [entry({ key: 'a' }), entry(), entry({ key: 'b' })];
    earlier.commit(kept);
    const stored = kept.map((one, index) => ({ ...one, seq: index + 1 }));
    expect(file.head).toBe(0);
    expect(file.commit([entry({ key: 'a' }), entry(), entry({ key: 'b' })])).toEqual({
      seqs: [1, 4, 3],
      missed: stored,
    });
    expect(file.head).toBe(4);
    earlier.commit([entry({ key: 'c' }), entry({ key: 'd' })]);
    expect(file.commit([entry({ key: 'd' })])).toMatchObject({ seqs: [6], missed: [{ seq: 5 }, { seq: 6 }] });
    expect(file.commit([entry({ key: 'd' })])).toEqual({ seqs: [6], missed: [] });
  });
});

describe('a commit that fails', () => {
  /** Bytes that any file of this process may have. */
  const limitFileSize = (bytes: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);

  it('is told as overloaded when there is no room, and the next succeeds when there is', async () => {
    const dataDir = makeDataDir();
    const journal = await open(openJournal, dataDir);
    const seen: number[] = [];
    await journal.follow(0, (batch) => void seen.push(...batch.map(({ seq }) => seq)));
    const first = await journal.append(entry());
    onTestFinished(() => void limitFileSize('unlimited'));
    limitFileSize(statSync(join(dataDir, 'journal.db-wal')).size + 1_000);
    const refused = entry({ key: 'k', text: 'x'.repeat(20_000) });
    const outcomes = await Promise.allSettled([journal.append(refused), journal.append(entry())]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'ChatError', code: 'overloaded' } });
    }
    expect(journal.trouble()).toEqual(expect.any(String));
    expect(await readAll(journal)).toHaveLength(1);

    limitFileSize('unlimited');
    const again = await journal.append(refused);
    expect(again).toBeGreaterThan(first);
    expect(journal.trouble()).toBeUndefined();
    expect(seen).toEqual([first, again]);
    await journal.close();
    expect(await readAll(await open(openJournal, dataDir))).toMatchObject([{ seq: first }, { seq: again, key: 'k' }]);
  });

  it('is known to be over without anyone trying, and what was refused stays out', async () => {
    const dataDir = makeDataDir();
    const journal = await open(openJournal, dataDir);
    const seen: number[] = [];
    await journal.follow(0, (batch) => void seen.push(...batch.map(({ seq }) => seq)));
    const first = await journal.append(entry());
    onTestFinished(() => void limitFileSize('unlimited'));
    limitFileSize(statSync(join(dataDir, 'journal.db-wal')).size);
    await expect(journal.append(entry())).rejects.toMatchObject({ code: 'overloaded' });
    limitFileSize('unlimited');
    await expect.poll(() => journal.trouble(), { timeout: 15_000 }).toBeUndefined();
    expect(journal.head()).toBe(first);
    expect(await readAll(journal)).toHaveLength(1);
    const next = await journal.append(entry());
    expect(seen).toEqual([first, next]);
    await journal.close();
    expect(await readAll(await open(openJournal, dataDir))).toHaveLength(2);
  });

  it('is not known to be over while there is room for a page, but not for a long text', async () => {
    const dataDir = makeDataDir();
    const file = openJournalFile(join(dataDir, 'journal.db'));
    onTestFinished(() => file.close());
    file.commit([entry()]);
    onTestFinished(() => void limitFileSize('unlimited'));
    limitFileSize(statSync(join(dataDir, 'journal.db-wal')).size + 20_000);
    expect(() => file.probe()).toThrow();
    limitFileSize('unlimited');
    file.probe();
    expect(file.read(0, 10)).toHaveLength(1);
  });

  it('is told as overloaded when another program holds the file, and the next succeeds when it lets go', async () => {
    const dataDir = makeDataDir();
    const journal = await open(openJournal, dataDir);
    const other = new Database(join(dataDir, 'journal.db'));
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');
    await expect(journal.append(entry())).rejects.toMatchObject({ code: 'overloaded' });
    other.exec('ROLLBACK');
    expect(await journal.append(entry())).toBe(1);
    expect(journal.trouble()).toBeUndefined();
  });
});

describe('what is erased', () => {
  const secret = 'a text that nobody shall find again';

  /** A journal that holds the secret twice, and others around it. */
  const startWithSecret = async (dataDir: string) => {
    const journal = await open(openJournal, dataDir);
    await Promise.all(Array.from({ length: 50 }, () => journal.append(entry())));
    const seq = await journal.append(entry({ text: secret }));
    await journal.append(entry({ about: seq, text: `${secret}, edited` }));
    await Promise.all(Array.from({ length: 50 }, () => journal.append(entry())));
    expect(filesThatHold(secret, dataDir)).not.toEqual([]);
    return { journal, seq };
  };

  it('is in no file once the journal is closed', async () => {
    const dataDir = makeDataDir();
    const { journal, seq } = await startWithSecret(dataDir);
    await journal.append(entry({ about: seq, erases: seq }));
    await journal.close();
    expect(filesThatHold(secret, dataDir)).toEqual([]);
    expect(existsSync(join(dataDir, 'journal.db-wal'))).toBe(false);
  });

  it('is in no file soon after, while the journal is open', async () => {
    const dataDir = makeDataDir();
    const { journal, seq } = await startWithSecret(dataDir);
    const gone = new Promise<void>((resolve) => {
      const watcher = watch(dataDir, () => filesThatHold(secret, dataDir).length === 0 && resolve());
      onTestFinished(() => watcher.close());
    });
    await journal.append(entry({ about: seq, erases: seq }));
    await gone;
    expect(await readAll(journal)).toHaveLength(103);
  });

  it('is in no file soon after someone who was reading the files has ended', async () => {
    const dataDir = makeDataDir();
    const { journal, seq } = await startWithSecret(dataDir);
    const reader = new Database(join(dataDir, 'journal.db'));
    onTestFinished(() => void reader.close());
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM entries').get();
    await journal.append(entry({ about: seq, erases: seq }));
    // A checkpoint writes what it can to the file even though the reader keeps it from emptying the log.
    await new Promise<void>((resolve) => {
      const watcher = watch(join(dataDir, 'journal.db'), () => resolve());
      onTestFinished(() => watcher.close());
    });
    expect(filesThatHold(secret, dataDir)).not.toEqual([]);
    const gone = new Promise<void>((resolve) => {
      const watcher = watch(dataDir, () => filesThatHold(secret, dataDir).length === 0 && resolve());
      onTestFinished(() => watcher.close());
    });
    reader.exec('ROLLBACK');
    await gone;
  });

  it('makes no commit wait for someone who reads the files for long', () => {
    const path = join(makeDataDir(IN_MEMORY), 'journal.db'); // where no disk is waited for either
    const file = openJournalFile(path);
    onTestFinished(() => file.close());
    file.commit([entry({ text: secret }), entry({ about: 1, erases: 1 })]);
    const reader = new Database(path);
    onTestFinished(() => void reader.close());
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM entries').get();
    const before = performance.now();
    expect(() => file.checkpoint()).toThrow('the file is being read');
    expect(file.commit([entry()]).seqs).toEqual([3]);
    expect(performance.now() - before).toBeLessThan(JOURNAL_BUSY_MS); // its patience with one who writes
  });
});

describe('a file that is not as it was written', () => {
  const PAGE_BYTES = 4_096;

  /** A journal of some pages. @returns the path of its file */
  const makeJournal = async (dataDir: string) => {
    const journal = await openJournal({ dataDir, log: silent });
    await Promise.all(Array.from({ length: 300 }, () => journal.append(entry({ text: 'x'.repeat(300) }))));
    await journal.close();
    return join(dataDir, 'journal.db');
  };
  const overwrite = (path: string, at: number, bytes: Buffer) => {
    const all = readFileSync(path);
    bytes.copy(all, at);
    writeFileSync(path, all);
  };

  it.each<[string, (path: string) => void]>([
    ['holds something else', (path) => writeFileSync(path, 'This is no database, but text.\n'.repeat(500))],
    ['has lost its beginning', (path) => overwrite(path, 0, Buffer.alloc(PAGE_BYTES))],
    ['has lost its middle', (path) => overwrite(path, 10 * PAGE_BYTES, Buffer.alloc(8 * PAGE_BYTES, 0xa5))],
    ['has lost its end', (path) => truncateSync(path, 9 * PAGE_BYTES)],
    ['is of a later version', (path) => void new Database(path).pragma('user_version = 99')],
  ])('stops the start with one line that names it when it %s', async (_what, damage) => {
    const dataDir = makeDataDir();
    const path = await makeJournal(dataDir);
    damage(path);
    const error = await openJournal({ dataDir, log: silent }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).message).toContain(path);
    expect((error as StartError).message).not.toContain('\n');
  });

  it('stops the start when it cannot be made at all', async () => {
    const dataDir = join(makeDataDir(), 'missing');
    await expect(openJournal({ dataDir, log: silent })).rejects.toThrow(/^The journal .*missing.* cannot be used/);
  });
});

describe('where the machine has no thread to give', () => {
  async function openWith(Worker: (this: EventEmitter, url: URL) => void) {
    vi.resetModules();
    vi.doMock('node:worker_threads', () => ({ Worker }));
    onTestFinished(() => vi.doUnmock('node:worker_threads'));
    const { openJournal: openThere } = await import('../../backend/journal/sqlite.ts');
    return openThere({ dataDir: makeDataDir(), log: silent });
  }

  it('for the commits, does not start, and says so in one line', async () => {
    const opening = openWith(function refuse() {
      throw new Error('no thread to be had');
    });
    await expect(opening).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(/^The journal .*journal\.db cannot be used: no thread to be had\b.*\.$/),
    });
  });

  it('for a look through a large file, goes on without', async () => {
    const opened = { gave: 'opened', epoch: 'e', head: 7, isChecked: false };
    const journal = await openWith(function start(url) {
      if (url.pathname.endsWith('/sqlite-check.ts')) throw new Error('no thread to be had');
      const thread = Object.assign(new EventEmitter(), {
        unref() {},
        postMessage: () => queueMicrotask(() => thread.emit('exit')),
      });
      queueMicrotask(() => thread.emit('message', opened));
      return thread;
    });
    expect(journal.head()).toBe(7);
    await journal.close();
  });
});
