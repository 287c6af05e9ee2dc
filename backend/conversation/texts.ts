/**
 * What people wrote, by the seq of the entry after which it stands: the one table that holds it. Rows are only ever
 * added at the end, and blanked where they lie: where other rows shrink, go or come in between, SQLite moves a row within
 * its page, and leaves copies behind.
 */
import { BLANK_SLICE } from '../limits.ts';
import type Database from 'better-sqlite3';
import type { Change } from './change.ts';

export interface Texts {
  /** @param id of the message that it is of; undefined where it is of none */
  add(seq: number, id: number | undefined, text: string): void;
  /** Write over it, byte by byte. */
  blank(seq: number): void;
  /** It is replaced by another; it stays until the search index, which finds what is to go by its words, has let it go. */
  outdate(seq: number, by: number): void;
  /** Blank what was outdated by this seq or an earlier one, a piece of it. @returns whether there may be more */
  blankOutdated(upTo: number): boolean;
  /** @returns the seq of what outdated a text last, of those that are blanked; 0 where none is */
  blankedTo(): number;
  /** @returns the same of those that are not blanked yet */
  newestOutdated(): number | undefined;
}

/** A message as it lies in the store. */
export interface ChangeRow {
  id: number;
  seq: number;
  room: string;
  deleted: number;
  json: string;
}

/** A message as it stood after an entry, and before; null where nothing did, or what did is forgotten. */
export interface VersionRow {
  id: number;
  seq: number;
  json: string;
  replaced: string | null;
}

/** Messages first: what is asked for is known by their indexes. */
export const MESSAGES_WITH_TEXT = 'messages CROSS JOIN texts ON texts.seq = messages.seq';

/** Texts first: what is asked for is known by its seq, in one order for all rooms. */
export const TEXTS_OF_MESSAGES =
  'texts CROSS JOIN messages ON messages.id = texts.message AND messages.seq = texts.seq';

/** All that messages have been, in order, as far as it is kept. */
export const VERSIONS_OF_MESSAGES = `
  SELECT texts.message AS id, texts.seq, texts.text AS json, replaced.text AS replaced
  FROM texts LEFT JOIN outdated ON outdated.by = texts.seq LEFT JOIN texts AS replaced ON replaced.seq = outdated.seq
`;

export const TEXTS_SCHEMA = `
  CREATE TABLE texts (seq INTEGER PRIMARY KEY, message INTEGER, text TEXT NOT NULL) STRICT;
  CREATE TABLE outdated (by INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
  INSERT INTO state VALUES ('blanked', 0);
`;

export function prepareTexts(db: Database.Database): Texts {
  const add = db.prepare(`INSERT INTO texts (seq, message, text) VALUES (?, ?, ?)`);
  const blank = db.prepare(`UPDATE texts SET text = printf('%*s', octet_length(text), '') WHERE seq = ?`);
  const outdate = db.prepare(`INSERT INTO outdated (by, seq) VALUES (?, ?)`);
  const outdated = db.prepare<[number, number], { by: number; seq: number }>(
    `SELECT by, seq FROM outdated WHERE by <= ? ORDER BY by LIMIT ?`,
  );
  const newest = db.prepare<[], number | null>(`SELECT max(by) FROM outdated`).pluck();
  const forget = db.prepare(`DELETE FROM outdated WHERE by <= ?`);
  const blankedTo = db.prepare<[], number>(`SELECT value FROM state WHERE name = 'blanked'`).pluck();
  const setBlankedTo = db.prepare(`UPDATE state SET value = ? WHERE name = 'blanked'`);
  const blankAll = db.transaction((rows: readonly { by: number; seq: number }[]) => {
    for (const { seq } of rows) blank.run(seq);
    const last = rows.at(-1)?.by;
    forget.run(last);
    setBlankedTo.run(last);
  });
  return {
    add: (seq, id, text) => void add.run(seq, id ?? null, text),
    blank: (seq) => void blank.run(seq),
    outdate: (seq, by) => void outdate.run(by, seq),
    blankOutdated(upTo) {
      const rows = outdated.all(upTo, BLANK_SLICE);
      if (rows.length > 0) blankAll.immediate(rows);
      return rows.length === BLANK_SLICE;
    },
    blankedTo: () => blankedTo.get() ?? 0,
    newestOutdated: () => newest.get() ?? undefined,
  };
}

export function fromRow({ id, seq, room, deleted, json }: ChangeRow): Change {
  return { id, seq, room, isDeleted: deleted === 1, json };
}
