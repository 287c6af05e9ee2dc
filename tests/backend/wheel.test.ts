import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDeadlines, createRounds } from '../../backend/wheel.ts';
import { createClock } from '../harness/clock.ts';

const SECOND = 1_000;

describe('rounds', () => {
  it('visit every item once in each round, whenever it was added', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 4_000 }) }) },
      { weight: 2, arbitrary: fc.constant({ do: 'add' as const, ms: 0 }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), ms: fc.nat({ max: 20 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.integer({ min: 1, max: 12 }), (steps, seconds) => {
        const clock = createClock();
        const visits = new Map<number, number[]>();
        const rounds = createRounds<number>(clock, seconds * SECOND, (items) => {
          for (const item of items) visits.get(item)?.push(clock.elapsed());
        });
        let added = 0;
        for (const { do: what, ms } of steps) {
          if (what === 'pass') clock.advance(ms);
          else if (what === 'add') {
            visits.set(++added, [clock.elapsed()]);
            rounds.add(added);
          } else if (visits.delete(ms)) rounds.delete(ms);
        }
        clock.advance(3 * seconds * SECOND);
        for (const [first = 0, ...rest] of visits.values()) {
          expect(rest.length).toBeGreaterThan(1);
          // The first comes up to a tick early, as it joins a round that is under way.
          expect(rest[0]! - first).toBeLessThanOrEqual(seconds * SECOND);
          expect(rest[0]! - first).toBeGreaterThan((seconds - 1) * SECOND);
          rest.forEach((at, nth) => nth > 0 && expect(at - rest[nth - 1]!).toBe(seconds * SECOND));
        }
      }),
    );
  });

  it('have one timer for all, and none when there is nothing to visit', () => {
    const clock = createClock();
    const rounds = createRounds<number>(clock, 5 * SECOND, () => {});
    expect(clock.pending()).toBe(0);
    for (let item = 0; item < 100; item++) rounds.add(item);
    expect(clock.pending()).toBe(1);
    for (let item = 0; item < 100; item++) rounds.delete(item);
    clock.advance(2 * SECOND);
    expect(clock.pending()).toBe(0);
    rounds.add(1);
    rounds.stop();
    expect(clock.pending()).toBe(0);
  });

  it('spread the items evenly, so that no tick has all the work', () => {
    const clock = createClock();
    const sizes: number[] = [];
    const rounds = createRounds<number>(clock, 10 * SECOND, (items) => void sizes.push(items.size));
    for (let item = 0; item < 100; item++) {
      rounds.add(item);
      clock.advance(100);
    }
    sizes.length = 0;
    clock.advance(10 * SECOND);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(11);
  });
});

describe('deadlines', () => {
  const TICK = 50;

  it('are met once, never early, and at most a tick late', () => {
    const step = fc.record({ pass: fc.nat({ max: 200 }), delay: fc.nat({ max: 1_000 }), isCancelled: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const clock = createClock();
        const deadlines = createDeadlines(clock, TICK);
        const set = steps.map(({ pass, delay, isCancelled }) => {
          clock.advance(pass);
          const one = { due: clock.elapsed() + delay, rung: [] as number[], isCancelled };
          const cancel = deadlines.after(delay, () => void one.rung.push(clock.elapsed()));
          if (isCancelled) cancel();
          return one;
        });
        clock.advance(2_000);
        for (const { due, rung, isCancelled } of set) {
          expect(rung).toHaveLength(isCancelled ? 0 : 1);
          if (isCancelled) continue;
          expect(rung[0]).toBeGreaterThanOrEqual(due);
          expect(rung[0]).toBeLessThanOrEqual(due + TICK);
        }
        expect(clock.pending()).toBe(0);
      }),
    );
  });

  it('have one timer for all, go on from what rings, and none ring after the end', () => {
    const clock = createClock();
    const deadlines = createDeadlines(clock, TICK);
    const rung: string[] = [];
    deadlines.after(TICK, () => {
      rung.push('first');
      deadlines.after(TICK, () => void rung.push('second'));
    });
    for (let nth = 0; nth < 50; nth++) deadlines.after(10 * TICK, () => void rung.push('never'));
    expect(clock.pending()).toBe(1);
    clock.jump(-60 * SECOND); // the clock on the wall does not matter
    clock.advance(3 * TICK);
    expect(rung).toEqual(['first', 'second']);
    deadlines.stop();
    clock.advance(60 * SECOND);
    expect(rung).toHaveLength(2);
  });
});
