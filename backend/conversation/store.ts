/**
 * Everything behind the window, in SQLite: history, old cursors, keys, reactions and what is scheduled. A view of the
 * journal, which can be made again from it at any time; so it is written without waiting for the disk.
 */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { bytesOf, findDamage, removeFiles } from '../database.ts';
import { messageOf, StartError } from '../errors.ts';
import { MAX_STORE_CHECKED_BYTES, MAX_STORE_LOG_PAGES, STORE_BUSY_MS, STORE_CACHE_KIB } from '../limits.ts';
import { createCheckpoints } from './checkpoints.ts';
import { openSearchIndex } from './search.ts';
import { prepareKeys, prepareMessages, prepareReactors, prepareRooms, prepareScheduled } from './store-tables.ts';
import { prepareTexts, TEXTS_SCHEMA } from './texts.ts';
import type { Change, Page } from './change.ts';
import type { Chat, Effect, Scheduled } from '../commands/command.ts';
import type { Entry } from '../journal/journal.ts';
import type { SearchIndex } from './search.ts';
import type { CountIn, Keyed, RoomSummary } from './store-tables.ts';

/** What writes to the store. Only a transaction gives one: what each room has more is written at its end. */
export interface StoreWriter {
  /** @param fingerprint of an entry that has a key; empty without one */
  write(entry: Entry, effect: Effect, change: Change | undefined, fingerprint: string): void;
  setHead(seq: number): void;
}

export interface Store extends Chat {
  /** The seq of the last entry that was written. */
  head(): number;
  /** Run `work` in one transaction: all that it writes is there, or nothing. It replaces what is held. */
  transaction(work: (writer: StoreWriter) => void): void;
  /** Run `work` in a transaction that stays open: what it writes can be read here, and is in memory only. */
  hold(work: (writer: StoreWriter) => void): void;
  after(room: string, since: number, limit: number): Page;
  newest(room: string, limit: number): Page;
  before(room: string, id: number, limit: number): Page;
  /** @returns the newest changes of all rooms, in ascending order */
  lastChanges(limit: number): Change[];
  keyed(author: string, key: string): Keyed | undefined;
  scheduledBySeq(seq: number): Scheduled | undefined;
  /** @returns what waits for this identity, the next first */
  scheduledOf(author: string): Scheduled[];
  /** @returns what is due at `now`, in due order */
  due(now: number, limit: number): Scheduled[];
  /** @returns milliseconds since 1970; undefined when nothing waits */
  nextDue(): number | undefined;
  /** @returns the rooms that have had messages, the most recently active first */
  rooms(limit: number): RoomSummary[];
  /** On this thread, in memory: for a store that is there too. */
  openIndex(): SearchIndex;
  /** Blank what was outdated up to a seq, a piece of it. @returns whether there may be more */
  blankOutdated(upTo: number): boolean;
  /** @returns the seq of what outdated a text last, of those that are blanked; 0 where none is */
  blankedTo(): number;
  /** @returns the same of those that are not blanked yet */
  newestOutdated(): number | undefined;
  /**
   * Bring everything into the main file and empty the log beside it, with what was erased.
   * @returns whether it is done; not while another thread, or someone else, is busy with the file
   */
  emptyLog(): Promise<boolean>;
  close(): Promise<void>;
}

/** A store of another version, or of another journal, is made anew. */
const VERSION = 6;

const OF_ANOTHER = 'it is of another journal';

const SCHEMA = `
  CREATE TABLE state (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  ${TEXTS_SCHEMA}
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, room TEXT NOT NULL, deleted INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX messages_by_room_and_seq ON messages (room, seq);
  CREATE INDEX messages_by_room_and_id ON messages (room, id) WHERE deleted = 0;
  CREATE TABLE reactors (
    id INTEGER NOT NULL, emoji TEXT NOT NULL, author TEXT NOT NULL, PRIMARY KEY (id, emoji, author)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE keys (
    author TEXT NOT NULL, key TEXT NOT NULL, id INTEGER NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (author, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE scheduled (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, author TEXT NOT NULL, due INTEGER NOT NULL, key TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX scheduled_by_due ON scheduled (due, seq);
  CREATE INDEX scheduled_by_author ON scheduled (author, due);
  CREATE TABLE rooms (room TEXT PRIMARY KEY, messages INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX rooms_by_seq ON rooms (seq);
`;

/**
 * @param path of the file, or `:memory:`
 * @param epoch of the journal that this is a view of
 * @param head of that journal: a store that is ahead of it is a view of something else
 * @param onRebuild told why what was there is thrown away
 * @throws StartError when the journal is empty and the store is not: it would all be thrown away for a lost file
 */
export function openStore(path: string, epoch: string, head: number, onRebuild: (why: string) => void): Store {
  const opened = open(path);
  const why = opened.db === undefined ? opened.why : whyUnfit(opened.db, epoch, head);
  if (opened.db !== undefined && why === undefined) return asStore(opened.db, path);
  const lost = head === 0 && opened.db !== undefined && why === OF_ANOTHER ? countSeqs(opened.db) : 0;
  opened.db?.close();
  if (lost > 0) {
    const what = `The journal is empty, but ${path} was made from one of ${lost} entries`;
    throw new StartError(`${what}: bring that back, or remove the file to begin anew.`);
  }
  if (why !== 'it is new') onRebuild(why ?? 'it is unfit');
  removeFiles(path);
  const db = prepare(new Database(path, { timeout: STORE_BUSY_MS }));
  db.transaction(() => {
    db.exec(SCHEMA);
    db.prepare(`INSERT INTO state VALUES ('epoch', ?), ('head', 0)`).run(epoch);
    db.pragma(`user_version = ${VERSION}`);
  })();
  return asStore(db, path);
}

/**
 * @param epoch of a journal; of any where it is undefined
 * @returns the seq up to which the file is a view of it; 0 where it is none, or cannot be read
 */
export function headOfStore(path: string, epoch?: string): number {
  if (!existsSync(path)) return 0; // as is `:memory:`
  const { db } = open(path);
  try {
    const state = new Map(db?.prepare<[], [string, unknown]>(`SELECT name, value FROM state`).raw().all());
    return epoch === undefined || state.get('epoch') === epoch ? Number(state.get('head') ?? 0) : 0;
  } catch {
    return 0;
  } finally {
    db?.close();
  }
}

function open(path: string): { db: Database.Database; why?: never } | { db?: never; why: string } {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { timeout: STORE_BUSY_MS });
    return { db: prepare(db) };
  } catch (error) {
    db?.close();
    return { why: messageOf(error) };
  }
}

function prepare(db: Database.Database): Database.Database {
  db.pragma('journal_mode = WAL');
  db.pragma('cache_spill = OFF'); // with a full disk a transaction can be held in memory
  db.pragma(`wal_autocheckpoint = ${MAX_STORE_LOG_PAGES}`);
  db.pragma('temp_store = MEMORY');
  db.pragma(`cache_size = -${STORE_CACHE_KIB}`);
  db.pragma('synchronous = NORMAL'); // what the power takes is read from the journal again
  db.pragma('secure_delete = ON'); // what is erased is overwritten, not only unlinked
  return db;
}

function whyUnfit(db: Database.Database, epoch: string, head: number): string | undefined {
  try {
    const version = db.pragma('user_version', { simple: true });
    if (version === 0) return 'it is new';
    const state = new Map(db.prepare<[], [string, unknown]>(`SELECT name, value FROM state`).raw().all());
    if (state.get('epoch') !== epoch) return OF_ANOTHER;
    if (version !== VERSION) return `it has version ${String(version)}`;
    if (Number(state.get('head')) > head) return 'it is ahead of the journal';
    // In one that would take seconds to look through, damage is found by who reads that far: then the server ends.
    const isLarge = bytesOf(db) > MAX_STORE_CHECKED_BYTES;
    return isLarge || findDamage(db) === undefined ? undefined : 'it is damaged';
  } catch (error) {
    return messageOf(error);
  }
}

function countSeqs(db: Database.Database): number {
  return db.prepare<[], number>(`SELECT value FROM state WHERE name = 'head'`).pluck().get() ?? 0;
}

function asStore(db: Database.Database, path: string): Store {
  const checkpoints = createCheckpoints(path);
  const selectHead = db.prepare<[], number>(`SELECT value FROM state WHERE name = 'head'`).pluck();
  const updateHead = db.prepare(`UPDATE state SET value = ? WHERE name = 'head'`);
  const texts = prepareTexts(db);
  const messages = prepareMessages(db, texts);
  const scheduled = prepareScheduled(db, texts);
  const keys = prepareKeys(db);
  const reactors = prepareReactors(db);
  const rooms = prepareRooms(db);
  const createWriter = (countIn: CountIn): StoreWriter => ({
    setHead: (seq) => void updateHead.run(seq),
    write(entry, effect, change, fingerprint) {
      const { changed } = effect;
      checkpoints.count();
      if (change !== undefined) {
        messages.put(change);
        countIn(change, change.isDeleted ? -1 : change.id === change.seq ? 1 : 0);
      }
      if (effect.reacted !== undefined && changed !== undefined)
        reactors.set(changed.id, entry.author ?? '', effect.reacted);
      if (effect.scheduled !== undefined) scheduled.add(effect.scheduled);
      if (effect.unscheduled !== undefined) scheduled.remove(effect.unscheduled);
      if (changed?.deleted) {
        reactors.clear(changed.id);
        if (changed.key !== undefined) keys.forget(changed.author ?? '', changed.key);
      } else if (changed?.id === entry.seq && changed.key !== undefined) {
        keys.put(changed.author ?? '', changed.key, changed.id, fingerprint);
      } else if (effect.scheduled !== undefined && entry.key !== undefined) {
        keys.put(effect.scheduled.author, entry.key, entry.seq, fingerprint);
      } else if (effect.unscheduled?.key !== undefined) {
        keys.forget(effect.unscheduled.author, effect.unscheduled.key);
      }
    },
  });
  const write = (work: (writer: StoreWriter) => void) => rooms.counting((countIn) => work(createWriter(countIn)));
  const writeAtOnce = db.transaction(write);
  const letGo = () => {
    if (db.inTransaction) db.exec('ROLLBACK');
  };

  return {
    ...messages.reads,
    ...scheduled.reads,
    ...keys.reads,
    ...reactors.reads,
    ...rooms.reads,
    openIndex: () => openSearchIndex(':memory:', db),
    blankOutdated: texts.blankOutdated,
    blankedTo: texts.blankedTo,
    newestOutdated: texts.newestOutdated,
    head: () => selectHead.get() ?? 0,
    transaction(work) {
      letGo();
      writeAtOnce.immediate(work);
    },
    hold(work) {
      letGo();
      db.exec('BEGIN IMMEDIATE');
      try {
        write(work);
      } catch (error) {
        letGo();
        throw error;
      }
    },
    async emptyLog() {
      await checkpoints.run(); // so that little is left to do here, where all wait for it
      return db.open && db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0;
    },
    async close() {
      await checkpoints.stop(); // whoever closes the file last empties the log beside it
      db.close();
    },
  };
}
