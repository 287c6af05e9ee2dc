/** What all SQLite files of the server have in common: how large they are, how damage shows, and how they are removed. */
import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';

/** @returns how large the file is, without the log beside it */
export function bytesOf(db: Database.Database): number {
  return Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }));
}

/** Look through the structure of the whole file. @returns what is wrong with it, in one line; undefined when nothing is */
export function findDamage(db: Database.Database): string | undefined {
  const finding = String(db.pragma('quick_check(1)', { simple: true })).replaceAll(/\s+/g, ' ');
  return finding === 'ok' ? undefined : finding;
}

/** @returns whether the database, and not what was done with it, is what failed: a full disk, say */
export function isDatabaseError(error: unknown): error is InstanceType<typeof Database.SqliteError> {
  return error instanceof Database.SqliteError;
}

/** @returns whether what lies on the disk is at fault, so that trying again cannot help */
export function isDamage(error: unknown): boolean {
  return isDatabaseError(error) && isDamageCode(error.code);
}

/** The same of an error's code alone, which is what is left of it on its way from another thread. */
export function isDamageCode(code: string): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(code);
}

/** To be made anew by who opens it next. @param path of the file, or `:memory:` */
export function removeFiles(path: string): void {
  if (path !== ':memory:') for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
