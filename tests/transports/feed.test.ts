import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toChange } from '../../backend/conversation/change.ts';
import { createLog } from '../../backend/log.ts';
import { CATCH_UP_SLICE, DEFAULT_PAGE, MAX_BACKLOG_BYTES, MAX_STALL_MS } from '../../backend/limits.ts';
import { createFeed } from '../../backend/transports/feed.ts';
import { createClock } from '../harness/clock.ts';
import type { Change, Page } from '../../backend/conversation/change.ts';
import type { Conversation } from '../../backend/conversation/conversation.ts';
import type { Connection, Encoding } from '../../backend/transports/feed.ts';
import type { Message } from '../../protocol/envelope.ts';

// Turns of the event loop, and the pauses between flushes, go on when a test says so.
beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

const ROOMS = ['lobby', 'tea', 'work'];

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
  const conversation: Pick<Conversation, 'epoch' | 'head' | 'after' | 'newest' | 'subscribe'> = {
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
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return {
    conversation: conversation as Conversation, // of which the feed uses no more
    current,
    /** A new message, or another state of the one with this id. */
    put(room: string, id = seq + 1): Change {
      const change = toChange({ id, seq: ++seq, room, user: 'A', message: `at ${seq}`, timestamp: 't' });
      current.set(id, change);
      for (const listener of listeners) listener([change]);
      return change;
    },
  };
}

type Line = Message | { caughtUp: string; since: string } | { reset: string };

/** One object for all connections of a test, that counts how often each change is encoded. */
function createEncoding(): Encoding & { readonly encoded: Change[] } {
  const encoded: Change[] = [];
  const toLine = (line: object) => Buffer.from(`${JSON.stringify(line)}\n`);
  return {
    encoded,
    changes(changes) {
      encoded.push(...changes);
      return Buffer.from(changes.map(({ json }) => `${json}\n`).join(''));
    },
    caughtUp: (room, since) => toLine({ caughtUp: room, since }),
    reset: (room) => toLine({ reset: room }),
  };
}

/** A connection made by hand, that takes what is written only when it is told to. */
class HandMade implements Connection {
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

function start() {
  const talk = createTalk();
  const clock = createClock();
  const feed = createFeed({ conversation: talk.conversation, clock, maxConnections: 3, log: createLog('silent') });
  return { ...talk, clock, feed };
}

/** Every turn that is due, and every pause. */
const settle = () => vi.runAllTimers();
const seqs = (messages: readonly Message[]) => messages.map(({ seq }) => seq);

describe('one that joins', () => {
  it('gets what came after its cursor, the word that it has caught up, and then what comes', () => {
    const { feed, put } = start();
    for (let nth = 0; nth < 5; nth++) put('lobby');
    put('lobby', 2);
    put('tea');
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', 3);
    expect(one.lines).toMatchObject([{ seq: 4 }, { seq: 5 }, { id: 2, seq: 6 }, { caughtUp: 'lobby', since: '7-e' }]);
    put('lobby');
    put('tea');
    settle();
    expect(seqs(one.messages)).toEqual([4, 5, 6, 8]);
  });

  it('gets a long past in slices of the event loop, without a gap to what comes meanwhile', () => {
    const { feed, put } = start();
    const total = 2 * CATCH_UP_SLICE + 200;
    for (let nth = 0; nth < total; nth++) put('lobby');
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', 0);
    expect(one.messages).toHaveLength(CATCH_UP_SLICE);
    put('lobby', 1);
    vi.advanceTimersToNextTimer();
    put('lobby');
    settle();
    // The first has changed since, and is given once more at its new place.
    expect(seqs(one.messages)).toEqual(Array.from({ length: total + 2 }, (_, index) => index + 1));
  });

  it('without a cursor gets the newest, in order of their changes', () => {
    const { feed, put } = start();
    for (let nth = 0; nth < DEFAULT_PAGE + 20; nth++) put('lobby');
    put('lobby', 50);
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', undefined);
    expect(one.messages).toHaveLength(DEFAULT_PAGE);
    expect(seqs(one.messages)).toEqual(seqs(one.messages).toSorted((a, b) => a - b));
    expect(one.messages.at(-1)).toMatchObject({ id: 50, seq: DEFAULT_PAGE + 21 });
  });

  it('with a cursor that is gone is told so first', () => {
    const { feed, put } = start();
    put('lobby');
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', 'gone');
    expect(one.lines).toMatchObject([{ reset: 'lobby' }, { seq: 1 }, { caughtUp: 'lobby', since: '1-e' }]);
  });

  it('between a change and its fan-out gets it once', () => {
    const { feed, put } = start();
    put('lobby');
    put('lobby');
    const [early, late] = [new HandMade(createEncoding()), new HandMade(createEncoding())];
    feed.join(early, 'lobby', 1);
    feed.join(late, 'lobby', 2);
    put('lobby', 1);
    settle();
    expect([seqs(early.messages), seqs(late.messages)]).toEqual([[2, 3], [3]]);
  });

  it('and leaves gets nothing more', () => {
    const { feed, put } = start();
    for (let nth = 0; nth < 2 * CATCH_UP_SLICE; nth++) put('lobby');
    const [live, catchingUp] = [new HandMade(createEncoding()), new HandMade(createEncoding())];
    const leaveLive = feed.join(live, 'lobby', 2 * CATCH_UP_SLICE);
    const leaveEarly = feed.join(catchingUp, 'lobby', 0);
    put('lobby');
    leaveLive();
    leaveEarly();
    leaveEarly();
    settle();
    expect([live.messages.length, catchingUp.messages.length]).toEqual([0, CATCH_UP_SLICE]);
  });
});

describe('a change', () => {
  it('is encoded once for all connections of an encoding, whatever rooms they follow', () => {
    const { feed, put } = start();
    const [encoding, other] = [createEncoding(), createEncoding()];
    const connections = Array.from({ length: 30 }, (_, nth) => new HandMade(nth % 3 === 0 ? other : encoding));
    connections.forEach((one, nth) => {
      for (const room of ROOMS.slice(0, 1 + (nth % 3))) feed.join(one, room, 0);
    });
    const changes = [put('lobby'), put('tea'), put('lobby'), put('work'), put('tea')];
    settle();
    const inOrder = (made: readonly Change[]) => made.toSorted((one, another) => one.seq - another.seq);
    expect(inOrder(encoding.encoded)).toEqual(changes);
    expect(inOrder(other.encoded)).toEqual(changes.filter(({ room }) => room === 'lobby'));
    connections.forEach((one, nth) => {
      const rooms = ROOMS.slice(0, 1 + (nth % 3));
      expect(seqs(one.messages)).toEqual(changes.filter(({ room }) => rooms.includes(room)).map(({ seq }) => seq));
    });
  });

  it('is written together with the others of its turn, and at its newest state', () => {
    const { feed, put } = start();
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', 0);
    feed.join(one, 'tea', 0);
    const before = one.writes.length;
    const { id } = put('lobby');
    put('tea');
    put('lobby', id);
    settle();
    expect(one.writes.length - before).toBe(1);
    expect(one.messages).toMatchObject([
      { room: 'tea', seq: 2 },
      { id, seq: 3 },
    ]);
  });
});

describe('one that does not read', () => {
  const full = MAX_BACKLOG_BYTES + 1;

  it('has nothing more queued for it, and reads on from its cursor when it drains', () => {
    const { feed, put } = start();
    const slow = new HandMade(createEncoding(), full);
    feed.join(slow, 'lobby', 0);
    slow.isStalled = true;
    const { id } = put('lobby');
    settle();
    for (let nth = 0; nth < 20; nth++) {
      put('lobby', id);
      put('lobby');
      settle();
    }
    expect(slow.messages).toHaveLength(1);
    slow.drain();
    expect(seqs(slow.messages)).toEqual([1, ...Array.from({ length: 19 }, (_, nth) => 3 + 2 * nth), 40, 41]);
    put('lobby');
    settle();
    expect(slow.messages.at(-1)?.seq).toBe(42);
    expect(slow.lines.filter((line) => 'caughtUp' in line)).toHaveLength(1);
  });

  it('gets all its rooms in one order when it drains, and none before', () => {
    const { feed, put } = start();
    const slow = new HandMade(createEncoding(), full);
    feed.join(slow, 'lobby', 0);
    feed.join(slow, 'tea', 0);
    slow.isStalled = true;
    put('lobby');
    settle();
    put('lobby'); // for this one it is too slow
    settle();
    slow.takeSome();
    put('tea'); // there would be room, but what came before is not there yet
    settle();
    for (const room of ['lobby', 'tea', 'tea', 'lobby']) put(room);
    settle();
    expect(seqs(slow.messages)).toEqual([1]);
    slow.drain();
    expect(seqs(slow.messages)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('is dropped after a minute, and not when it drains before', () => {
    const { feed, put, clock } = start();
    const encoding = createEncoding();
    const [stalled, slow] = [new HandMade(encoding, full), new HandMade(encoding, full)];
    for (const one of [stalled, slow]) feed.join(one, 'lobby', 0);
    for (const one of [stalled, slow]) one.isStalled = true;
    put('lobby');
    settle();
    put('lobby');
    settle();
    clock.jump(10 * MAX_STALL_MS); // the clock on the wall does not matter
    clock.advance(MAX_STALL_MS - 1);
    slow.drain();
    slow.isStalled = true;
    put('lobby');
    settle();
    put('lobby');
    settle();
    expect([stalled.isDropped, slow.isDropped]).toEqual([false, false]);
    clock.advance(6_000);
    expect([stalled.isDropped, slow.isDropped]).toEqual([true, false]);
    clock.advance(MAX_STALL_MS);
    expect(slow.isDropped).toBe(true);
  });

  it('that leaves meanwhile gets nothing when it drains', () => {
    const { feed, put, clock } = start();
    const slow = new HandMade(createEncoding(), full);
    const leave = feed.join(slow, 'lobby', 0);
    slow.isStalled = true;
    put('lobby');
    settle();
    put('lobby');
    settle();
    leave();
    slow.drain();
    clock.advance(2 * MAX_STALL_MS);
    settle();
    expect([slow.messages.length, slow.isDropped]).toEqual([1, false]);
  });
});

describe('places', () => {
  it('are given up to the limit, and again when they come back, each once', () => {
    const { feed } = start();
    const places = [1, 2, 3].map(() => feed.takePlace('websocket'));
    expect(() => feed.takePlace('sse')).toThrow(expect.objectContaining({ code: 'overloaded' }));
    places[0]?.();
    places[0]?.();
    feed.takePlace('sse');
    expect(() => feed.takePlace('sse')).toThrow(expect.objectContaining({ code: 'overloaded' }));
  });
});

// What holds, whatever happens in whatever order

const CONNECTIONS = 4;
const which = fc.nat({ max: CONNECTIONS - 1 });
const room = fc.constantFrom(...ROOMS);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), room, edits: fc.option(fc.nat({ max: 5 })) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('burst' as const), room, count: fc.integer({ min: 1, max: 700 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('join' as const), which, room, back: fc.option(fc.nat({ max: 900 })) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), which, room }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('stall' as const, 'some' as const, 'drain' as const), which }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 3 }) }) },
);

/** One connection in one room, as its other end sees it. */
interface Seat {
  leave: () => void;
  /** Lines of the connection before it joined. */
  from: number;
  /** Undefined: it came without a cursor. */
  since: number | undefined;
}

function checkOrder(lines: readonly Line[]): void {
  const caughtUp = new Set<string>();
  let highest = 0;
  for (const line of lines) {
    if ('caughtUp' in line) caughtUp.add(line.caughtUp);
    else if ('joined' in line) caughtUp.delete(String(line.joined));
    else if ('id' in line) {
      // What a room had before is given below what others are at; from then on all is in one order.
      if (caughtUp.has(line.room)) expect(line.seq).toBeGreaterThan(highest);
      highest = Math.max(highest, line.seq);
    }
  }
}

function checkSeat(name: string, seat: Seat, connection: HandMade, current: ReadonlyMap<number, Change>): void {
  const lines = connection.lines.slice(seat.from);
  const caughtUp = lines.find((line) => 'caughtUp' in line && line.caughtUp === name);
  expect(caughtUp).toBeDefined();
  // Without a cursor it is given the newest as its turn comes; from there on all.
  const since = seat.since ?? Number.parseInt(caughtUp !== undefined && 'since' in caughtUp ? caughtUp.since : '', 10);
  const got = lines.filter((line) => 'id' in line && line.room === name) as Message[];
  const numbers = seqs(got);
  expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
  const last = new Map(got.map((message) => [message.id, message]));
  const expected = [...current.values()].filter((change) => change.room === name && change.seq > since);
  for (const change of expected) expect(last.get(change.id)).toEqual(JSON.parse(change.json));
  if (seat.since !== undefined) expect(last.size).toBe(expected.length);
}

it('gives each connection all changes of its rooms once and in order, however slow it is and whenever it comes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50, size: 'max' }), (steps) => {
      const { feed, put, current, conversation, clock } = start();
      const bytesEach = 1_000;
      const encoding = createEncoding();
      const connections = Array.from({ length: CONNECTIONS }, () => new HandMade(encoding, bytesEach));
      const seats = new Map<string, Seat>();
      const seatName = (nth: number, name: string) => `${nth} ${name}`;

      for (const one of steps) {
        if (one.do === 'put') {
          const ids = [...current.values()].filter((change) => change.room === one.room).map(({ id }) => id);
          put(one.room, one.edits === null ? undefined : ids.at(-1 - one.edits));
        } else if (one.do === 'burst') {
          for (let nth = 0; nth < one.count; nth++) put(one.room);
        } else if (one.do === 'join') {
          const connection = connections[one.which]!;
          seats.get(seatName(one.which, one.room))?.leave();
          const since = one.back === null ? undefined : Math.max(0, conversation.head() - one.back);
          // A mark of the test's own among what was written.
          connection.lines.push({ joined: one.room } as unknown as Line);
          const from = connection.lines.length;
          seats.set(seatName(one.which, one.room), {
            leave: feed.join(connection, one.room, since),
            from,
            since,
          });
        } else if (one.do === 'leave') {
          seats.get(seatName(one.which, one.room))?.leave();
          seats.delete(seatName(one.which, one.room));
        } else if (one.do === 'turn') {
          for (let turn = 0; turn < one.turns; turn++) vi.advanceTimersToNextTimer();
        } else {
          const connection = connections[one.which]!;
          if (one.do === 'stall') connection.isStalled = true;
          else if (one.do === 'some') connection.takeSome();
          else connection.drain();
        }
      }
      settle();
      while (connections.some((one) => one.backlogBytes() > 0 || one.isStalled)) {
        for (const one of connections) one.drain();
        settle();
      }

      connections.forEach((connection, nth) => {
        checkOrder(connection.lines);
        const atOnce = bytesEach * (Math.max(CATCH_UP_SLICE, DEFAULT_PAGE) * ROOMS.length + ROOMS.length);
        expect(connection.mostBacklog).toBeLessThanOrEqual(MAX_BACKLOG_BYTES + 2 * 700 * bytesEach + atOnce);
        for (const name of ROOMS) {
          const seat = seats.get(seatName(nth, name));
          if (seat !== undefined) checkSeat(name, seat, connection, current);
        }
      });
      for (const seat of seats.values()) seat.leave();
      clock.advance(MAX_STALL_MS * 2);
      expect(connections.some(({ isDropped }) => isDropped)).toBe(false);
      feed.stop();
    }),
    { numRuns: 150 },
  );
});
