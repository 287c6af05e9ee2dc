/**
 * Who points at a message, or has come to one of its buttons by keyboard, is about to press something there: until they
 * have left it, nothing in it moves.
 */

/** @type {WeakMap<HTMLElement, () => void>} what is to be done when a message has been left */
const waiting = new WeakMap();

/** @type {(message: HTMLElement) => boolean} fingers do not point before they press */
export const isAimedAt = (message) =>
  matchMedia('(hover: hover)').matches &&
  (message.matches(':hover') || message.querySelector(':focus-visible') !== null);

/** @type {(message: HTMLElement, act: () => void) => void} only what was asked for last is done */
export function onceLeft(message, act) {
  const isHeard = waiting.has(message);
  waiting.set(message, act);
  if (isHeard) return;
  const hearing = new AbortController();
  // Later: while the focus moves from one button to the next, none has it.
  const look = () =>
    setTimeout(() => {
      if (isAimedAt(message)) return;
      hearing.abort();
      waiting.get(message)?.();
      waiting.delete(message);
    });
  for (const event of ['pointerleave', 'focusout']) message.addEventListener(event, look, { signal: hearing.signal });
}

/** @type {(message: HTMLElement) => void} nothing is to be done any more */
export const forgetLeaving = (message) => void waiting.delete(message);
