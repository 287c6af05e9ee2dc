/** Long work of many, done step by step, so that it never holds up the rest: some milliseconds of each turn are theirs. */
import { CATCH_UP_TURN_MS } from '../limits.ts';

export interface Turns {
  /** Do it in a later turn, after those that were added before. It must not throw. */
  add(step: () => void): void;
  stop(): void;
}

export function createTurns(): Turns {
  let steps: (() => void)[] = [];
  let turn: NodeJS.Immediate | undefined;

  // Immediates that are set one by one would all run in the same turn, however many they are.
  const run = () => {
    const waiting = steps;
    steps = [];
    const end = performance.now() + CATCH_UP_TURN_MS;
    let done = 0;
    do waiting[done++]?.();
    while (done < waiting.length && performance.now() < end);
    steps = [...waiting.slice(done), ...steps];
    turn = steps.length > 0 ? setImmediate(run) : undefined;
  };

  return {
    add(step) {
      steps.push(step);
      turn ??= setImmediate(run);
    },
    stop() {
      clearImmediate(turn);
      steps = [];
    },
  };
}
