/** What the SQLite files of the store and of its search index have in common. */
import { rmSync } from 'node:fs';
import type Database from 'better-sqlite3';

/** @returns how large it is, without the log beside it */
export function bytesOf(db: Database.Database): number {
  return Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }));
}

/** To be made anew by who opens it next. @param path of the file, or `:memory:` */
export function removeFiles(path: string): void {
  if (path !== ':memory:') for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
