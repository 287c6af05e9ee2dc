/** Timers for thousands of connections that cost one timer in all. */
import { ROUND_TICK_MS } from './limits.ts';
import type { Clock } from './clock.ts';

export interface Rounds<Item> {
  add(item: Item): void;
  delete(item: Item): void;
  stop(): void;
}

/**
 * Visit every item once in `everyMs`, evenly spread, so that no tick has all the work.
 * @param visit called with the items of one slot at a time
 */
export function createRounds<Item>(
  clock: Clock,
  everyMs: number,
  visit: (items: ReadonlySet<Item>) => void,
): Rounds<Item> {
  const slots = Array.from({ length: Math.max(1, Math.floor(everyMs / ROUND_TICK_MS)) }, () => new Set<Item>());
  let size = 0;
  let next = 0; // slot that is visited next
  let cancel: (() => void) | undefined;

  const tick = () => {
    cancel = size === 0 ? undefined : clock.after(ROUND_TICK_MS, tick);
    const slot = slots[next];
    next = (next + 1) % slots.length;
    if (slot !== undefined && slot.size > 0) visit(slot);
  };
  return {
    add(item) {
      // Into the slot visited last, so that its turn comes after a whole round.
      slots[(next + slots.length - 1) % slots.length]?.add(item);
      size++;
      cancel ??= clock.after(ROUND_TICK_MS, tick);
    },
    delete(item) {
      if (slots.some((slot) => slot.delete(item))) size--;
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}

export interface Deadlines {
  /** Call `ring` once, `delayMs` from now or up to a tick later. @returns what cancels it */
  after(delayMs: number, ring: () => void): () => void;
  stop(): void;
}

/** @param tickMs how late a deadline may be met */
export function createDeadlines(clock: Clock, tickMs: number): Deadlines {
  const ticks = new Map<number, Set<() => void>>();
  let cancel: (() => void) | undefined;

  const tick = () => {
    cancel = undefined;
    const now = clock.elapsed();
    for (const [at, rings] of ticks) {
      if (at * tickMs > now) continue;
      ticks.delete(at);
      for (const ring of rings) ring();
    }
    if (ticks.size > 0) tickSoon();
  };
  // At a whole number of ticks, where deadlines are too: a tick that begins anywhere would meet them one tick later.
  const tickSoon = () => {
    cancel ??= clock.after(tickMs - (clock.elapsed() % tickMs), tick);
  };
  return {
    after(delayMs, ring) {
      const at = Math.ceil((clock.elapsed() + delayMs) / tickMs);
      const rings = ticks.get(at) ?? new Set();
      ticks.set(at, rings.add(ring));
      tickSoon();
      return () => {
        rings.delete(ring);
        if (rings.size === 0 && ticks.get(at) === rings) ticks.delete(at);
      };
    },
    stop() {
      cancel?.();
      cancel = undefined;
      ticks.clear();
    },
  };
}
