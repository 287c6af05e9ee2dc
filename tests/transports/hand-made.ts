/** A conversation and connections made by hand, to see what the feed makes of them. */
import { afterEach, beforeEach, vi } from 'vitest';
import { toChange } from '../../backend/conversation/change.ts';
import { createLog } from '../../backend/log.ts';
import { createFeed } from '../../backend/transports/feed.ts';
import { createClock } from '../harness/clock.ts';
import type { Change, Page } from '../../backend/conversation/change.ts';
import type { Conversation } from '../../backend/conversation/conversation.ts';
import type { Connection, Encoding } from '../../backend/transports/feed.ts';
import type { Message } from '../../protocol/envelope.ts';

/** To be called once in a file: turns of the event loop, and pauses between flushes, go on when a test says so. */
export function useTurnsByHand(): void {
  beforeEach(
    () =>
      void vi.useFakeTimers({
        toFake: ['setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout', 'performance'],
      }),
  );
  afterEach(() => void vi.useRealTimers());
}

export const ROOMS = ['lobby', 'tea', 'work'];

/** What the feed needs of a conversation, without a journal behind it: what is put in is so at once. */
function createTalk() {
  const current = new Map<number, Change>();
  const listeners = new Set<(changes: readonly Change[]) => void>();
  let seq = 0;
  const ofRoom = (room: string) => [...current.values()].filter((change) => change.room === room);
  const page = (all: Change[], limit: number, isNewest: boolean): Page => ({
    changes: isNewest ? all.slice(-limit) : all.slice(0, limit),
    hasMore: all.length > limit,
  });
  const conversation: Pick<Conversation, 'epoch' | 'head' | 'after' | 'newest' | 'subscribe' | 'isMoreComing'> = {
    epoch: 'e',
    head: () => seq,
    after: (room, since, limit) =>
      page(
        ofRoom(room)
          .filter((change) => change.seq > since)
          .toSorted((one, other) => one.seq - other.seq),
        limit,
        false,
      ),
    newest: (room, limit) => page(ofRoom(room), limit, true),
    isMoreComing: () => false,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return {
    conversation: conversation as Conversation, // of which the feed uses no more
    current,
    /** A new message, or another state of the one with this id. */
    put(room: string, id = seq + 1, message = `at ${seq + 1}`): Change {
      const change = toChange({ id, seq: ++seq, room, user: 'A', message, timestamp: 't' });
      current.set(id, change);
      for (const listener of listeners) listener([change]);
      return change;
    },
  };
}

export type Line = Message | { caughtUp: string; since: string } | { reset: string };

/** One object for all connections of a test, that counts how often each change is encoded. */
export function createEncoding(): Encoding & { readonly encoded: Change[] } {
  const encoded: Change[] = [];
  const toLine = (line: object) => Buffer.from(`${JSON.stringify(line)}\n`);
  return {
    encoded,
    message(change) {
      encoded.push(change);
      return Buffer.from(`${change.json}\n`);
    },
    caughtUp: (room, since) => toLine({ caughtUp: room, since }),
    reset: (room) => toLine({ reset: room }),
  };
}

/** A connection made by hand, that takes what is written only when it is told to. */
export class HandMade implements Connection {
  readonly encoding: Encoding;
  readonly writes: Buffer[] = [];
  readonly lines: Line[] = [];
  isStalled = false;
  isDropped = false;
  mostBacklog = 0;
  readonly #bytesEach: number;
  #backlog = 0;
  #onDrained: (() => void)[] = [];

  /** @param bytesEach what a line counts for, so that a few fill the backlog */
  constructor(encoding: Encoding, bytesEach = 1) {
    this.encoding = encoding;
    this.#bytesEach = bytesEach;
  }

  get messages(): Message[] {
    return this.lines.filter((line) => 'id' in line);
  }

  backlogBytes(): number {
    return this.#backlog;
  }

  write(bytes: Buffer): void {
    this.writes.push(bytes);
    const lines = bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line); // as encoded above
    this.lines.push(...lines);
    if (!this.isStalled) return;
    this.#backlog += lines.length * this.#bytesEach;
    this.mostBacklog = Math.max(this.mostBacklog, this.#backlog);
  }

  onceDrained(callback: () => void): void {
    this.#onDrained.push(callback);
  }

  drop(): void {
    this.isDropped = true;
  }

  /** Some of what waits is taken, as a socket does before it tells that all is. */
  takeSome(): void {
    if (this.#backlog > 0) this.#backlog = 1;
  }

  drain(): void {
    this.isStalled = false;
    this.#backlog = 0;
    for (const callback of this.#onDrained.splice(0)) callback();
  }
}

export function start() {
  const talk = createTalk();
  const clock = createClock();
  const feed = createFeed({ conversation: talk.conversation, clock, maxConnections: 3, log: createLog('silent') });
  return { ...talk, clock, feed };
}

/** Every turn that is due, and every pause. */
export const settle = () => vi.runAllTimers();
export const seqs = (messages: readonly Message[]) => messages.map(({ seq }) => seq);
