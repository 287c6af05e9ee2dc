/**
 * Full-text search, by SQLite's FTS5. The index follows the messages by their seq a little behind them, as indexing
 * many at once costs a fraction of one by one; a search lets it catch up first. What finding takes depends on the words,
 * up to most of a second, so that it is not for the thread that everyone waits for: `search-thread.ts`.
 */
import { MAX_SEARCH_CANDIDATES, MAX_SEARCH_TERMS, SEARCH_INDEX_SLICE, SEARCH_INDEX_SLICE_CHARS } from '../limits.ts';
import { toMessage } from './change.ts';
import { fromRow, TEXTS_OF_MESSAGES } from './texts.ts';
import type Database from 'better-sqlite3';
import type { Change } from './change.ts';
import type { ChangeRow } from './texts.ts';

export interface SearchIndex {
  /** Take in the next messages that changed. @returns whether there may be more, of those up to a seq */
  indexSome(upTo?: number): boolean;
  /** Take a message out that changes, with all the words it had, as far as it was taken in. */
  forget(before: Change): void;
}

/**
 * @param query words, each the beginning of one, or "quoted phrases"; all must be there
 * @returns the best of the newest matches among what is indexed, the best first
 */
export type Find = (query: string, room: string | undefined, limit: number) => Change[];

interface Match {
  expression: string;
  room: string | null;
  candidates: number;
  limit: number;
}

// Beginnings of two letters are many words each, so those are indexed too; of three it costs more than it brings.
export const SEARCH_SCHEMA = `
  CREATE VIRTUAL TABLE search USING fts5(
    room, text, content = '', tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'", prefix = '2'
  );
  INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
  INSERT INTO state VALUES ('indexed', 0);
`;

// SQLite knows those on Latin letters only. Hebrew and Arabic points are left out by most who write.
const ACCENTS =
  /[\u0300-\u036f]|[\u0591-\u05bd]|\u05bf|[\u05c1-\u05c2]|[\u064b-\u0652]|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u20d0-\u20ff]/gu;

export function prepareSearchIndex(db: Database.Database): SearchIndex {
  const indexed = db.prepare<[], number>(`SELECT value FROM state WHERE name = 'indexed'`).pluck();
  const setIndexed = db.prepare(`UPDATE state SET value = ? WHERE name = 'indexed'`);
  const changedAfter = db.prepare<[number, number], ChangeRow>(
    `SELECT id, texts.seq, room, deleted, text AS json FROM ${TEXTS_OF_MESSAGES}
     WHERE texts.seq > ? ORDER BY texts.seq LIMIT ?`,
  );
  const remove = db.prepare(`INSERT INTO search (search, rowid, room, text) VALUES ('delete', ?, ?, ?)`);
  const add = db.prepare(`INSERT INTO search (rowid, room, text) VALUES (?, ?, ?)`);

  const textOf = (change: Change) => fold(toMessage(change).message);
  const indexRows = db.transaction((rows: readonly ChangeRow[], last: number) => {
    for (const row of rows) if (row.deleted === 0) add.run(row.id, row.room, textOf(fromRow(row)));
    setIndexed.run(last);
  });

  return {
    indexSome(upTo = Infinity) {
      const rows = takeSlice(changedAfter.iterate(indexed.get() ?? 0, SEARCH_INDEX_SLICE));
      const last = rows.at(-1);
      if (last !== undefined) indexRows.immediate(rows, last.seq);
      return last !== undefined && last.seq < upTo;
    },
    forget(before) {
      // The index keeps no texts, and finds what is to go by its words: just those that were put in.
      const isIn = !before.isDeleted && before.seq <= (indexed.get() ?? 0);
      if (isIn) remove.run(before.id, before.room, textOf(before));
    },
  };
}

/** @returns as many as hold the characters of a slice together, and at least one; no more are read */
function takeSlice(rows: Iterable<ChangeRow>): readonly ChangeRow[] {
  const taken: ChangeRow[] = [];
  let chars = 0;
  for (const row of rows) {
    chars += row.json.length;
    if (chars > SEARCH_INDEX_SLICE_CHARS && taken.length > 0) break;
    taken.push(row);
  }
  return taken;
}

export function prepareFind(db: Database.Database): Find {
  // Ranking all that match would take seconds for a common word; people look for what is not long ago.
  const match = db.prepare<[Match], ChangeRow>(`
    SELECT id, seq, room, deleted, json FROM (
      SELECT id, messages.seq AS seq, messages.room AS room, deleted, texts.text AS json, search.rank AS score
      FROM search CROSS JOIN messages ON messages.id = search.rowid CROSS JOIN texts ON texts.seq = messages.seq
      WHERE search MATCH @expression AND (@room IS NULL OR messages.room = @room)
      ORDER BY search.rowid DESC LIMIT @candidates
    ) ORDER BY score, id DESC LIMIT @limit
  `);
  return (query, room, limit) => {
    const expression = toExpression(query, room);
    if (expression === undefined) return [];
    return match.all({ expression, room: room ?? null, candidates: MAX_SEARCH_CANDIDATES, limit }).map(fromRow);
  };
}

/** @returns the text in small letters without accents, of which only those go that are put above, below and through */
function fold(text: string): string {
  return text.toLowerCase().normalize('NFKD').replaceAll(ACCENTS, '');
}

/** @returns FTS5's own language, in which everything that a person typed is quoted; undefined when there is no word */
function toExpression(query: string, room: string | undefined): string | undefined {
  const terms = [...fold(query.replaceAll('\0', ' ')).matchAll(/"([^"]*)"?|([^\s"]+)/g)]
    .map(([, phrase, word]) => toTerm(phrase ?? word ?? '', phrase !== undefined))
    .filter(({ text }) => /[\p{L}\p{N}\p{Co}]/u.test(text))
    .slice(0, MAX_SEARCH_TERMS)
    // Who looks for "mess" and "message" looks for "message": each word costs, and that one tells nothing.
    .filter((term, at, all) => !all.some((one, where) => implies(one, term) && (where < at || !implies(term, one))))
    .map(({ text, isBeginning }) => (isBeginning ? `"${text}"*` : `"${text}"`));
  if (terms.length === 0) return undefined;
  const words = `text : (${terms.join(' AND ')})`;
  return room === undefined ? words : `room : "${room}" AND ${words}`;
}

interface Term {
  text: string;
  /** Whether it stands for all words that begin so. */
  isBeginning: boolean;
}

function toTerm(text: string, isPhrase: boolean): Term {
  // A single Latin letter begins too many words to be worth looking all of them up.
  return { text, isBeginning: !isPhrase && !/^[a-z\d]$/.test(text) };
}

/** @returns whether all that has the one has the other too */
function implies(one: Term, { text, isBeginning }: Term): boolean {
  return isBeginning ? one.text.startsWith(text) : !one.isBeginning && one.text === text;
}
