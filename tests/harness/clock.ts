/** A clock that a test moves by hand. */
import type { Clock } from '../../backend/clock.ts';

export interface ManualClock extends Clock {
  /** Let time pass: what comes due meanwhile rings at its time and in order, also what was set while ringing. */
  advance(byMs: number): void;
  /** The same, but what rings goes as far as it gets by itself before time goes on, also where it is a promise. */
  pass(byMs: number): Promise<void>;
  /** Set the clock on the wall, forward or back. No time passes: nothing rings. */
  jump(byMs: number): void;
  /** Timers that are set. */
  pending(): number;
}

interface Timer {
  /** Milliseconds that have passed by then, whatever the clock on the wall shows. */
  at: number;
  ring: () => void;
}

/** Neither round nor today, so that a test does not depend on it. */
const START = Date.parse('2026-11-22T06:53:00.123Z');

export function createClock(startsAt = START): ManualClock {
  const timers = new Set<Timer>(); // in the order they were set, which decides between those of one time
  let passed = 0;
  let offset = startsAt;

  return {
    now: () => offset + passed,
    elapsed: () => passed,
    after(delayMs, ring) {
      const timer = { at: passed + Math.max(delayMs, 0), ring };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(byMs) {
      const end = passed + byMs;
      for (let timer = nextUntil(timers, end); timer !== undefined; timer = nextUntil(timers, end)) {
        timers.delete(timer);
        passed = timer.at;
        timer.ring();
      }
      passed = end;
    },
    async pass(byMs) {
      const end = passed + byMs;
      await turn();
      for (let timer = nextUntil(timers, end); timer !== undefined; timer = nextUntil(timers, end)) {
        timers.delete(timer);
        passed = timer.at;
        timer.ring();
        await turn();
      }
      passed = end;
    },
    jump: (byMs) => void (offset += byMs),
    pending: () => timers.size,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function nextUntil(timers: ReadonlySet<Timer>, end: number): Timer | undefined {
  let next: Timer | undefined;
  for (const timer of timers) if (timer.at <= end && timer.at < (next?.at ?? Infinity)) next = timer;
  return next;
}
