/**
 * What people wrote, by the seq of the entry after which it stands: the one table that holds it. Rows are only ever
 * added at the end, and blanked where they lie: SQLite leaves copies of a row behind on the page where it was, when
 * others that shrink, go or come between make it move.
 */
import type Database from 'better-sqlite3';
import type { Change } from './change.ts';

export interface Texts {
  /** @param id of the message that it is of; undefined where it is of none */
  add(seq: number, id: number | undefined, text: string): void;
  /** Write over it, byte by byte. */
  blank(seq: number): void;
}

/** A message as it lies in the store. */
export interface ChangeRow {
  id: number;
  seq: number;
  room: string;
  deleted: number;
  json: string;
}

/** Messages first: what is asked for is known by their indexes. */
export const MESSAGES_WITH_TEXT = 'messages CROSS JOIN texts ON texts.seq = messages.seq';

/** Texts first: what is asked for is known by its seq, in one order for all rooms. */
export const TEXTS_OF_MESSAGES =
  'texts CROSS JOIN messages ON messages.id = texts.message AND messages.seq = texts.seq';

export const TEXTS_SCHEMA = `
  CREATE TABLE texts (seq INTEGER PRIMARY KEY, message INTEGER, text TEXT NOT NULL) STRICT;
`;

export function prepareTexts(db: Database.Database): Texts {
  const add = db.prepare(`INSERT INTO texts (seq, message, text) VALUES (?, ?, ?)`);
  const blank = db.prepare(`UPDATE texts SET text = printf('%*s', octet_length(text), '') WHERE seq = ?`);
  return {
    add: (seq, id, text) => void add.run(seq, id ?? null, text),
    blank: (seq) => void blank.run(seq),
  };
}

export function fromRow({ id, seq, room, deleted, json }: ChangeRow): Change {
  return { id, seq, room, isDeleted: deleted === 1, json };
}
