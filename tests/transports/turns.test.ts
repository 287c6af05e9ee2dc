import { expect, it, vi } from 'vitest';
import { CATCH_UP_TURN_MS } from '../../backend/limits.ts';
import { createTurns } from '../../backend/transports/turns.ts';
import { useTurnsByHand } from './hand-made.ts';

useTurnsByHand();

/** @param tookMs what each step takes */
function start(tookMs: number) {
  let passed = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => passed);
  const turns = createTurns();
  const done: string[] = [];
  const step = (name: string, then?: () => void) => () => {
    done.push(name);
    passed += tookMs;
    then?.();
  };
  return { ...turns, done, step };
}

it('does as much in a turn as there is time for, each in its order', () => {
  const { add, done, step } = start(CATCH_UP_TURN_MS / 2);
  for (const name of ['a', 'b', 'c']) add(step(name));
  vi.advanceTimersToNextTimer();
  expect(done).toEqual(['a', 'b']);
  add(step('d'));
  vi.advanceTimersToNextTimer();
  expect(done).toEqual(['a', 'b', 'c', 'd']);
});

it('lets what goes on wait for the others', () => {
  const { add, done, step } = start(2 * CATCH_UP_TURN_MS);
  add(step('a', () => add(step('a again'))));
  add(step('b'));
  vi.runAllTimers();
  expect(done).toEqual(['a', 'b', 'a again']);
});

it('does nothing more once it is stopped', () => {
  const { add, stop, done, step } = start(0);
  add(step('a'));
  stop();
  vi.runAllTimers();
  expect(done).toEqual([]);
});
