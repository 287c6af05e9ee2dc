/**
 * A journal that several servers share: a stream of NATS JetStream. The stream's own numbers are the seq. Each server
 * writes to it, and is told of every entry by it, also of its own.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import { ChatError, messageOf, StartError } from '../errors.ts';
import {
  NATS_ANSWER_WITHIN_MS,
  NATS_APPEND_WITHIN_MS,
  NATS_HEARTBEAT_MS,
  NATS_RETRY_MS,
  NATS_SETTLED_AFTER_MS,
  RETRY_DISK_MS,
} from '../limits.ts';
import { encodeEntry, idFor, subjectFor, subjectsOf } from './nats-entry.ts';
import { eraseTexts, shareErasing } from './nats-erasure.ts';
import { readFrom } from './nats-reader.ts';
import { entriesLost, NO_ROOM, openStream, StreamChangedError, TOO_LARGE } from './nats-stream.ts';
import { createWhisper } from './nats-whisper.ts';
import type { Entry, Journal, JournalOptions, NewEntry } from './journal.ts';

interface Follower {
  /** It has had everything up to this seq. */
  last: number;
  deliver(entries: readonly Entry[]): void;
}

export async function openJournal({ nats, log, onCommit, onFatal, isExpected }: JournalOptions): Promise<Journal> {
  if (nats === undefined) throw new StartError('NATS_URL must be given for the journal nats');
  const stream = await openStream(nats, log, isExpected);
  const followers = new Set<Follower>();
  const underWay = new Set<Promise<unknown>>();
  /** Appends that are kept, and wait until they are handed out; by their seq. */
  const awaited = new Map<number, (() => void)[]>();
  let head = await stream.readSettledHead();
  let trouble: { why: string; since: number } | undefined;
  /** Why the stream takes nothing, though it answers; until it has taken something. */
  let refusal: string | undefined;
  const isFull = () => refusal !== undefined;
  /** Set when there is nothing to go on with. */
  let isOver = false;
  const closing = new AbortController();

  const tail = readFrom(stream, head, log, {
    onEntries(entries, upTo) {
      const before = head;
      head = upTo;
      for (const follower of followers) handOn(follower, entries);
      if (awaited.size === 0) return;
      for (let seq = before + 1; seq <= upTo; seq++) settle(seq);
    },
    onTrouble: lost,
    onChanged: (error) => void end(error),
  });
  const whisper = createWhisper(stream, log);
  const stopErasing = shareErasing(stream, log);
  stream.watchEpoch(() => {
    stream.checkEpoch().catch((error: unknown) => {
      if (error instanceof StreamChangedError) void end(error);
      else lost(messageOf(error)); // it is checked when that is over
    });
  });

  function settle(seq: number): void {
    for (const resolve of awaited.get(seq) ?? []) resolve();
    awaited.delete(seq);
  }

  /** Nothing can be appended, or is heard of; from here on it is looked for until it can. */
  function lost(why: string): void {
    if (trouble !== undefined || closing.signal.aborted) return;
    trouble = { why, since: performance.now() };
    log.warn({ why }, 'nats: the stream cannot be reached');
    void lookForIt();
  }

  /** What was handed on is not what the stream holds: everyone begins again, and the process ends. */
  async function end(error: StreamChangedError): Promise<void> {
    if (isOver || closing.signal.aborted) return;
    isOver = true;
    trouble = { why: error.message, since: -Infinity };
    // First another epoch: others may write until their numbers are as high as those that this server's store has.
    let isRenewed = !error.hasGivenAgain;
    const again = () => pause(NATS_RETRY_MS, false);
    while (!isRenewed && !closing.signal.aborted) isRenewed = await stream.renew().then(() => true, again);
    if (!closing.signal.aborted) onFatal?.(error.message);
  }

  function refused(why: string): void {
    const isKnown = isFull();
    refusal = why;
    if (isKnown || closing.signal.aborted) return;
    log.error({ why }, 'nats: the stream takes nothing');
    void lookForRoom();
  }

  function taken(): void {
    if (isFull()) log.info('nats: the stream takes entries again');
    refusal = undefined;
  }

  // Found out without waiting for someone to write: who balances the load may send nobody here until it is.
  async function lookForRoom(): Promise<void> {
    while (!closing.signal.aborted && isFull()) {
      await pause(RETRY_DISK_MS, undefined, { ref: false });
      const options = { expect: { streamName: stream.name }, timeout: NATS_ANSWER_WITHIN_MS };
      await stream.js.publish(subjectsOf(stream.name).probe, '', options).then(taken, () => {});
    }
  }

  async function lookForIt(): Promise<void> {
    let before = -1;
    let shortSince: number | undefined;
    while (!closing.signal.aborted && !isOver && trouble !== undefined) {
      await pause(NATS_RETRY_MS, undefined, { ref: false });
      try {
        const newest = await stream.readHead();
        if (isOver) return;
        shortSince = newest < head ? (shortSince ?? performance.now()) : undefined;
        if (shortSince !== undefined && performance.now() - shortSince > NATS_SETTLED_AFTER_MS) {
          throw entriesLost({ hasGivenAgain: false }); // when it starts again, it finds out whether it stays so
        }
        if (shortSince !== undefined) continue;
        const position = tail.position();
        // It is well again once it has caught up with what it missed.
        if (position < newest) {
          if (position === before) tail.restart();
          before = position;
          continue;
        }
        await stream.checkEpoch();
        if (isOver) return;
        trouble = undefined;
        log.info({ head }, 'nats: the stream is reached again');
      } catch (error) {
        if (error instanceof StreamChangedError) return end(error);
        const why = messageOf(error);
        if (trouble === undefined || trouble.why === why || closing.signal.aborted) continue;
        trouble.why = why;
        log.warn({ why }, 'nats: the stream cannot be reached yet');
      }
    }
  }

  let readingHead: Promise<unknown> = Promise.resolve();
  let nextHead: Promise<number> | undefined;
  /** The stream's, asked once for all who wait for the answer before: that may be older than what they know. */
  const readHeadTogether = () =>
    (nextHead ??= readingHead.then(() => {
      const reading = stream.readHead();
      readingHead = reading.catch(() => {});
      nextHead = undefined;
      return reading;
    }));

  /** @returns the seq that the stream gave it; tried again with the same id, which the stream knows for a while */
  const publish = async (entry: NewEntry, deadline: number): Promise<number> => {
    const subject = subjectFor(entry, stream.name);
    const options = { msgID: idFor(entry), expect: { streamName: stream.name } };
    const payload = encodeEntry(entry);
    const before = head;
    for (;;) {
      try {
        const timeout = Math.min(NATS_ANSWER_WITHIN_MS, deadline - performance.now());
        const { seq, duplicate } = await stream.js.publish(subject, payload, { ...options, timeout });
        if (seq <= before && !duplicate) void end(entriesLost({ hasGivenAgain: true }));
        if (isOver) throw new Error('it is kept, but in another epoch');
        taken();
        return seq;
      } catch (error) {
        const code = error instanceof JetStreamApiError ? error.code : undefined;
        if (code === TOO_LARGE) throw unkept(error);
        if (code !== undefined && NO_ROOM.has(code)) {
          refused(messageOf(error));
          throw unkept(error);
        }
        lost(messageOf(error));
        const isRefused = error instanceof JetStreamApiError && error.status !== 503;
        if (isOver || isRefused || closing.signal.aborted || performance.now() + NATS_RETRY_MS > deadline)
          throw unkept(error);
        await pause(NATS_RETRY_MS);
      }
    }
  };

  const untilHandedOut = async (seq: number, deadline: number) => {
    if (seq <= head) return;
    const arrived = Promise.withResolvers<'arrived'>();
    awaited.set(seq, [...(awaited.get(seq) ?? []), () => arrived.resolve('arrived')]);
    while (performance.now() < deadline) {
      const timer = Promise.withResolvers<'late'>();
      const timeout = setTimeout(() => timer.resolve('late'), 2 * NATS_HEARTBEAT_MS);
      const outcome = await Promise.race([arrived.promise, timer.promise]);
      clearTimeout(timeout);
      if (outcome === 'arrived') return;
      tail.restart(); // it is in the stream, so what should have brought it is broken
    }
    throw unkept(new Error(`entry ${seq} is in the stream, and does not come`));
  };

  const append = async (entry: NewEntry): Promise<number> => {
    const start = performance.now();
    if (trouble !== undefined && start - trouble.since > NATS_APPEND_WITHIN_MS) throw unkept(new Error(trouble.why));
    const deadline = start + NATS_APPEND_WITHIN_MS;
    const seq = await publish(entry, deadline);
    onCommit?.((performance.now() - start) / 1000, 1);
    await untilHandedOut(seq, deadline);
    // What was edited thousands of times takes longer than anyone is to wait.
    const late = () => pause(Math.max(0, deadline - performance.now()), undefined, { ref: false });
    if (entry.erases !== undefined) await Promise.race([eraseNow(entry.erases), late()]);
    return seq;
  };

  const eraseNow = async (target: number) => {
    try {
      await eraseTexts(stream, target);
    } catch (error) {
      log.warn({ err: error, target }, 'nats: a text is erased later'); // it is on the list that all servers share
    }
  };

  return {
    get epoch() {
      return stream.epoch;
    },
    renew: stream.renew,
    whisper,
    head: () => head,
    append(entry) {
      if (closing.signal.aborted) return Promise.reject(new ChatError('overloaded', 'The server is stopping.'));
      const appending = append(entry);
      underWay.add(appending);
      const done = () => void underWay.delete(appending);
      appending.then(done, done);
      return appending;
    },
    async follow(after, deliver) {
      const follower: Follower = { last: after, deliver };
      if (after < head) await catchUp(follower);
      else followers.add(follower);
      return () => void followers.delete(follower);
    },
    async reach(seq, withinMs) {
      if (seq <= head) return;
      const newest = await readHeadTogether().catch(() => undefined);
      if (newest !== undefined && seq > newest) return;
      const late = pause(withinMs, undefined, { ref: false });
      await Promise.race([untilHandedOut(seq, performance.now() + withinMs).catch(() => {}), late]);
      if (seq > head) throw new ChatError('overloaded', 'This server is behind the others; try again.');
    },
    trouble: () => (closing.signal.aborted ? 'it is closed' : (trouble?.why ?? refusal)),
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      await Promise.allSettled(underWay);
      stopErasing();
      whisper.stop();
      await tail.stop();
      await stream.connection.close();
    },
  };

  /** Hand on what is stored, until nothing is missing below the head, which moves on: then it is one of the followers. */
  async function catchUp(follower: Follower): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const reader = readFrom(stream, follower.last, log, {
      onEntries(entries, upTo) {
        if (followers.has(follower)) return;
        handOn(follower, entries);
        follower.last = Math.max(follower.last, upTo);
        if (follower.last < head) return;
        followers.add(follower); // in the same turn as the look at the head: nothing comes between
        resolve();
      },
      onTrouble: lost,
      onChanged: (error) => void end(error),
    });
    await promise;
    void reader.stop();
  }
}

function handOn(follower: Follower, entries: readonly Entry[]): void {
  const { last } = follower;
  const fresh = (entries[0]?.seq ?? 0) > last ? entries : entries.filter(({ seq }) => seq > last);
  const newest = fresh.at(-1);
  if (newest === undefined) return;
  follower.last = newest.seq;
  follower.deliver(fresh);
}

function unkept(cause: unknown): ChatError {
  return new ChatError('overloaded', 'The message could not be kept; try again.', { cause });
}
