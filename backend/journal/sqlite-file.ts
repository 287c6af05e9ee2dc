/** The journal's SQLite file: what is in it, and the few statements that touch it. Used from the committing thread. */
import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { bytesOf, findDamage } from '../database.ts';
import { JOURNAL_BUSY_MS, MAX_BODY_BYTES, MAX_JOURNAL_CHECKED_BYTES } from '../limits.ts';
import type { Entry, NewEntry } from './journal.ts';

/** A row with absent fields as null. */
interface Row {
  seq: number;
  at: string;
  command: string;
  author: string | null;
  key: string | null;
  about: number | null;
  text: string | null;
  body: string;
}

export interface Committed {
  /** One for each entry; an earlier one where its key is known. */
  seqs: number[];
  /** Entries of an earlier commit that seemed to fail and did not: kept all the same, and not handed out so far. */
  missed: Entry[];
}

export interface JournalFile {
  /** Whether it was looked through for damage. */
  readonly isChecked: boolean;
  /** Another one after `renew`. */
  readonly epoch: string;
  readonly head: number;
  /** Keep the entries in one durable transaction, or none of them. */
  commit(entries: readonly NewEntry[]): Committed;
  /** Write as much as the largest entry takes, durably, and take it away again. @throws Error when there is no room */
  probe(): void;
  renew(): void;
  /** @returns at most `limit` entries after the seq, in order */
  read(after: number, limit: number): Entry[];
  /**
   * Bring everything into the main file and empty the log beside it, with what was erased.
   * @throws Error when that cannot be done now
   */
  checkpoint(): void;
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    command TEXT NOT NULL,
    author TEXT,
    key TEXT,
    about INTEGER,
    text TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS entries_key ON entries (ifnull(author, ''), key) WHERE key IS NOT NULL;
  CREATE INDEX IF NOT EXISTS entries_about ON entries (about) WHERE about IS NOT NULL;
`;
/** Written into the file, so that a later version knows what it has before it. */
const SCHEMA_VERSION = 1;

/** @throws an error of SQLite's when the file is none of ours or cannot be used */
export function openJournalFile(path: string): JournalFile {
  const db = new Database(path, { timeout: JOURNAL_BUSY_MS });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL'); // in WAL mode less than FULL loses the last commits with the power
  db.pragma('secure_delete = ON'); // what is erased is overwritten, not only unlinked
  const version = db.pragma('user_version', { simple: true });
  if (version !== 0 && version !== SCHEMA_VERSION) throw new Error(`it has version ${String(version)}, not known here`);
  // Damage is told at the start, not by the first who reads that far; of a large file soon after, as all of it is read.
  const isChecked = bytesOf(db) <= MAX_JOURNAL_CHECKED_BYTES;
  const damage = isChecked ? findDamage(db) : undefined;
  if (damage !== undefined) throw damaged(`it is damaged: ${damage}`);
  db.transaction(() => {
    db.exec(SCHEMA);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
    db.prepare(`INSERT OR IGNORE INTO meta VALUES ('epoch', ?)`).run(newEpoch());
  })();
  const readEpoch = db.prepare<[], string>(`SELECT value FROM meta WHERE name = 'epoch'`).pluck();
  let epoch = readEpoch.get() ?? '';
  const insert = db.prepare(
    `INSERT INTO entries (at, command, author, key, about, text, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const findKey = db
    .prepare<[string, string], number>(`SELECT seq FROM entries WHERE ifnull(author, '') = ? AND key = ?`)
    .pluck();
  // Written over where it lies: a row that shrinks makes others move, and SQLite leaves copies where they were.
  const erase = db.prepare(
    `UPDATE entries SET text = printf('%*s', octet_length(text), '') WHERE (seq = ? OR about = ?) AND text IS NOT NULL`,
  );
  const readAfter = db.prepare<[number, number], Row>(`SELECT * FROM entries WHERE seq > ? ORDER BY seq LIMIT ?`);
  let head = db.prepare<[], number>(`SELECT max(seq) FROM entries`).pluck().get() ?? 0;

  const commit = db.transaction((entries: readonly NewEntry[]): Committed => {
    let firstNew: number | undefined;
    const seqs = entries.map(({ at, command, author, key, about, erases, text, body }) => {
      const known = key === undefined ? undefined : findKey.get(author ?? '', key);
      if (known !== undefined) return known;
      if (erases !== undefined) erase.run(erases, erases);
      const row = [at, command, author ?? null, key ?? null, about ?? null, text ?? null, JSON.stringify(body)];
      const seq = Number(insert.run(...row).lastInsertRowid);
      firstNew ??= seq;
      return seq;
    });
    // Rows are never removed, so the numbers of commits follow on each other without a hole.
    const missing = (firstNew ?? highest(seqs, head) + 1) - head - 1;
    // Hardly ever any, and SQLite plans a query anew whenever its limit is another.
    return { seqs, missed: missing === 0 ? [] : readAfter.all(head, missing).map(toEntry) };
  });

  // What is removed in a transaction is written all the same, as it is overwritten with zeros.
  const probe = db.transaction(() => {
    db.prepare(`INSERT OR REPLACE INTO meta VALUES ('probe', printf('%*s', ?, ''))`).run(MAX_BODY_BYTES);
    db.exec(`DELETE FROM meta WHERE name = 'probe'`);
  });

  return {
    isChecked,
    get epoch() {
      return epoch;
    },
    get head() {
      return head;
    },
    commit(entries) {
      const committed = commit.immediate(entries);
      head = highest(committed.seqs, head);
      return committed;
    },
    probe: () => probe.immediate(),
    renew() {
      db.prepare(`UPDATE meta SET value = ? WHERE name = 'epoch'`).run(newEpoch());
      epoch = readEpoch.get() ?? '';
    },
    read: (after, limit) => readAfter.all(after, limit).map(toEntry),
    checkpoint() {
      // Whoever is making a copy of the file is in its way for long. Commits would have to wait for as long as this does.
      db.pragma('busy_timeout = 0');
      try {
        if (db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) !== 0) throw new Error('the file is being read');
      } finally {
        db.pragma(`busy_timeout = ${JOURNAL_BUSY_MS}`);
      }
    },
    close: () => void db.close(),
  };
}

function newEpoch(): string {
  return randomBytes(4).toString('hex');
}

function highest(seqs: readonly number[], least: number): number {
  return seqs.reduce((one, other) => Math.max(one, other), least);
}

function toEntry({ seq, at, command, author, key, about, text, body }: Row): Entry {
  return {
    seq,
    at,
    command,
    ...(author !== null && { author }),
    ...(key !== null && { key }),
    ...(about !== null && { about }),
    // Blank once it is erased: no text that was accepted is.
    ...(text !== null && text.trim() !== '' && { text }),
    body: parseBody(seq, body),
  };
}

function parseBody(seq: number, body: string): Entry['body'] {
  try {
    return JSON.parse(body) as Entry['body']; // written by `commit` above
  } catch {
    throw damaged(`entry ${seq} is damaged`); // the file's structure is whole, and SQLite does not look further
  }
}

/** @returns an error as SQLite tells it where it finds damage itself */
function damaged(what: string): Error {
  return new Database.SqliteError(what, 'SQLITE_CORRUPT');
}
