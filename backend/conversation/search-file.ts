/** The search index's SQLite file: made anew where it is missing, damaged, or follows something else. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { bytesOf, findDamage, isDamage, isDatabaseError, removeFiles } from '../database.ts';
import { MAX_STORE_CHECKED_BYTES } from '../limits.ts';

/** An index of another version, or of another journal, is made anew. */
const VERSION = 1;

// No index of beginnings: it would cost a third more, and twice the room, and save a few milliseconds of a search.
const SCHEMA = `
  CREATE TABLE state (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE search USING fts5(
    room, text, content = '', tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
  );
`;

/**
 * At the start, before the store takes in more: discard an index that could never let go of words that it has.
 * @param blankedTo one that is behind lacks the texts that it would find them by, as when an older copy was put back
 * @param head one that is ahead has them from texts that the journal may have lost since; a new store is behind any
 */
export function discardUnfitIndex(path: string, blankedTo: number, head: number): void {
  if (!existsSync(path)) return;
  let indexed: number | undefined;
  let db: Database.Database | undefined;
  try {
    db = new Database(path);
    indexed = db.prepare<[], number>(`SELECT value FROM state WHERE name = 'indexed'`).pluck().get();
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
  }
  db?.close();
  if (indexed === undefined || indexed < blankedTo || indexed > head) removeFiles(path);
}

/** @param path of the file, or `:memory:` @param epoch of the journal that the store follows */
export function openIndexFile(path: string, epoch: string): Database.Database {
  if (existsSync(path)) {
    let db: Database.Database | undefined;
    try {
      db = prepare(new Database(path));
      if (isFit(db, epoch)) return db;
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    db?.close();
    removeFiles(path);
  }
  const db = prepare(new Database(path));
  db.transaction(() => {
    db.exec(SCHEMA);
    // On a disk no word may stay that nobody finds any more; in memory that would cost a hundred times as much for nothing.
    if (path !== ':memory:') db.exec(`INSERT INTO search (search, rank) VALUES ('secure-delete', 1)`);
    db.prepare(`INSERT INTO state VALUES ('epoch', ?), ('indexed', 0)`).run(epoch);
    db.pragma(`user_version = ${VERSION}`);
  })();
  return db;
}

function prepare(db: Database.Database): Database.Database {
  db.pragma('journal_mode = WAL');
  db.pragma('cache_spill = OFF'); // with a full disk a search can hold in memory what it needs
  db.pragma('temp_store = MEMORY');
  // Texts are blanked once they are taken out of the index: not even the power may bring them back here.
  db.pragma('synchronous = FULL');
  db.pragma('secure_delete = ON'); // what is erased is overwritten, not only unlinked
  return db;
}

function isFit(db: Database.Database, epoch: string): boolean {
  if (db.pragma('user_version', { simple: true }) !== VERSION) return false;
  if (db.prepare<[], string>(`SELECT value FROM state WHERE name = 'epoch'`).pluck().get() !== epoch) return false;
  return bytesOf(db) > MAX_STORE_CHECKED_BYTES || findDamage(db) === undefined;
}
