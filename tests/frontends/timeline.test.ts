import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimeline } from '../../frontend-shared/room/timeline.js';
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
const all = (timeline: ReturnType<typeof createTimeline>) =>
  Array.from({ length: timeline.size() }, (_, index) => timeline.at(index));

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

describe('a timeline', () => {
  it('ends the same whatever the order and the repetitions in which changes arrive', () => {
    const arrivals = changes.chain((all) =>
      fc.record({
        all: fc.constant(all),
        order: fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
      }),
    );
    fc.assert(
      fc.property(arrivals, ({ all: changed, order }) => {
        const newest = new Map(changed.map((one) => [one.id, one]));
        const inOrder = [...newest.values()].toSorted((a, b) => a.id - b.id);
        const timeline = createTimeline(order);
        expect(all(timeline)).toEqual(inOrder);
        for (const [index, one] of inOrder.entries()) {
          expect(timeline.indexOf(one.id)).toBe(index);
          expect(timeline.get(one.id)).toBe(timeline.at(index));
        }
      }),
    );
  });

  it('says what was new, and takes nothing that is not newer', () => {
    const timeline = createTimeline();
    expect(timeline.put(message(2))).toBe('new');
    expect(timeline.put(message(2, 5))).toBe('changed');
    expect(timeline.put(message(2, 5))).toBeUndefined();
    expect(timeline.put(message(2, 4))).toBeUndefined();
    expect(timeline.get(2)?.seq).toBe(5);
  });

  it('replaces a message by its tombstone', () => {
    const timeline = createTimeline([message(1), message(1, 2, { message: '', deleted: true })]);
    expect(all(timeline)).toEqual([message(1, 2, { message: '', deleted: true })]);
  });

  it('lets go of the oldest and of the newest, which may come again', () => {
    const timeline = createTimeline([1, 2, 3, 4, 5].map((id) => message(id)));
    expect(timeline.dropFirst(2).map(({ id }) => id)).toEqual([1, 2]);
    expect(timeline.dropLast(1).map(({ id }) => id)).toEqual([5]);
    expect(timeline.get(1)).toBeUndefined();
    expect(timeline.put(message(1))).toBe('new');
    expect(all(timeline).map((one) => one?.id)).toEqual([1, 3, 4]);
    expect(timeline.dropLast(9).map(({ id }) => id)).toEqual([1, 3, 4]);
    expect(timeline.size()).toBe(0);
  });

  it('knows where an id would stand that is not there', () => {
    const timeline = createTimeline([message(3), message(7)]);
    expect([1, 3, 4, 7, 9].map(timeline.indexOf)).toEqual([0, 0, 1, 1, 2]);
  });
});
