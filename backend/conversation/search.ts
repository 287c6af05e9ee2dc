/**
 * Full-text search, by SQLite's FTS5. The index follows the messages by their seq a little behind them, as indexing
 * many at once costs a fraction of one by one; a search lets it catch up first.
 */
import { MAX_SEARCH_CANDIDATES, MAX_SEARCH_TERMS, SEARCH_INDEX_SLICE } from '../limits.ts';
import { toMessage } from './change.ts';
import type Database from 'better-sqlite3';
import type { Change } from './change.ts';

export interface Search {
  /** Take in the next messages that changed. @returns whether there may be more */
  indexSome(): boolean;
  /** Take a message out, with all its words, as far as it was taken in. */
  forget(id: number): void;
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

export interface ChangeRow {
  id: number;
  seq: number;
  room: string;
  deleted: number;
  json: string;
}

export const SEARCH_SCHEMA = `
  CREATE VIRTUAL TABLE search USING fts5(
    room, text, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'", prefix = '2 3'
  );
  INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
  INSERT INTO state VALUES ('indexed', 0);
`;

// SQLite knows those on Latin letters only. Hebrew and Arabic points are left out by most who write.
const ACCENTS =
  /[\u0300-\u036f]|[\u0591-\u05bd]|\u05bf|[\u05c1-\u05c2]|[\u064b-\u0652]|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u20d0-\u20ff]/gu;

export function prepareSearch(db: Database.Database, fromRow: (row: ChangeRow) => Change): Search {
  const indexed = db.prepare<[], number>(`SELECT value FROM state WHERE name = 'indexed'`).pluck();
  const setIndexed = db.prepare(`UPDATE state SET value = ? WHERE name = 'indexed'`);
  const changedAfter = db.prepare<[number, number], ChangeRow>(
    `SELECT id, seq, room, deleted, json FROM messages WHERE seq > ? ORDER BY seq LIMIT ?`,
  );
  const textOf = db.prepare<[number], string>(`SELECT text FROM search WHERE rowid = ?`).pluck();
  const remove = db.prepare(`DELETE FROM search WHERE rowid = ?`);
  const add = db.prepare(`INSERT INTO search (rowid, room, text) VALUES (?, ?, ?)`);
  // Ranking all that match would take seconds for a common word; people look for what is not long ago.
  const match = db.prepare<[Match], ChangeRow>(`
    SELECT id, seq, room, deleted, json FROM (
      SELECT messages.*, search.rank AS score FROM search JOIN messages ON messages.id = search.rowid
      WHERE search MATCH @expression AND (@room IS NULL OR messages.room = @room)
      ORDER BY search.rowid DESC LIMIT @candidates
    ) ORDER BY score, id DESC LIMIT @limit
  `);

  const index = (row: ChangeRow) => {
    const text = fold(toMessage(fromRow(row)).message);
    const before = textOf.get(row.id);
    if (before === text) return; // only its reactions changed
    if (before !== undefined) remove.run(row.id);
    if (row.deleted === 0) add.run(row.id, row.room, text);
  };
  const indexRows = db.transaction((rows: readonly ChangeRow[], last: number) => {
    rows.forEach(index);
    setIndexed.run(last);
  });

  const indexSome = () => {
    const rows = changedAfter.all(indexed.get() ?? 0, SEARCH_INDEX_SLICE);
    const last = rows.at(-1);
    if (last !== undefined) indexRows.immediate(rows, last.seq);
    return rows.length === SEARCH_INDEX_SLICE;
  };

  return {
    indexSome,
    forget: (id) => void remove.run(id),
    find(query, room, limit) {
      while (indexSome());
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
