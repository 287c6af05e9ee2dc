import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { merge, oldestId, toRows } from '../../frontend-shared/timeline.js';
import type { Message } from '../../protocol/envelope.ts';

const message = (id: number, seq = id, more: Partial<Message> = {}): Message => ({
  id,
  seq,
  room: 'lobby',
  user: 'Azin',
  message: `${id} as of ${seq}`,
  timestamp: '2026-11-22T06:53:00.000Z',
  ...more,
});
const outgoing = (key: string, order: number) => ({ key, room: 'lobby', user: 'Azin', message: key, order });

/** Changes as a journal gives them: each seq once, and an id is the seq of its first change. */
const changes = fc.array(fc.nat({ max: 30 }), { maxLength: 60 }).map((picks) => {
  const ids: number[] = [];
  return picks.map((pick, index) => {
    const seq = index + 1;
    const id = ids[pick] ?? seq;
    if (id === seq) ids.push(id);
    return message(id, seq);
  });
});

describe('merge', () => {
  it('ends the same whatever the order, the batches and the repetitions in which changes arrive', () => {
    const arrivals = changes.chain((all) =>
      fc.record({
        all: fc.constant(all),
        order: fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
        cuts: fc.array(fc.nat({ max: 130 }), { maxLength: 5 }),
      }),
    );
    fc.assert(
      fc.property(arrivals, ({ all, order, cuts }) => {
        const edges = [0, ...cuts, order.length].toSorted((a, b) => a - b);
        const batches = edges.slice(1).map((end, index) => order.slice(edges[index], end));
        const shown = batches.reduce(merge, new Map<number, Message>() as ReadonlyMap<number, Message>);
        const newest = new Map(all.map((one) => [one.id, one]));
        expect(toRows(shown, []).map((row) => row.message)).toEqual(
          [...newest.values()].toSorted((a, b) => a.id - b.id),
        );
      }),
    );
  });

  it('leaves what was shown as it was, and gives the same map where nothing is new', () => {
    const before = merge(new Map(), [message(1), message(2, 5)]);
    expect(merge(before, [message(2, 5), message(2, 4), message(1)])).toBe(before);
    merge(before, [message(1, 9)]);
    expect(before.get(1)?.seq).toBe(1);
  });

  it('replaces a message by its tombstone', () => {
    const shown = merge(merge(new Map(), [message(1)]), [message(1, 2, { message: '', deleted: true })]);
    expect(shown.get(1)?.deleted).toBe(true);
  });
});

describe('toRows', () => {
  it('shows what is on its way last, until its key comes back', () => {
    const shown = merge(new Map(), [message(7, 7, { key: 'a' }), message(3)]);
    const names = toRows(shown, [outgoing('a', 1), outgoing('b', 2)]).map(({ name }) => name);
    expect(names).toEqual(['id 3', 'id 7', 'key b']);
  });

  it('tells from which pending row a message came', () => {
    const [row] = toRows(merge(new Map(), [message(7, 7, { key: 'a' })]), []);
    expect(row?.key).toBe('a');
  });
});

describe('oldestId', () => {
  it('finds where history goes on, in whatever order messages came', () => {
    expect(oldestId(new Map())).toBeUndefined();
    expect(oldestId(merge(new Map(), [message(7), message(3), message(5)]))).toBe(3);
  });
});
