/** Writes entries to the stream: each once, however often it is tried, and done when it has come back by the reader. */
import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import { ChatError, messageOf } from '../errors.ts';
import { NATS_ANSWER_WITHIN_MS, NATS_APPEND_WITHIN_MS, NATS_HEARTBEAT_MS, NATS_RETRY_MS } from '../limits.ts';
import { encodeEntry, idFor, subjectFor } from './nats-entry.ts';
import { eraseTexts } from './nats-erasure.ts';
import { entriesLost, NO_ROOM, TOO_LARGE } from './nats-stream.ts';
import type { Logger } from '../log.ts';
import type { JournalOptions, NewEntry } from './journal.ts';
import type { Health } from './nats-health.ts';
import type { NatsStream } from './nats-stream.ts';

export interface Appends {
  /** @returns its seq, once it is kept and handed on; @throws ChatError `overloaded` when it is not known to be */
  append(entry: NewEntry): Promise<number>;
  /** To be told of every seq that was handed on. */
  handedOn(first: number, last: number): void;
  /** @param deadline by `performance.now()`; @throws ChatError `overloaded` when it has not come by then */
  untilHandedOn(seq: number, deadline: number): Promise<void>;
  /** Resolves when what is under way has come to its end, good or bad. */
  settled(): Promise<unknown>;
}

interface Parts {
  stream: NatsStream;
  log: Logger;
  health: Health;
  /** Everything up to this seq has been handed on. */
  head(): number;
  /** What should have brought an entry did not. */
  restartReading(): void;
  closing: AbortSignal;
  onCommit: JournalOptions['onCommit'];
}

export function createAppends({ stream, log, health, head, restartReading, closing, onCommit }: Parts): Appends {
  const underWay = new Set<Promise<unknown>>();
  /** Who waits until an entry is handed on; by its seq. */
  const awaited = new Map<number, (() => void)[]>();

  /** @returns the seq that the stream gave it; tried again with the same id, which the stream knows for a while */
  const publish = async (entry: NewEntry, deadline: number): Promise<number> => {
    const subject = subjectFor(entry, stream.name);
    const options = { msgID: idFor(entry), expect: { streamName: stream.name } };
    const payload = encodeEntry(entry);
    const before = head();
    for (;;) {
      try {
        const timeout = Math.min(NATS_ANSWER_WITHIN_MS, deadline - performance.now());
        const { seq, duplicate } = await stream.js.publish(subject, payload, { ...options, timeout });
        if (seq <= before && !duplicate) void health.end(entriesLost({ hasGivenAgain: true }));
        if (health.isOver()) throw new Error('it is kept, but in another epoch');
        health.taken();
        return seq;
      } catch (error) {
        const code = error instanceof JetStreamApiError ? error.code : undefined;
        if (code === TOO_LARGE) throw unkept(error);
        if (code !== undefined && NO_ROOM.has(code)) {
          health.refused(messageOf(error));
          throw unkept(error);
        }
        health.lost(messageOf(error));
        const isRefused = error instanceof JetStreamApiError && error.status !== 503;
        const isTooLate = performance.now() + NATS_RETRY_MS > deadline;
        if (health.isOver() || isRefused || closing.aborted || isTooLate) throw unkept(error);
        await pause(NATS_RETRY_MS);
      }
    }
  };

  const untilHandedOn = async (seq: number, deadline: number) => {
    if (seq <= head()) return;
    const arrived = Promise.withResolvers<'arrived'>();
    awaited.set(seq, [...(awaited.get(seq) ?? []), () => arrived.resolve('arrived')]);
    while (performance.now() < deadline) {
      const timer = Promise.withResolvers<'late'>();
      const timeout = setTimeout(() => timer.resolve('late'), 2 * NATS_HEARTBEAT_MS);
      const outcome = await Promise.race([arrived.promise, timer.promise]);
      clearTimeout(timeout);
      if (outcome === 'arrived') return;
      restartReading(); // it is in the stream, so what should have brought it is broken
    }
    throw unkept(new Error(`entry ${seq} is in the stream, and does not come`));
  };

  const eraseNow = async (target: number) => {
    try {
      await eraseTexts(stream, target);
    } catch (error) {
      log.warn({ err: error, target }, 'nats: a text is erased later'); // it is on the list that all servers share
    }
  };

  const append = async (entry: NewEntry): Promise<number> => {
    const start = performance.now();
    const outage = health.outage();
    if (outage !== undefined && start - outage.since > NATS_APPEND_WITHIN_MS) throw unkept(new Error(outage.why));
    const deadline = start + NATS_APPEND_WITHIN_MS;
    const seq = await publish(entry, deadline);
    onCommit?.((performance.now() - start) / 1000, 1);
    await untilHandedOn(seq, deadline);
    // What was edited thousands of times takes longer than anyone is to wait.
    const late = () => pause(Math.max(0, deadline - performance.now()), undefined, { ref: false });
    if (entry.erases !== undefined) await Promise.race([eraseNow(entry.erases), late()]);
    return seq;
  };

  return {
    append(entry) {
      if (closing.aborted) return Promise.reject(new ChatError('overloaded', 'The server is stopping.'));
      const appending = append(entry);
      underWay.add(appending);
      const done = () => void underWay.delete(appending);
      appending.then(done, done);
      return appending;
    },
    handedOn(first, last) {
      if (awaited.size === 0) return;
      for (let seq = first; seq <= last; seq++) {
        for (const resolve of awaited.get(seq) ?? []) resolve();
        awaited.delete(seq);
      }
    },
    untilHandedOn,
    settled: async () => Promise.allSettled(underWay),
  };
}

function unkept(cause: unknown): ChatError {
  return new ChatError('overloaded', 'The message could not be kept; try again.', { cause });
}
