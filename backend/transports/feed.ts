/**
 * Who listens, from which cursor. A connection is only a cursor: it catches up from the conversation, goes live without
 * a gap, and falls back to its cursor when it reads too slowly. A change is encoded once for all.
 */
import { EXPIRY_TICK_MS } from '../limits.ts';
import { createMetrics } from '../metrics.ts';
import { createCatchingUp, isFull } from './catching-up.ts';
import { Batch, bySeq, createEncode } from './encoding.ts';
import { createGathering } from './gathering.ts';
import { Listener } from './listener.ts';
import { createPrepared } from './prepared.ts';
import { createPlaces } from './places.ts';
import { createPresence } from './presence.ts';
import { createRecentTyping } from './recent-typing.ts';
import { createTyping } from './typing.ts';
import { createDeadlines } from '../wheel.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { Caller } from '../commands/command.ts';
import type { Clock } from '../clock.ts';
import type { Change } from '../conversation/change.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Position } from './cursor.ts';
import type { TakePlace } from './places.ts';
import type { Encode, Encoding, Form } from './encoding.ts';
import type { Connection } from './listener.ts';
import type { Pieces } from './prepared.ts';
import type { RecentTyping } from './recent-typing.ts';
import type { Typing, Typist } from './typing.ts';

export type { Encoding } from './encoding.ts';
export type { Connection } from './listener.ts';

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
  /** Tell the others in the room that someone is typing. */
  readonly typing: Typing<Connection>['add'];
  /** Who is typing, for clients that poll. */
  readonly recentTyping: Pick<RecentTyping, 'after' | 'once'>;
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
  const prepared = createPrepared(conversation, clock);

  const roomNamed = (name: string): Room => {
    let room = rooms.get(name);
    if (room === undefined) rooms.set(name, (room = { live: new Set(), waiting: new Set() }));
    return room;
  };
  const forgetIfEmpty = (name: string) => {
    const room = rooms.get(name);
    if (room?.live.size === 0 && room.waiting.size === 0) rooms.delete(name);
  };

  const catchingUp = createCatchingUp({
    conversation,
    prepared,
    clock,
    log,
    metrics,
    listenersTo: (connection) => [...(listenersOf.get(connection) ?? [])],
    goLive: (listener) => void roomNamed(listener.room).live.add(listener),
    leaveLive: (listener) => void rooms.get(listener.room)?.live.delete(listener),
  });

  const sendTo = (listener: Listener, batch: Batch) => {
    const { connection, cursor = 0 } = listener;
    if (cursor >= batch.last) return;
    if (isFull(connection)) return catchingUp.fallBehind(connection);
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
    if (isFull(connection)) return catchingUp.fallBehind(connection);
    connection.write(encode(connection.encoding, changes.toSorted(bySeq)));
    for (const one of listeners) one.cursor = Math.max(one.cursor ?? 0, batches.get(one.room)?.last ?? 0);
  };

  const flush = (changesByRoom: ReadonlyMap<string, readonly Change[]>) => {
    const encode = createEncode();
    const batches = new Map([...changesByRoom].map(([room, changes]) => [room, new Batch(changes, encode)]));
    const joined = new Map<Connection, Listener[]>();
    for (const [name, changes] of changesByRoom) endTyping(name, changes);
    for (const [name, batch] of batches) {
      const room = rooms.get(name);
      if (room === undefined) continue;
      for (const listener of room.live) {
        if (batches.size === 1 || !listener.isOneOfMany) sendTo(listener, batch);
        else joined.set(listener.connection, [...(joined.get(listener.connection) ?? []), listener]);
      }
      // A poll whose cursor is already there has read these changes, which are applied before they are sent.
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
      const bytes = isFull(connection) ? undefined : make(connection);
      if (bytes !== undefined) connection.write(bytes);
    }
  };
  const tellOnline = (room: string, online: number) => {
    const encode = onceEach((encoding) => encoding.presence?.(room, online));
    tell(room, ({ encoding }) => encode(encoding));
  };
  const presence = createPresence(clock, tellOnline, conversation.whisper);
  const recentTyping = createRecentTyping(clock);
  const tellTyping = (room: string, typists: ReadonlyMap<Connection | string, Typist>) => {
    recentTyping.add(room, typists);
    const namesBut = (but?: Connection) => [...typists].filter(([one]) => one !== but).map(([, { user }]) => user);
    const encode = onceEach((encoding) => encoding.typing?.(room, namesBut()));
    tell(room, (connection) => {
      if (!typists.has(connection)) return encode(connection.encoding);
      const others = namesBut(connection);
      return others.length === 0 ? undefined : connection.encoding.typing?.(room, others);
    });
  };
  const typing = createTyping<Connection>(clock, tellTyping, conversation.whisper);
  /** Of one whose message is sent now, it is not told later that it is being written. */
  const endTyping = (room: string, changes: readonly Change[]) => {
    if (!typing.has(room) && !recentTyping.has(room)) return;
    const users = new Set(changes.filter(({ id, seq }) => id === seq).map(userOf));
    typing.wrote(room, users);
    recentTyping.wrote(room, users);
  };

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
      catchingUp.forget(listener.connection);
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
      catchingUp.begin(listener);
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
    recentTyping,
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
      recentTyping.stop();
      catchingUp.stop();
      prepared.stop();
    },
  };
}

function userOf({ json }: Change): string {
  return (JSON.parse(json) as Message).user; // as the conversation made it
}

/** @returns `make`, of which each encoding's bytes are made once */
function onceEach(make: (encoding: Encoding) => Buffer | undefined): (encoding: Encoding) => Buffer | undefined {
  const made = new Map<Encoding, Buffer | undefined>();
  return (encoding) => {
    if (!made.has(encoding)) made.set(encoding, make(encoding));
    return made.get(encoding);
  };
}
