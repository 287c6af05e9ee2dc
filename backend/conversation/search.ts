/**
 * Full-text search, by SQLite's FTS5, in a file of its own that follows the store's: a view that can be made again from it.
 * Where both are files, a thread of its own writes and reads it (`search-thread.ts`): taking a message in costs as much as
 * all else that is done for it, taking one out a hundred times that, and finding up to most of a second.
 */
import { existsSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { MAX_SEARCH_CANDIDATES, MAX_SEARCH_TERMS, MAX_STORE_CHECKED_BYTES } from '../limits.ts';
import { toMessage } from './change.ts';
import { isDamage, isStoreError } from './store-error.ts';
import { fromRow, MESSAGES_WITH_TEXT, VERSIONS_OF_MESSAGES } from './texts.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { Change } from './change.ts';
import type { ChangeRow, VersionRow } from './texts.ts';

export interface SearchIndex {
  /** The seq up to which it follows the store. No text that was outdated by then is needed, or left in it. */
  indexed(): number;
  /**
   * Take in what changed next, about as many characters of JSON together, and out what that replaces.
   * @returns whether there may be more
   */
  indexSome(chars: number): boolean;
  /**
   * Find in the store as it stands now, as far as that is indexed.
   * @param slices that it may take to index what is not yet, of so many characters each
   */
  find(question: Question, slices: number, chars: number): Change[];
  close(): void;
}

export interface Question {
  /** Words, each the beginning of one, or "quoted phrases"; all must be there. */
  query: string;
  room: string | undefined;
  /** Of the best of the newest matches, the best first. */
  limit: number;
  /** What changed, but is on no disk: it counts in place of what the store has. */
  held: readonly Change[];
}

/** What is in the index of a message, by its id; undefined for nothing. */
interface Move {
  before: Message | undefined;
  after: Message | undefined;
}

/** An index of another version, or of another journal, is made anew. */
const VERSION = 1;

// No index of beginnings: it would cost a third more, and twice the room, and save a few milliseconds of a search.
const SCHEMA = `
  CREATE TABLE state (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE search USING fts5(
    room, text, content = '', tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
  );
`;

// SQLite knows those on Latin letters only. Hebrew and Arabic points are left out by most who write.
const ACCENTS =
  /[\u0300-\u036f]|[\u0591-\u05bd]|\u05bf|[\u05c1-\u05c2]|[\u064b-\u0652]|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u20d0-\u20ff]/gu;

/**
 * @param path of its file, or `:memory:`
 * @param store what it follows, to be read only
 */
export function openSearchIndex(path: string, store: Database.Database): SearchIndex {
  const epoch = store.prepare<[], string>(`SELECT value FROM state WHERE name = 'epoch'`).pluck().get() ?? '';
  const db = openFile(path, epoch);
  const indexed = db.prepare<[], number>(`SELECT value FROM state WHERE name = 'indexed'`).pluck();
  const setIndexed = db.prepare(`UPDATE state SET value = ? WHERE name = 'indexed'`);
  const add = db.prepare(`INSERT INTO search (rowid, room, text) VALUES (?, ?, ?)`);
  // The index keeps no texts, and finds what is to go by its words: just those that were put in.
  const remove = db.prepare(`INSERT INTO search (search, rowid, room, text) VALUES ('delete', ?, ?, ?)`);
  const versionsAfter = store.prepare<[number], VersionRow>(
    `${VERSIONS_OF_MESSAGES} WHERE texts.seq > ? AND texts.message IS NOT NULL ORDER BY texts.seq`,
  );
  const byId = store.prepare<[number], ChangeRow>(
    `SELECT messages.id, messages.seq, room, deleted, text AS json FROM ${MESSAGES_WITH_TEXT} WHERE messages.id = ?`,
  );
  // Ranking all that match would take seconds for a common word; people look for what is not long ago.
  const match = db
    .prepare<[string], [id: number, score: number]>(
      `SELECT rowid, rank FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ${MAX_SEARCH_CANDIDATES}`,
    )
    .raw();

  const move = (id: number, { before, after }: Move) => {
    if (before?.message === after?.message) return; // as when someone reacted
    if (before !== undefined) remove.run(id, toWord(before.room), fold(before.message));
    if (after !== undefined) add.run(id, toWord(after.room), fold(after.message));
  };
  // In order of their ids: FTS5 writes out what it has gathered whenever a lower one comes.
  const moveAll = (moves: ReadonlyMap<number, Move>) => {
    for (const [id, one] of [...moves].toSorted(([one], [other]) => one - other)) move(id, one);
  };
  const write = db.transaction((moves: ReadonlyMap<number, Move>, last: number) => {
    moveAll(moves);
    setIndexed.run(last);
  });

  /** @returns the change as it counts, where the index has it as it is */
  const lookUp = (id: number, upTo: number): Change | undefined => {
    const row = byId.get(id);
    return row === undefined || row.deleted === 1 || row.seq > upTo ? undefined : fromRow(row);
  };

  const findIndexed = ({ query, room, limit }: Question, held: ReadonlyMap<number, Change>): Change[] => {
    const expression = toExpression(query, room);
    if (expression === undefined) return [];
    const upTo = indexed.get() ?? 0;
    const found: Change[] = [];
    for (const [id] of match.all(expression).toSorted(([, one], [, other]) => one - other)) {
      const change = held.get(id) ?? lookUp(id, upTo);
      if (change?.isDeleted === false) found.push(change);
      if (found.length === limit) break;
    }
    return found;
  };

  /** Take in what is held, find, and leave no trace of it. */
  const findWithHeld = (question: Question): Change[] => {
    const held = new Map(question.held.map((change) => [change.id, change]));
    db.exec('BEGIN IMMEDIATE');
    try {
      const moves = [...held].map(([id, change]): [number, Move] => {
        const before = lookUp(id, indexed.get() ?? 0);
        return [id, { before: before && toMessage(before), after: toIndexed(change.json) }];
      });
      moveAll(new Map(moves));
      return findIndexed(question, held);
    } finally {
      db.exec('ROLLBACK');
    }
  };

  const indexSome = (chars: number): boolean => {
    const slice = readSlice(versionsAfter.iterate(indexed.get() ?? 0), chars);
    if (slice.last === undefined) return false;
    write.immediate(slice.moves, slice.last);
    // The log has what was taken out, until all of it is brought into the file.
    if (slice.removes) db.pragma('wal_checkpoint(TRUNCATE)');
    return slice.hasMore;
  };

  /** With a full disk what is indexed can still be searched. */
  const catchUpIfPossible = (slices: number, chars: number) => {
    try {
      for (let slice = 0; slice < slices && indexSome(chars); slice++);
    } catch (error) {
      if (!isStoreError(error) || isDamage(error)) throw error;
    }
  };

  // The store as it stands at one moment; short, as meanwhile its log cannot be emptied.
  const findNow = store.transaction((question: Question, chars: number): Change[] => {
    catchUpIfPossible(1, chars);
    return question.held.length > 0 ? findWithHeld(question) : findIndexed(question, new Map());
  });

  /** What is damaged is made anew by who opens it next. */
  const discardDamaged = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) removeFiles(path);
      throw error;
    }
  };

  return {
    indexed: () => indexed.get() ?? 0,
    indexSome: (chars) => discardDamaged(() => indexSome(chars)),
    find: (question, slices, chars) =>
      discardDamaged(() => {
        catchUpIfPossible(slices, chars);
        return findNow(question, chars);
      }),
    close: () => void db.close(),
  };
}

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
    if (!isStoreError(error)) throw error;
  }
  db?.close();
  if (indexed === undefined || indexed < blankedTo || indexed > head) removeFiles(path);
}

function openFile(path: string, epoch: string): Database.Database {
  if (existsSync(path)) {
    let db: Database.Database | undefined;
    try {
      db = prepare(new Database(path));
      if (isFit(db, epoch)) return db;
    } catch (error) {
      if (!isStoreError(error) || !isDamage(error)) throw error;
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
  const pages = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }));
  return pages > MAX_STORE_CHECKED_BYTES || db.pragma('quick_check(1)', { simple: true }) === 'ok';
}

function removeFiles(path: string): void {
  if (path !== ':memory:') for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

/** @returns what the next versions come to together for each message, and at least that of one */
function readSlice(versions: Iterable<VersionRow>, maxChars: number) {
  const moves = new Map<number, Move>();
  let chars = 0;
  let last: number | undefined;
  let hasMore = false;
  for (const { id, seq, json, replaced } of versions) {
    chars += json.length;
    hasMore = chars > maxChars && last !== undefined;
    if (hasMore) break;
    // Of several in one slice the first stands before it, and the last after it.
    const before = moves.has(id) ? moves.get(id)?.before : toIndexed(replaced ?? '');
    moves.set(id, { before, after: toIndexed(json) });
    last = seq;
  }
  const removes = [...moves.values()].some(({ before }) => before !== undefined);
  return { moves, last, hasMore, removes };
}

/** @returns undefined for what is not indexed: what is deleted, or blanked by now */
function toIndexed(json: string): Message | undefined {
  if (!json.startsWith('{')) return undefined;
  const message = JSON.parse(json) as Message; // made by `toChange`
  return message.deleted === true ? undefined : message;
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
  return room === undefined ? words : `room : "${toWord(room)}" AND ${words}`;
}

/** @returns the room's name as one word to FTS5, so that no other room is found by a part of its own */
function toWord(room: string): string {
  return room.replaceAll('-', '\u{e000}');
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
