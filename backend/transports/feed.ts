/**
 * Who listens, from which cursor. A connection is only a cursor: it catches up from the conversation, goes live without
 * a gap, and falls back to its cursor when it reads too slowly. A change is encoded once for all.
 */
import { DEFAULT_PAGE, CATCH_UP_SLICE, EXPIRY_TICK_MS, MAX_BACKLOG_BYTES, MAX_STALL_MS } from '../limits.ts';
import { ChatError } from '../errors.ts';
import { createMetrics } from '../metrics.ts';
import { formatCursor } from './cursor.ts';
import { createGathering } from './gathering.ts';
import { createPresence } from './presence.ts';
import { createTyping } from './typing.ts';
import { createDeadlines } from '../wheel.ts';
import type { Caller } from '../commands/command.ts';
import type { Clock } from '../clock.ts';
import type { Change } from '../conversation/change.ts';
import type { Logger } from '../log.ts';
import type { Connected, Metrics } from '../metrics.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Position } from './cursor.ts';

/** How messages are put into bytes. One object for all connections of a kind: what it made is shared by them. */
export interface Encoding {
  changes(changes: readonly Change[]): Buffer;
  caughtUp(room: string, cursor: string): Buffer;
  reset(room: string): Buffer;
  /** Where the encoding has a form for it: how many are in the room. */
  presence?(room: string, online: number): Buffer;
  /** Where the encoding has a form for it: who is writing. */
  typing?(room: string, users: readonly string[]): Buffer;
}

/** A connection, as far as the feed needs it. */
export interface Connection {
  readonly encoding: Encoding;
  /** Bytes that were written and not yet taken. */
  backlogBytes(): number;
  write(bytes: Buffer): void;
  /** Call back once, when all that was written is taken. */
  onceDrained(callback: () => void): void;
  /** End it: it does not take what waits for it. */
  drop(): void;
}

export interface Feed {
  /**
   * Send a room's messages: first what came after the position (the newest, without one), then each as it changes.
   * @returns what ends it
   */
  join(connection: Connection, room: string, position: Position | undefined): () => void;
  /** Be told once, when the room has a change above `after`. @returns what cancels it */
  onceChanged(room: string, after: number, callback: () => void): () => void;
  /** An identity asked for the room's messages, and so is there for a while. */
  polled(room: string, author: string): void;
  /** How many are in the room. */
  online(room: string): number;
  /** Tell the others in the room that someone is writing. */
  typing(connection: Connection, room: string, user: string): void;
  /** Call `end` when the caller's sign-in ends, if it does. @returns what cancels it */
  onceExpired(caller: Pick<Caller, 'expiresAt'>, end: () => void): () => void;
  /** @throws ChatError `overloaded` when there are too many connections; @returns what gives the place back */
  takePlace(transport: Connected): () => void;
  stop(): void;
}

export interface FeedOptions {
  conversation: Conversation;
  clock: Clock;
  /** Connections and held polls together. */
  maxConnections: number;
  log: Logger;
  metrics?: Metrics;
}

/** Milliseconds between looks for connections that stopped reading. */
const STALL_CHECK_MS = 5_000;

interface Room {
  readonly live: Set<Listener>;
  readonly waiting: Set<Waiting>;
}

/** A held request. */
interface Waiting {
  after: number;
  callback: () => void;
}

export function createFeed({ conversation, clock, maxConnections, log, metrics = createMetrics() }: FeedOptions): Feed {
  const rooms = new Map<string, Room>();
  const lagging = new Set<Listener>();
  let cancelStallCheck: (() => void) | undefined;
  let places = 0;

  const roomNamed = (name: string): Room => {
    let room = rooms.get(name);
    if (room === undefined) rooms.set(name, (room = { live: new Set(), waiting: new Set() }));
    return room;
  };
  const forgetIfEmpty = (name: string) => {
    const room = rooms.get(name);
    if (room?.live.size === 0 && room.waiting.size === 0) rooms.delete(name);
  };

  const checkStalls = () => {
    cancelStallCheck = undefined;
    const latest = clock.elapsed() - MAX_STALL_MS;
    for (const listener of lagging) {
      if (listener.laggingSince > latest) continue;
      metrics.drop('slow');
      listener.connection.drop();
    }
    if (lagging.size > 0) cancelStallCheck = clock.after(STALL_CHECK_MS, checkStalls);
  };

  const goLive = (listener: Listener) => roomNamed(listener.room).live.add(listener);
  const fallBehind = (listener: Listener) => {
    rooms.get(listener.room)?.live.delete(listener);
    listener.laggingSince = clock.elapsed();
    lagging.add(listener);
    cancelStallCheck ??= clock.after(STALL_CHECK_MS, checkStalls);
    listener.connection.onceDrained(() => {
      lagging.delete(listener);
      goOn(listener);
    });
  };

  // Nobody is there to catch it: a store that cannot be read costs this connection, which comes back with its cursor.
  const goOn = (listener: Listener) => {
    try {
      catchUp(listener);
    } catch (error) {
      log.error({ err: error }, 'feed: catching up failed');
      metrics.drop('error');
      listener.connection.drop();
    }
  };

  /** Send slices until it stands where the conversation does; reading and going live are one step without a pause. */
  const catchUp = (listener: Listener) => {
    if (listener.hasLeft) return;
    if (listener.connection.backlogBytes() > MAX_BACKLOG_BYTES) return fallBehind(listener);
    const { changes, hasMore } = conversation.after(listener.room, listener.cursor, CATCH_UP_SLICE);
    if (changes.length > 0) listener.connection.write(listener.connection.encoding.changes(changes));
    listener.cursor = hasMore ? (changes.at(-1)?.seq ?? listener.cursor) : conversation.head();
    if (hasMore) return void setImmediate(goOn, listener);
    listener.sayCaughtUp(formatCursor(listener.cursor, conversation));
    goLive(listener);
  };

  const startWithNewest = (listener: Listener) => {
    const { changes } = conversation.newest(listener.room, DEFAULT_PAGE);
    const bySeq = changes.toSorted((one, other) => one.seq - other.seq);
    if (bySeq.length > 0) listener.connection.write(listener.connection.encoding.changes(bySeq));
    listener.cursor = conversation.head();
    listener.sayCaughtUp(formatCursor(listener.cursor, conversation));
    goLive(listener);
  };

  const sendTo = (listener: Listener, batch: Batch) => {
    if (listener.cursor >= batch.last) return;
    const { connection } = listener;
    if (connection.backlogBytes() > MAX_BACKLOG_BYTES) return fallBehind(listener);
    connection.write(batch.bytesAfter(listener.cursor, connection.encoding));
    listener.cursor = batch.last;
  };

  /** A connection that follows several of the rooms that changed gets their messages in one order. */
  const sendJoined = (listeners: readonly Listener[], batches: ReadonlyMap<string, Batch>) => {
    const [first] = listeners;
    if (first === undefined) return;
    const { connection } = first;
    if (connection.backlogBytes() > MAX_BACKLOG_BYTES) return listeners.forEach(fallBehind);
    const changes = listeners.flatMap((one) => batches.get(one.room)?.changesAfter(one.cursor) ?? []);
    changes.sort((one, other) => one.seq - other.seq);
    if (changes.length > 0) connection.write(connection.encoding.changes(changes));
    for (const one of listeners) one.cursor = Math.max(one.cursor, batches.get(one.room)?.last ?? 0);
  };

  const flush = (changesByRoom: ReadonlyMap<string, readonly Change[]>) => {
    const batches = new Map([...changesByRoom].map(([room, changes]) => [room, new Batch(changes)]));
    const joined = new Map<Connection, Listener[]>();
    for (const [name, batch] of batches) {
      const room = rooms.get(name);
      if (room === undefined) continue;
      for (const listener of room.live) {
        if (batches.size === 1 || !listener.isOneOfMany) sendTo(listener, batch);
        else joined.set(listener.connection, [...(joined.get(listener.connection) ?? []), listener]);
      }
      // What is sent only now may have been read before: it is no news to whoever came with its seq.
      for (const one of room.waiting) {
        if (one.after >= batch.last) continue;
        room.waiting.delete(one);
        one.callback();
      }
      forgetIfEmpty(name);
    }
    for (const listeners of joined.values()) sendJoined(listeners, batches);
  };

  /** @param make gives what a connection is told, if anything; one that lags has more important things to read */
  const tell = (name: string, make: (connection: Connection) => Buffer | undefined) => {
    for (const { connection } of rooms.get(name)?.live ?? []) {
      const bytes = connection.backlogBytes() > MAX_BACKLOG_BYTES ? undefined : make(connection);
      if (bytes !== undefined) connection.write(bytes);
    }
  };
  const presence = createPresence(clock, (room, online) => {
    const encode = onceEach((encoding) => encoding.presence?.(room, online));
    tell(room, ({ encoding }) => encode(encoding));
  });
  const typing = createTyping<Connection>(clock, (room, users) => {
    const encode = onceEach((encoding) => encoding.typing?.(room, [...users.values()]));
    tell(room, (connection) => {
      if (!users.has(connection)) return encode(connection.encoding);
      const others = [...users].filter(([one]) => one !== connection).map(([, user]) => user);
      return others.length === 0 ? undefined : connection.encoding.typing?.(room, others);
    });
  });

  const expiries = createDeadlines(clock, EXPIRY_TICK_MS);
  const gathering = createGathering(flush, metrics.fanOut);
  const unsubscribe = conversation.subscribe(gathering.add);
  const listenersOf = new Map<Connection, Set<Listener>>();

  const leave = (listener: Listener) => {
    if (listener.hasLeft) return;
    listener.hasLeft = true;
    presence.left(listener.room);
    lagging.delete(listener);
    rooms.get(listener.room)?.live.delete(listener);
    forgetIfEmpty(listener.room);
    const others = listenersOf.get(listener.connection);
    others?.delete(listener);
    if (others?.size === 0) listenersOf.delete(listener.connection);
    else if (others?.size === 1) for (const last of others) last.isOneOfMany = false;
  };

  return {
    join(connection, room, position) {
      const listener = new Listener(connection, room, typeof position === 'number' ? position : 0);
      const all = listenersOf.get(connection) ?? new Set();
      listenersOf.set(connection, all.add(listener));
      if (all.size > 1) for (const one of all) one.isOneOfMany = true;
      presence.entered(room);
      if (position === 'gone') connection.write(connection.encoding.reset(room));
      if (typeof position === 'number') catchUp(listener);
      else startWithNewest(listener);
      return () => leave(listener);
    },
    onceChanged(name, after, callback) {
      const { waiting } = roomNamed(name);
      const one = { after, callback };
      waiting.add(one);
      return () => {
        waiting.delete(one);
        forgetIfEmpty(name);
      };
    },
    polled: presence.polled,
    online: presence.online,
    typing: typing.add,
    onceExpired({ expiresAt }, end) {
      return expiresAt === undefined ? () => {} : expiries.after(expiresAt - clock.now(), end);
    },
    takePlace(transport) {
      if (places >= maxConnections) {
        metrics.drop('full');
        throw new ChatError('overloaded', 'The server has as many connections as it can take.', { retryAfter: 5 });
      }
      places++;
      metrics.connections.opened(transport);
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        places--;
        metrics.connections.closed(transport);
      };
    },
    stop() {
      unsubscribe();
      gathering.stop();
      presence.stop();
      expiries.stop();
      typing.stop();
      cancelStallCheck?.();
    },
  };
}

/** @returns `make`, of which each encoding's bytes are made once */
function onceEach(make: (encoding: Encoding) => Buffer | undefined): (encoding: Encoding) => Buffer | undefined {
  const made = new Map<Encoding, Buffer | undefined>();
  return (encoding) => {
    if (!made.has(encoding)) made.set(encoding, make(encoding));
    return made.get(encoding);
  };
}

/** One connection in one room. */
class Listener {
  readonly connection: Connection;
  readonly room: string;
  /** Everything up to this seq was written to the connection. */
  cursor: number;
  hasLeft = false;
  /** Whether its connection follows other rooms too. */
  isOneOfMany = false;
  /** By the clock's `elapsed`; only while it lags. */
  laggingSince = 0;
  #hasCaughtUp = false;

  constructor(connection: Connection, room: string, cursor: number) {
    this.connection = connection;
    this.room = room;
    this.cursor = cursor;
  }

  /** Once: one that fell behind and comes back has been live before. */
  sayCaughtUp(cursor: string): void {
    if (this.#hasCaughtUp) return;
    this.#hasCaughtUp = true;
    this.connection.write(this.connection.encoding.caughtUp(this.room, cursor));
  }
}

/** Changes of one room that go out together, each encoding made once. */
class Batch {
  readonly #changes: readonly Change[];
  readonly #first: number;
  readonly #encoded = new Map<Encoding, Buffer>();
  readonly last: number;

  constructor(changes: readonly Change[]) {
    this.#changes = changes;
    this.#first = changes[0]?.seq ?? 0;
    this.last = changes.at(-1)?.seq ?? 0;
  }

  changesAfter(cursor: number): readonly Change[] {
    return cursor < this.#first ? this.#changes : this.#changes.filter(({ seq }) => seq > cursor);
  }

  bytesAfter(cursor: number, encoding: Encoding): Buffer {
    if (cursor >= this.#first) return encoding.changes(this.changesAfter(cursor));
    let bytes = this.#encoded.get(encoding);
    if (bytes === undefined) this.#encoded.set(encoding, (bytes = encoding.changes(this.#changes)));
    return bytes;
  }
}
