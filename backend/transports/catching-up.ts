/**
 * Brings connections up to date, whether they have just joined or have read too slowly: in slices from their cursor on,
 * until nothing is missing. Meanwhile nothing is queued for them.
 */
import {
  CATCH_UP_SLICE,
  DEFAULT_PAGE,
  MAX_BACKLOG_BYTES,
  MAX_SLICE_BYTES,
  MAX_STALL_MS,
  STALL_CHECK_MS,
} from '../limits.ts';
import { formatCursor } from './cursor.ts';
import { bySeq, join } from './encoding.ts';
import { createTurns } from './turns.ts';
import type { Clock } from '../clock.ts';
import type { Change } from '../conversation/change.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Connection, Listener } from './listener.ts';
import type { Prepared } from './prepared.ts';

export interface CatchingUp {
  /** Send what it has missed, and have it go live in the same step. */
  begin(listener: Listener): void;
  /** It does not take what is sent: it is live no more until it has caught up. */
  fallBehind(connection: Connection): void;
  forget(connection: Connection): void;
  stop(): void;
}

interface Parts {
  conversation: Conversation;
  prepared: Prepared;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  listenersTo(connection: Connection): readonly Listener[];
  goLive(listener: Listener): void;
  leaveLive(listener: Listener): void;
}

export const isFull = (connection: Connection): boolean => connection.backlogBytes() > MAX_BACKLOG_BYTES;

export function createCatchingUp(parts: Parts): CatchingUp {
  const { conversation, prepared, clock, log, metrics, listenersTo, goLive, leaveLive } = parts;
  /** Connections that do not take what is sent, and since when, by the clock's `elapsed`. */
  const lagging = new Map<Connection, number>();
  const turns = createTurns();
  let cancelStallCheck: (() => void) | undefined;

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

  /** In all its rooms, so that the highest seq that it has been sent is a cursor for each of them. */
  const fallBehind = (connection: Connection) => {
    listenersTo(connection).forEach(leaveLive);
    lagging.set(connection, clock.elapsed());
    cancelStallCheck ??= clock.after(STALL_CHECK_MS, checkStalls);
    connection.onceDrained(() => goOn(connection, () => resume(connection)));
  };

  // A store that cannot be read costs this connection alone, which comes back with its cursor. Nobody else would catch it,
  // or give back what the connection has taken by then.
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

  return {
    begin: (listener) => goOn(listener.connection, () => catchUp(listener)),
    fallBehind,
    forget: (connection) => void lagging.delete(connection),
    stop() {
      turns.stop();
      cancelStallCheck?.();
    },
  };
}
