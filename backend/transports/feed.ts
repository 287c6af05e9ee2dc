/**
 * Who listens, from which cursor. A connection is only a cursor: it catches up from the conversation, goes live without
 * a gap, and falls back to its cursor when it reads too slowly. A change is encoded once for all.
 */
import {
  CATCH_UP_SLICE,
  DEFAULT_PAGE,
  EXPIRY_TICK_MS,
  MAX_BACKLOG_BYTES,
  MAX_SLICE_BYTES,
  MAX_STALL_MS,
} from '../limits.ts';
import { createMetrics } from '../metrics.ts';
import { formatCursor } from './cursor.ts';
import { Batch, bySeq, createEncode, join } from './encoding.ts';
import { createGathering } from './gathering.ts';
import { createPrepared } from './prepared.ts';
import { createPlaces } from './places.ts';
import { createPresence } from './presence.ts';
import { createTyping } from './typing.ts';
import { createTurns } from './turns.ts';
import { createDeadlines } from '../wheel.ts';
import type { Caller } from '../commands/command.ts';
import type { Clock } from '../clock.ts';
import type { Change } from '../conversation/change.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Position } from './cursor.ts';
import type { TakePlace } from './places.ts';
import type { Encode, Encoding, Form } from './encoding.ts';
import type { Pieces } from './prepared.ts';

export type { Encoding } from './encoding.ts';

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
  /** @returns the messages that came after `since`, as pieces that are made once for all who ask */
  after(form: Form, room: string, since: number, limit: number): Pieces;
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
  readonly takePlace: TakePlace;
  stop(): void;
}

export interface FeedOptions {
  conversation: Conversation;
  clock: Clock;
  /** Connections and held polls together. */
  maxConnections: number;
  maxConnectionsPerAddress?: number;
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

export function createFeed(options: FeedOptions): Feed {
  const { conversation, clock, log, metrics = createMetrics() } = options;
  const { maxConnections, maxConnectionsPerAddress = maxConnections } = options;
  const rooms = new Map<string, Room>();
  const listenersOf = new Map<Connection, Set<Listener>>();
  /** Connections that do not take what is sent, and since when, by the clock's `elapsed`: nothing is queued for them. */
  const lagging = new Map<Connection, number>();
  const prepared = createPrepared(conversation, clock);
  const turns = createTurns();
  let cancelStallCheck: (() => void) | undefined;

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
    for (const [connection, since] of lagging) {
      if (since > latest) continue;
      metrics.drop('slow');
      log.info({ reason: 'slow', backlogBytes: connection.backlogBytes() }, 'connection: dropped');
      connection.drop();
    }
    if (lagging.size > 0) cancelStallCheck = clock.after(STALL_CHECK_MS, checkStalls);
  };

  const goLive = (listener: Listener) => roomNamed(listener.room).live.add(listener);
  const isFull = (connection: Connection) => connection.backlogBytes() > MAX_BACKLOG_BYTES;
  const listenersTo = (connection: Connection) => [...(listenersOf.get(connection) ?? [])];

  /** In all its rooms, so that the highest seq that it has been sent is a cursor for each of them. */
  const fallBehind = (connection: Connection) => {
    for (const listener of listenersTo(connection)) rooms.get(listener.room)?.live.delete(listener);
    lagging.set(connection, clock.elapsed());
    cancelStallCheck ??= clock.after(STALL_CHECK_MS, checkStalls);
    connection.onceDrained(() => goOn(connection, () => resume(connection)));
  };

  // Nobody is there to catch it: a store that cannot be read costs this connection, which comes back with its cursor.
  const goOn = (connection: Connection, step: () => void) => {
    try {
      step();
    } catch (error) {
      log.error({ err: error }, 'feed: catching up failed');
      metrics.drop('error');
      connection.drop();
    }
  };

  /** Rooms that were live go on together; then those that were still catching up. */
  const resume = (connection: Connection) => {
    if (!lagging.has(connection)) return; // it has left
    if (isFull(connection)) return fallBehind(connection);
    const listeners = listenersTo(connection);
    const together = listeners.filter((one) => one.hasCaughtUp);
    if (!sendSlice(connection, together)) {
      lagging.set(connection, clock.elapsed());
      return turns.add(() => goOn(connection, () => resume(connection)));
    }
    lagging.delete(connection);
    together.forEach(goLive);
    for (const one of listeners) if (!one.hasCaughtUp) catchUp(one);
  };

  /** Send slices until it stands where the conversation does; reading and going live are one step without a pause. */
  const catchUp = (listener: Listener) => {
    const { connection, room } = listener;
    if (listener.hasLeft || lagging.has(connection)) return; // one that lags goes on when it drains
    if (isFull(connection)) return fallBehind(connection);
    // Together with the rooms that are live, as what is gathered for them would come below what this one is given.
    const live = listenersTo(connection).filter((one) => one.hasCaughtUp);
    const isReady = listener.cursor !== undefined || sendSlice(connection, live);
    if (isReady && listener.cursor === undefined) sendNewest(listener);
    if (!isReady || !sendSlice(connection, [...live, listener])) {
      return turns.add(() => goOn(connection, () => catchUp(listener)));
    }
    listener.hasCaughtUp = true;
    connection.write(connection.encoding.caughtUp(room, formatCursor(conversation.head(), conversation)));
    goLive(listener);
  };

  const sendNewest = (listener: Listener) => {
    const { connection, room } = listener;
    const { changes } = conversation.newest(room, DEFAULT_PAGE);
    write(connection, changes.toSorted(bySeq));
    listener.cursor = conversation.head();
  };

  const write = (connection: Connection, changes: readonly Change[]) => {
    const { encoding } = connection;
    if (changes.length > 0)
      connection.write(
        join(
          encoding,
          changes.map((change) => encoding.message(change)),
        ),
      );
  };

  /** Send what comes next in these rooms, in one order. @returns whether that is all there is */
  const sendSlice = (connection: Connection, listeners: readonly Listener[]): boolean => {
    const [only] = listeners;
    return only !== undefined && listeners.length === 1 ? sendPieces(only) : sendMerged(connection, listeners);
  };

  /** Of one room, as nearly all follow: pieces that are made once for all. */
  const sendPieces = (listener: Listener): boolean => {
    const { connection, room } = listener;
    let count = 0;
    let bytes = 0;
    while (count < CATCH_UP_SLICE && bytes < MAX_SLICE_BYTES) {
      const part = prepared.next(connection.encoding, room, listener.cursor ?? 0, CATCH_UP_SLICE - count);
      if (part !== undefined) {
        connection.write(part.enclosed());
        listener.cursor = part.last;
        count += part.count;
        bytes += part.messages.length;
      }
      if (part === undefined || part.isAll) {
        listener.cursor = Math.max(listener.cursor ?? 0, conversation.head());
        return true;
      }
    }
    return false;
  };

  const sendMerged = (connection: Connection, listeners: readonly Listener[]): boolean => {
    const pages = listeners.map(({ room, cursor = 0 }) => conversation.after(room, cursor, CATCH_UP_SLICE));
    const cutAt = pages.flatMap(({ changes, hasMore }) => (hasMore ? (changes.at(-1)?.seq ?? []) : []));
    let upTo = Math.min(conversation.head(), ...cutAt); // no further than all of them were read
    const found = pages.flatMap(({ changes }) => changes.filter(({ seq }) => seq <= upTo)).toSorted(bySeq);
    const sent = found.slice(0, CATCH_UP_SLICE);
    if (sent.length < found.length) upTo = sent.at(-1)?.seq ?? upTo;
    write(connection, sent);
    for (const one of listeners) one.cursor = Math.max(one.cursor ?? 0, upTo);
    return cutAt.length === 0 && sent.length === found.length;
  };

  const sendTo = (listener: Listener, batch: Batch) => {
    const { connection, cursor = 0 } = listener;
    if (cursor >= batch.last) return;
    if (isFull(connection)) return fallBehind(connection);
    connection.write(batch.bytesAfter(cursor, connection.encoding));
    listener.cursor = batch.last;
  };

  /** A connection that follows several of the rooms that changed gets their messages in one order. */
  const sendJoined = (
    connection: Connection,
    listeners: readonly Listener[],
    batches: ReadonlyMap<string, Batch>,
    encode: Encode,
  ) => {
    const changes = listeners.flatMap(({ room, cursor = 0 }) => batches.get(room)?.changesAfter(cursor) ?? []);
    if (changes.length === 0) return;
    if (isFull(connection)) return fallBehind(connection);
    connection.write(encode(connection.encoding, changes.toSorted(bySeq)));
    for (const one of listeners) one.cursor = Math.max(one.cursor ?? 0, batches.get(one.room)?.last ?? 0);
  };

  const flush = (changesByRoom: ReadonlyMap<string, readonly Change[]>) => {
    const encode = createEncode();
    const batches = new Map([...changesByRoom].map(([room, changes]) => [room, new Batch(changes, encode)]));
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
    for (const [connection, listeners] of joined) sendJoined(connection, listeners, batches, encode);
  };

  /** @param make gives what a connection is told, if anything; one that lags has more important things to read */
  const tell = (name: string, make: (connection: Connection) => Buffer | undefined) => {
    for (const { connection } of rooms.get(name)?.live ?? []) {
      const bytes = connection.backlogBytes() > MAX_BACKLOG_BYTES ? undefined : make(connection);
      if (bytes !== undefined) connection.write(bytes);
    }
  };
  const tellOnline = (room: string, online: number) => {
    const encode = onceEach((encoding) => encoding.presence?.(room, online));
    tell(room, ({ encoding }) => encode(encoding));
  };
  const presence = createPresence(clock, tellOnline, conversation.whisper);
  const tellTyping = (room: string, users: ReadonlyMap<Connection | string, string>) => {
    const encode = onceEach((encoding) => encoding.typing?.(room, [...users.values()]));
    tell(room, (connection) => {
      if (!users.has(connection)) return encode(connection.encoding);
      const others = [...users].filter(([one]) => one !== connection).map(([, user]) => user);
      return others.length === 0 ? undefined : connection.encoding.typing?.(room, others);
    });
  };
  const typing = createTyping<Connection>(clock, tellTyping, conversation.whisper);

  const expiries = createDeadlines(clock, EXPIRY_TICK_MS);
  const gathering = createGathering(flush, metrics.fanOut, conversation.isMoreComing);
  const unsubscribe = conversation.subscribe((changes) => {
    prepared.forget(changes);
    gathering.add(changes);
  });

  const leave = (listener: Listener) => {
    if (listener.hasLeft) return;
    listener.hasLeft = true;
    presence.left(listener.room);
    rooms.get(listener.room)?.live.delete(listener);
    forgetIfEmpty(listener.room);
    const others = listenersOf.get(listener.connection);
    others?.delete(listener);
    if (others?.size === 0) {
      listenersOf.delete(listener.connection);
      lagging.delete(listener.connection);
    }
    if (others?.size === 1) for (const last of others) last.isOneOfMany = false;
  };

  return {
    join(connection, room, position) {
      const listener = new Listener(connection, room, typeof position === 'number' ? position : undefined);
      const all = listenersOf.get(connection) ?? new Set();
      listenersOf.set(connection, all.add(listener));
      if (all.size > 1) for (const one of all) one.isOneOfMany = true;
      presence.entered(room);
      if (position === 'gone') connection.write(connection.encoding.reset(room));
      catchUp(listener);
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
    after: prepared.after,
    polled: presence.polled,
    online: presence.online,
    typing: typing.add,
    onceExpired({ expiresAt }, end) {
      return expiresAt === undefined ? () => {} : expiries.after(expiresAt - clock.now(), end);
    },
    takePlace: createPlaces({ maxConnections, maxConnectionsPerAddress, metrics, log }),
    stop() {
      unsubscribe();
      gathering.stop();
      presence.stop();
      expiries.stop();
      typing.stop();
      turns.stop();
      prepared.stop();
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
  /** Everything up to this seq was written to the connection; undefined: it begins with the newest. */
  cursor: number | undefined;
  hasLeft = false;
  /** Whether its connection follows other rooms too. */
  isOneOfMany = false;
  /** Whether it was told so: from then on it is in one order with the other rooms of its connection. */
  hasCaughtUp = false;

  constructor(connection: Connection, room: string, cursor: number | undefined) {
    this.connection = connection;
    this.room = room;
    this.cursor = cursor;
  }
}
