/**
 * Full-text search, by SQLite's FTS5, in a file of its own that follows the store's: a view that can be made again from it.
 * Where both are files, a thread of its own writes and reads it (`search-thread.ts`): taking a message in costs as much as
 * all else that is done for it, taking one out a hundred times that, and finding up to most of a second.
 */
import { isDamage, isDatabaseError, removeFiles } from '../database.ts';
import { MAX_SEARCH_CANDIDATES } from '../limits.ts';
import { toMessage } from './change.ts';
import { openIndexFile } from './search-file.ts';
import { fold, toExpression, toWord } from './search-words.ts';
import { fromRow, MESSAGES_WITH_TEXT, VERSIONS_OF_MESSAGES } from './texts.ts';
import type Database from 'better-sqlite3';
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

/**
 * @param path of its file, or `:memory:`
 * @param store what it follows, to be read only
 */
export function openSearchIndex(path: string, store: Database.Database): SearchIndex {
  const epoch = store.prepare<[], string>(`SELECT value FROM state WHERE name = 'epoch'`).pluck().get() ?? '';
  const db = openIndexFile(path, epoch);
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
      if (!isDatabaseError(error) || isDamage(error)) throw error;
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
