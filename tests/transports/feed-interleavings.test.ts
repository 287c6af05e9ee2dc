/** What holds of the feed, whatever happens in whatever order. */
import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { CATCH_UP_SLICE, DEFAULT_PAGE, MAX_BACKLOG_BYTES, MAX_STALL_MS } from '../../backend/limits.ts';
import { createEncoding, HandMade, ROOMS, seqs, settle, start, useTurnsByHand } from './hand-made.ts';
import type { Change } from '../../backend/conversation/change.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { Line } from './hand-made.ts';

useTurnsByHand();

const CONNECTIONS = 4;
/** Of which a burst takes several batches. */
const LONG = 'x'.repeat(600);
const which = fc.nat({ max: CONNECTIONS - 1 });
const room = fc.constantFrom(...ROOMS);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), room, edits: fc.option(fc.nat({ max: 5 })) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('burst' as const),
      room,
      count: fc.integer({ min: 1, max: 700 }),
      text: fc.constantFrom(undefined, LONG),
    }),
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
          for (let nth = 0; nth < one.count; nth++) put(one.room, undefined, one.text);
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
