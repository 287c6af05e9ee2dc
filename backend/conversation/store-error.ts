/** Telling what the database could not do from what the work did wrong. */
import Database from 'better-sqlite3';

/** @returns whether what lies on the disk is at fault, so that trying again cannot help */
export function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

/** @returns whether the database, not the work, is what failed: a full disk, say */
export function isStoreError(error: unknown): boolean {
  return error instanceof Database.SqliteError;
}
