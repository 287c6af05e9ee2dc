/**
 * Few may be held at a time: a browser opens six connections to a server of HTTP/1.1, and a seventh request, be it a post,
 * waits until one of them is free.
 */

/**
 * @typedef {object} Slots
 * @property {(cut: () => void, signal: AbortSignal) => Promise<() => void>} take resolves, also where the signal ended it,
 *   to what gives the slot back. `cut` is called once, when another waits for it
 */

/** @type {(count: number) => Slots} */
export function createSlots(count) {
  /** @type {Map<object, () => void>} what asks each of them to end, the longest held first; nothing after it has been asked */
  const held = new Map();
  /** @type {Set<() => void>} */
  const waiting = new Set();
  const nothing = () => {};

  function letIn() {
    for (const enter of waiting) {
      if (held.size >= count) return;
      waiting.delete(enter);
      enter();
    }
  }

  function askOneToEnd() {
    for (const [slot, cut] of held) {
      if (cut === nothing) continue;
      held.set(slot, nothing);
      return cut();
    }
  }

  return {
    take(cut, signal) {
      const slot = {};
      const giveBack = () => {
        if (held.delete(slot)) letIn();
      };
      return new Promise((resolve) => {
        const enter = () => {
          held.set(slot, waiting.size > 0 ? nothing : cut);
          resolve(giveBack);
          if (waiting.size > 0) cut();
        };
        const giveUp = () => {
          if (waiting.delete(enter)) resolve(nothing);
        };
        if (signal.aborted) return resolve(nothing);
        waiting.add(enter);
        signal.addEventListener('abort', giveUp, { once: true });
        letIn();
        if (waiting.has(enter)) askOneToEnd();
      });
    },
  };
}
