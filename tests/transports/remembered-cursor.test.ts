import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RememberedCursor } from '../../backend/transports/remembered-cursor.ts';
import type { Change } from '../../backend/conversation/change.ts';

/** A room in which messages change, each standing once at its newest seq. */
function createRoom() {
  const newest = new Map<number, Change>();
  let head = 0;
  return {
    head: () => head,
    newest,
    change(id: number) {
      head++;
      newest.delete(id);
      newest.set(id, { id, seq: head, room: 'lobby', isDeleted: false, json: `${id}@${head}` });
    },
    elsewhere: () => void head++,
    after(since: number, limit: number) {
      const changes = [...newest.values()].filter(({ seq }) => seq > since);
      return { changes: changes.slice(0, limit), hasMore: changes.length > limit };
    },
  };
}

const seqsOf = (cursor: RememberedCursor, ack?: number, limit = 10) => {
  cursor.confirm(ack);
  const { number, page } = cursor.next(limit);
  return { number, seqs: page.changes.map(({ seq }) => seq) };
};

it('confirms what was given before when it is asked without a number', () => {
  const room = createRoom();
  const cursor = new RememberedCursor(room, 0);
  for (const id of [1, 2, 3]) room.change(id);
  expect(seqsOf(cursor, undefined, 2)).toEqual({ number: 1, seqs: [1, 2] });
  expect(seqsOf(cursor, undefined, 2)).toEqual({ number: 2, seqs: [3] });
  expect(seqsOf(cursor)).toEqual({ number: 2, seqs: [] });
});

it('gives again what was not confirmed, and what has come since under a new number', () => {
  const room = createRoom();
  const cursor = new RememberedCursor(room, 0);
  room.change(1);
  expect(seqsOf(cursor, 0)).toEqual({ number: 1, seqs: [1] });
  expect(seqsOf(cursor, 0)).toEqual({ number: 1, seqs: [1] });
  room.change(2);
  expect(seqsOf(cursor, 0)).toEqual({ number: 2, seqs: [1, 2] });
  expect(seqsOf(cursor, 1)).toEqual({ number: 2, seqs: [2] });
  expect(seqsOf(cursor, 2)).toEqual({ number: 2, seqs: [] });
  room.change(1);
  expect(seqsOf(cursor, 2)).toEqual({ number: 3, seqs: [3] });
});

it('never goes back behind what was confirmed', () => {
  const room = createRoom();
  const cursor = new RememberedCursor(room, 0);
  room.change(1);
  seqsOf(cursor, 0);
  room.change(2);
  seqsOf(cursor, 1);
  expect(seqsOf(cursor, 2)).toEqual({ number: 2, seqs: [] });
  room.change(3);
  expect(seqsOf(cursor, 0)).toEqual({ number: 3, seqs: [3] });
});

it('refuses the number of a batch that was never given, and is as it was', () => {
  const room = createRoom();
  const cursor = new RememberedCursor(room, 0);
  room.change(1);
  seqsOf(cursor, 0);
  expect(() => cursor.confirm(2)).toThrow(expect.objectContaining({ code: 'invalid-query' }));
  expect(seqsOf(cursor, 0)).toEqual({ number: 1, seqs: [1] });
});

it('moves on where nothing of its room comes, so that it never reads far back', () => {
  const room = createRoom();
  const cursor = new RememberedCursor(room, 0);
  for (let count = 0; count < 50; count++) room.elsewhere();
  expect(seqsOf(cursor, 0)).toEqual({ number: 0, seqs: [] });
  expect(cursor.position).toBe(50);
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), id: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('elsewhere' as const) }),
  fc.record({
    kind: fc.constant('ask' as const),
    limit: fc.integer({ min: 1, max: 4 }),
    isLost: fc.boolean(),
    // A client may lag behind with what it confirms.
    behind: fc.integer({ min: 0, max: 3 }),
  }),
);

it('loses nothing for a client that confirms only what it got, however many answers are lost', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const room = createRoom();
      const cursor = new RememberedCursor(room, 0);
      const has = new Map<number, string>();
      const got = [0];
      const ask = (limit: number, behind: number, isLost: boolean) => {
        cursor.confirm(got.at(-1 - behind) ?? 0);
        const { number, page } = cursor.next(limit);
        if (isLost) return page;
        for (const { id, json } of page.changes) has.set(id, json);
        if (number > (got.at(-1) ?? 0)) got.push(number);
        return page;
      };
      for (const one of steps) {
        if (one.kind === 'change') room.change(one.id);
        else if (one.kind === 'elsewhere') room.elsewhere();
        else ask(one.limit, one.behind, one.isLost);
      }
      while (ask(3, 0, false).changes.length > 0);
      expect(has).toEqual(new Map([...room.newest].map(([id, { json }]) => [id, json])));
    }),
  );
});
