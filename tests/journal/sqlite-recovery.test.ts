/** What SQLite makes of a log that ends, or is damaged, anywhere: what was acknowledged up to there, and nothing else. */
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openJournalFile } from '../../backend/journal/sqlite-file.ts';
import { makeDataDir } from '../harness/server.ts';
import { entry } from './contract.ts';
import type { Entry } from '../../backend/journal/journal.ts';

/** What is asked is what SQLite reads; thousands of files need not come to the disk for it. */
const IN_MEMORY = existsSync('/dev/shm') ? '/dev/shm' : undefined;
const HEADER_BYTES = 32;
const FRAME_BYTES = 24 + 4_096;

vi.setConfig({ testTimeout: 180_000 });

interface Commit {
  /** Bytes of the log that hold it and all before it. */
  end: number;
  entries: Entry[];
}

/** Some commits that are in the log only. @returns copies of both files, and what was acknowledged with which bytes */
function makeLog({ pageBytes = 4_096, count = 12 } = {}) {
  const path = join(makeDataDir(IN_MEMORY), 'journal.db');
  const empty = new Database(path);
  empty.pragma(`page_size = ${pageBytes}`);
  empty.exec('VACUUM'); // which writes the first page
  empty.close();
  const file = openJournalFile(path);
  onTestFinished(() => file.close());
  file.checkpoint(); // the tables are in the main file
  const commits: Commit[] = [];
  for (let nth = 0; nth < count; nth++) {
    const long = nth % 4 === 3 ? { text: 'x'.repeat(1.5 * pageBytes) } : {};
    const entries = Array.from({ length: 1 + (nth % 3) }, () => entry({ key: `k${nth}-${Math.random()}`, ...long }));
    const { seqs } = file.commit(entries);
    const end = statSync(`${path}-wal`).size;
    commits.push({ end, entries: entries.map((one, index) => ({ ...one, seq: seqs[index] ?? 0 })) });
  }
  const main = `${path}.copy`;
  copyFileSync(path, main);
  return { main, log: readFileSync(`${path}-wal`), commits, epoch: file.epoch };
}

/** @returns what is found beside this log, and the seq that comes next where that is asked for */
function recover(main: string, log: Buffer, epoch: string, writes = false): { entries: Entry[]; next?: number } {
  const path = `${main}-again`;
  copyFileSync(main, path);
  writeFileSync(`${path}-wal`, log);
  const file = openJournalFile(path);
  try {
    expect(file.epoch).toBe(epoch);
    const entries = file.read(0, 1_000);
    expect(file.head).toBe(entries.at(-1)?.seq ?? 0);
    return writes ? { entries, next: file.commit([entry()]).seqs[0] ?? 0 } : { entries };
  } finally {
    file.close();
  }
}

function upTo(commits: readonly Commit[], bytes: number): Entry[] {
  return commits.filter(({ end }) => end <= bytes).flatMap(({ entries }) => entries);
}

describe('a log', () => {
  it('that is cut off anywhere holds all commits before that, and none of the one it was cut off in', () => {
    // At every byte: with the smallest pages, so that the log of four commits is short.
    const { main, log, commits, epoch } = makeLog({ pageBytes: 512, count: 4 });
    for (let at = 0; at <= log.length; at++) {
      const goesOn = at % 50 === 0; // where a commit is added, too
      const { entries, next } = recover(main, log.subarray(0, at), epoch, goesOn);
      expect(entries, `cut at ${at}`).toEqual(upTo(commits, at));
      if (goesOn) expect(next).toBe(entries.length + 1);
    }
  });

  it('that is damaged anywhere holds all commits before that, and none after it', () => {
    const { main, log, commits, epoch } = makeLog();
    fc.assert(
      fc.property(fc.nat(log.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const damaged = Buffer.from(log);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        const frame = Math.floor((at - HEADER_BYTES) / FRAME_BYTES);
        const whole = at < HEADER_BYTES ? 0 : HEADER_BYTES + frame * FRAME_BYTES;
        expect(recover(main, damaged, epoch).entries).toEqual(upTo(commits, whole));
      }),
      { numRuns: 300, examples: [0, 3, 4, 8, 15, 16, 24, 31, 32, 36, 40, 56].map((at) => [at, 1]) },
    );
  });

  it('that lost some pages, as a disk that writes them in another order may, holds nothing from there on', () => {
    const { main, log, commits, epoch } = makeLog();
    const frames = (log.length - HEADER_BYTES) / FRAME_BYTES;
    fc.assert(
      fc.property(fc.nat(frames - 1), fc.integer({ min: 1, max: 4 }), (first, count) => {
        const start = HEADER_BYTES + first * FRAME_BYTES;
        const damaged = Buffer.from(log).fill(0, start, Math.min(start + count * FRAME_BYTES, log.length));
        expect(recover(main, damaged, epoch).entries).toEqual(upTo(commits, start));
      }),
    );
  });
});
