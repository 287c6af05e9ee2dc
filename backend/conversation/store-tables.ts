/** The tables of the store, each with the few statements that touch it. */
import { toMessage } from './change.ts';
import { fromRow, MESSAGES_WITH_TEXT, TEXTS_OF_MESSAGES } from './texts.ts';
import type Database from 'better-sqlite3';
import type { Effect, Scheduled } from '../commands/command.ts';
import type { Change, Page } from './change.ts';
import type { ChangeRow, Texts } from './texts.ts';

/** What an idempotency key was used for. */
export interface Keyed {
  /** The message, or the entry that scheduled it as long as it waits. */
  id: number;
  /** Of what was asked for; empty once its text is erased. */
  fingerprint: string;
}

export interface RoomSummary {
  room: string;
  /** How many there are, the deleted not counted. */
  messages: number;
  /** Of the newest change. */
  seq: number;
}

/** Count messages of the change's room. @param more than before; -1 for one less, 0 where only its seq is newer */
export type CountIn = (change: Change, more: number) => void;

export function prepareMessages(db: Database.Database, texts: Texts) {
  const columns = `SELECT messages.id, messages.seq, room, deleted, text AS json FROM`;
  const byId = db.prepare<[number], ChangeRow>(`${columns} ${MESSAGES_WITH_TEXT} WHERE messages.id = ?`);
  const seqOf = db.prepare<[number], number>(`SELECT seq FROM messages WHERE id = ?`).pluck();
  const after = db.prepare<[string, number, number], ChangeRow>(
    `${columns} ${MESSAGES_WITH_TEXT} WHERE room = ? AND messages.seq > ? ORDER BY messages.seq LIMIT ?`,
  );
  const before = db.prepare<[string, number, number], ChangeRow>(
    `${columns} ${MESSAGES_WITH_TEXT}
     WHERE room = ? AND messages.id < ? AND deleted = 0 ORDER BY messages.id DESC LIMIT ?`,
  );
  const last = db.prepare<[number], ChangeRow>(`${columns} ${TEXTS_OF_MESSAGES} ORDER BY texts.seq DESC LIMIT ?`);
  const put = db.prepare(`
    INSERT INTO messages (id, seq, room, deleted) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, deleted = excluded.deleted
  `);
  const olderThan = (room: string, id: number, limit: number): Page => {
    const rows = before.all(room, id, limit + 1);
    return { changes: rows.slice(0, limit).map(fromRow).toReversed(), hasMore: rows.length > limit };
  };
  return {
    put({ id, seq, room, isDeleted, json }: Change) {
      const before = id === seq ? undefined : seqOf.get(id);
      if (before !== undefined) texts.outdate(before, seq);
      texts.add(seq, id, json);
      put.run(id, seq, room, isDeleted ? 1 : 0);
    },
    reads: {
      message(id: number) {
        const row = byId.get(id);
        return row === undefined ? undefined : toMessage(fromRow(row));
      },
      after(room: string, since: number, limit: number): Page {
        const rows = after.all(room, since, limit + 1);
        return { changes: rows.slice(0, limit).map(fromRow), hasMore: rows.length > limit };
      },
      before: olderThan,
      newest: (room: string, limit: number) => olderThan(room, Number.MAX_SAFE_INTEGER, limit),
      lastChanges: (limit: number) => last.all(limit).map(fromRow).toReversed(),
    },
  };
}

export function prepareRooms(db: Database.Database) {
  const count = db.prepare(`
    INSERT INTO rooms (room, messages, seq) VALUES (?, ?, ?)
    ON CONFLICT (room) DO UPDATE SET messages = messages + excluded.messages, seq = excluded.seq
  `);
  const newest = db.prepare<[number], RoomSummary>(`SELECT room, messages, seq FROM rooms ORDER BY seq DESC LIMIT ?`);
  return {
    /** Run `work`, and write once for each room what it counted: in a burst, many are of the same. */
    counting(work: (countIn: CountIn) => void) {
      const counted = new Map<string, { more: number; seq: number }>();
      work(({ room, seq }, more) => counted.set(room, { more: (counted.get(room)?.more ?? 0) + more, seq }));
      for (const [room, { more, seq }] of counted) count.run(room, more, seq);
    },
    reads: { rooms: (limit: number) => newest.all(limit) },
  };
}

export function prepareReactors(db: Database.Database) {
  const has = db.prepare<[number, string, string], number>(
    `SELECT 1 FROM reactors WHERE id = ? AND emoji = ? AND author = ?`,
  );
  const add = db.prepare(`INSERT OR IGNORE INTO reactors (id, emoji, author) VALUES (?, ?, ?)`);
  const remove = db.prepare(`DELETE FROM reactors WHERE id = ? AND emoji = ? AND author = ?`);
  const clear = db.prepare(`DELETE FROM reactors WHERE id = ?`);
  return {
    set(id: number, author: string, reacted: NonNullable<Effect['reacted']>) {
      for (const { emoji, isOn } of reacted) (isOn ? add : remove).run(id, emoji, author);
    },
    clear: (id: number) => void clear.run(id),
    reads: {
      hasReacted: (id: number, author: string, emoji: string) => has.get(id, emoji, author) !== undefined,
    },
  };
}

export function prepareKeys(db: Database.Database) {
  const find = db.prepare<[string, string], Keyed>(`SELECT id, fingerprint FROM keys WHERE author = ? AND key = ?`);
  const put = db.prepare(`
    INSERT INTO keys (author, key, id, fingerprint) VALUES (?, ?, ?, ?)
    ON CONFLICT (author, key) DO UPDATE SET id = excluded.id, fingerprint = excluded.fingerprint
  `);
  // The row stays, so that a late retry of a deleted message does not bring it back.
  const forget = db.prepare(`UPDATE keys SET fingerprint = '' WHERE author = ? AND key = ?`);
  return {
    put: (author: string, key: string, id: number, fingerprint: string) => void put.run(author, key, id, fingerprint),
    forget: (author: string, key: string) => void forget.run(author, key),
    reads: { keyed: (author: string, key: string) => find.get(author, key) },
  };
}

interface ScheduledRow {
  id: string;
  seq: number;
  author: string;
  due: number;
  key: string | null;
  /** JSON of both text and body. */
  text: string;
}

export function prepareScheduled(db: Database.Database, texts: Texts) {
  const columns =
    'SELECT scheduled.id, scheduled.seq, author, due, key, text FROM scheduled CROSS JOIN texts USING (seq)';
  const byId = db.prepare<[string], ScheduledRow>(`${columns} WHERE scheduled.id = ?`);
  const bySeq = db.prepare<[number], ScheduledRow>(`${columns} WHERE scheduled.seq = ?`);
  const byAuthor = db.prepare<[string], ScheduledRow>(`${columns} WHERE author = ? ORDER BY due, scheduled.seq`);
  const due = db.prepare<[number, number], ScheduledRow>(
    `${columns} WHERE due <= ? ORDER BY due, scheduled.seq LIMIT ?`,
  );
  const count = db.prepare<[string], number>(`SELECT count(*) FROM scheduled WHERE author = ?`).pluck();
  const next = db.prepare<[], number | null>(`SELECT min(due) FROM scheduled`).pluck();
  const add = db.prepare(`INSERT INTO scheduled (id, seq, author, due, key) VALUES (?, ?, ?, ?, ?)`);
  const remove = db.prepare(`DELETE FROM scheduled WHERE id = ?`);
  const one = (row: ScheduledRow | undefined) => (row === undefined ? undefined : fromScheduledRow(row));
  return {
    add({ id, seq, author, sendAt, key, text, body }: Scheduled) {
      texts.add(seq, undefined, JSON.stringify({ text, body }));
      add.run(id, seq, author, Date.parse(sendAt), key ?? null);
    },
    remove({ id, seq }: Scheduled) {
      texts.blank(seq);
      remove.run(id);
    },
    reads: {
      scheduled: (id: string) => one(byId.get(id)),
      scheduledBySeq: (seq: number) => one(bySeq.get(seq)),
      scheduledOf: (author: string) => byAuthor.all(author).map(fromScheduledRow),
      due: (now: number, limit: number) => due.all(now, limit).map(fromScheduledRow),
      countScheduled: (author: string) => count.get(author) ?? 0,
      nextDue: () => next.get() ?? undefined,
    },
  };
}

function fromScheduledRow({ id, seq, author, due, key, text }: ScheduledRow): Scheduled {
  return {
    id,
    seq,
    author,
    sendAt: new Date(due).toISOString(),
    ...(key !== null && { key }),
    ...(JSON.parse(text) as Pick<Scheduled, 'text' | 'body'>), // written by `add` above
  };
}
