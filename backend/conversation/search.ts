/**
 * Full-text search, by SQLite's FTS5. The index follows the messages by their seq a little behind them, as indexing
 * many at once costs a fraction of one by one; a search lets it catch up first.
 */
import { MAX_SEARCH_CANDIDATES, MAX_SEARCH_TERMS, SEARCH_INDEX_SLICE } from '../limits.ts';
import { toMessage } from './change.ts';
import { isStoreError } from './store-error.ts';
import { fromRow, MESSAGES_WITH_TEXT } from './texts.ts';
import type Database from 'better-sqlite3';
import type { Change } from './change.ts';
import type { ChangeRow } from './texts.ts';

export interface Search {
  /** Take in the next messages that changed. @returns whether there may be more */
  indexSome(): boolean;
  /** Take a message out that changes, with all the words it had, as far as it was taken in. */
  forget(before: Change): void;
  /**
   * @param query words, each the beginning of one, or "quoted phrases"; all must be there
   * @returns the best of the newest matches, the best first
   */
  find(query: string, room: string | undefined, limit: number): Change[];
}

interface Match {
  expression: string;
  room: string | null;
  candidates: number;
  limit: number;
}

export const SEARCH_SCHEMA = `
  CREATE VIRTUAL TABLE search USING fts5(
    room, text, content = '', tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'", prefix = '2 3'
  );
  INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
  INSERT INTO state VALUES ('indexed', 0);
`;

// SQLite knows those on Latin letters only. Hebrew and Arabic points are left out by most who write.
const ACCENTS =
  /[\u0300-\u036f]|[\u0591-\u05bd]|\u05bf|[\u05c1-\u05c2]|[\u064b-\u0652]|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u20d0-\u20ff]/gu;

export function prepareSearch(db: Database.Database): Search {
  const indexed = db.prepare<[], number>(`SELECT value FROM state WHERE name = 'indexed'`).pluck();
  const setIndexed = db.prepare(`UPDATE state SET value = ? WHERE name = 'indexed'`);
  const changedAfter = db.prepare<[number, number], ChangeRow>(
    `SELECT id, messages.seq, room, deleted, text AS json FROM ${MESSAGES_WITH_TEXT}
     WHERE messages.seq > ? ORDER BY messages.seq LIMIT ?`,
  );
  const remove = db.prepare(`INSERT INTO search (search, rowid, room, text) VALUES ('delete', ?, ?, ?)`);
  const add = db.prepare(`INSERT INTO search (rowid, room, text) VALUES (?, ?, ?)`);
  // Ranking all that match would take seconds for a common word; people look for what is not long ago.
  const match = db.prepare<[Match], ChangeRow>(`
    SELECT id, seq, room, deleted, json FROM (
      SELECT id, messages.seq AS seq, messages.room AS room, deleted, texts.text AS json, search.rank AS score
      FROM search CROSS JOIN messages ON messages.id = search.rowid CROSS JOIN texts ON texts.seq = messages.seq
      WHERE search MATCH @expression AND (@room IS NULL OR messages.room = @room)
      ORDER BY search.rowid DESC LIMIT @candidates
    ) ORDER BY score, id DESC LIMIT @limit
  `);

  const textOf = (change: Change) => fold(toMessage(change).message);
  const indexRows = db.transaction((rows: readonly ChangeRow[], last: number) => {
    for (const row of rows) if (row.deleted === 0) add.run(row.id, row.room, textOf(fromRow(row)));
    setIndexed.run(last);
  });

  const indexSome = () => {
    const rows = changedAfter.all(indexed.get() ?? 0, SEARCH_INDEX_SLICE);
    const last = rows.at(-1);
    if (last !== undefined) indexRows.immediate(rows, last.seq);
    return rows.length === SEARCH_INDEX_SLICE;
  };

  /** With a full disk what is indexed can still be searched. */
  const catchUpIfPossible = () => {
    try {
      while (indexSome());
    } catch (error) {
      if (!isStoreError(error)) throw error;
    }
  };

  return {
    indexSome,
    forget(before) {
      // The index keeps no texts, and finds what is to go by its words: just those that were put in.
      const isIn = !before.isDeleted && before.seq <= (indexed.get() ?? 0);
      if (isIn) remove.run(before.id, before.room, textOf(before));
    },
    find(query, room, limit) {
      catchUpIfPossible();
      const expression = toExpression(query, room);
      if (expression === undefined) return [];
      const candidates = MAX_SEARCH_CANDIDATES;
      return match.all({ expression, room: room ?? null, candidates, limit }).map(fromRow);
    },
  };
}

/** @returns the text in small letters without accents, of which only those go that are put above, below and through */
function fold(text: string): string {
  return text.toLowerCase().normalize('NFKD').replaceAll(ACCENTS, '');
}

/** @returns FTS5's own language, in which everything that a person typed is quoted; undefined when there is no word */
function toExpression(query: string, room: string | undefined): string | undefined {
  const terms = [...fold(query.replaceAll('\0', ' ')).matchAll(/"([^"]*)"?|([^\s"]+)/g)]
    .map(([, phrase, word]) => ({ text: phrase ?? word ?? '', isPhrase: phrase !== undefined }))
    .filter(({ text }) => /[\p{L}\p{N}\p{Co}]/u.test(text))
    .slice(0, MAX_SEARCH_TERMS)
    // A single Latin letter begins too many words to be worth looking all of them up.
    .map(({ text, isPhrase }) => (isPhrase || /^[a-z\d]$/.test(text) ? `"${text}"` : `"${text}"*`));
  if (terms.length === 0) return undefined;
  const words = `text : (${terms.join(' AND ')})`;
  return room === undefined ? words : `room : "${room}" AND ${words}`;
}
