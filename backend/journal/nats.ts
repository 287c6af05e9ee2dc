/**
 * A journal that several servers share: a stream of NATS JetStream. The stream's own numbers are the seq. Each server
 * writes to it, and is told of every entry by it, also of its own.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ChatError, StartError } from '../errors.ts';
import { createAppends } from './nats-appends.ts';
import { shareErasing } from './nats-erasure.ts';
import { watchHealth } from './nats-health.ts';
import { readFrom } from './nats-reader.ts';
import { openStream } from './nats-stream.ts';
import { createWhisper } from './nats-whisper.ts';
import type { Entry, Journal, JournalOptions } from './journal.ts';
import type { StreamChangedError } from './nats-stream.ts';

interface Follower {
  /** It has had everything up to this seq. */
  last: number;
  deliver(entries: readonly Entry[]): void;
}

export async function openJournal({ nats, log, onCommit, onFatal, isExpected }: JournalOptions): Promise<Journal> {
  if (nats === undefined) throw new StartError('NATS_URL must be given for the journal nats');
  const stream = await openStream(nats, log, isExpected);
  const followers = new Set<Follower>();
  let head = await stream.readSettledHead();
  const closing = new AbortController();

  const parts = { stream, log, head: () => head, closing: closing.signal };
  const health = watchHealth({ ...parts, reader: () => tail, onFatal });
  const appends = createAppends({ ...parts, health, restartReading: () => tail.restart(), onCommit });
  const onLost = { onTrouble: health.lost, onChanged: (error: StreamChangedError) => void health.end(error) };
  const tail = readFrom(stream, head, log, {
    onEntries(entries, upTo) {
      const before = head;
      head = upTo;
      for (const follower of followers) handOn(follower, entries);
      appends.handedOn(before + 1, upTo);
    },
    ...onLost,
  });
  const whisper = createWhisper(stream, log);
  const stopErasing = shareErasing(stream, log);

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

  /** Hand on what is stored, until nothing is missing below the head, which moves on: then it is one of the followers. */
  const catchUp = async (follower: Follower) => {
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
      ...onLost,
    });
    await promise;
    void reader.stop();
  };

  return {
    get epoch() {
      return stream.epoch;
    },
    renew: stream.renew,
    whisper,
    head: () => head,
    append: appends.append,
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
      await Promise.race([appends.untilHandedOn(seq, performance.now() + withinMs).catch(() => {}), late]);
      if (seq > head) throw new ChatError('overloaded', 'This server is behind the others; try again.');
    },
    trouble: () => (closing.signal.aborted ? 'it is closed' : health.trouble()),
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      await appends.settled();
      stopErasing();
      whisper.stop();
      await tail.stop();
      await stream.connection.close();
    },
  };
}

function handOn(follower: Follower, entries: readonly Entry[]): void {
  const { last } = follower;
  const fresh = (entries[0]?.seq ?? 0) > last ? entries : entries.filter(({ seq }) => seq > last);
  const newest = fresh.at(-1);
  if (newest === undefined) return;
  follower.last = newest.seq;
  follower.deliver(fresh);
}
