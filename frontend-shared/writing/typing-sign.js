/** Tells the others that one is writing, no more often than they need to hear it. */

/** Milliseconds between two signs. */
export const EVERY_MS = 2_000;

/**
 * @param {(user: string) => void} tell
 * @param {() => number} now milliseconds
 * @returns {(user: string) => void} to be called with each letter
 */
export function createTypingSign(tell, now) {
  let notBefore = 0;
  return (user) => {
    if (user === '' || now() < notBefore) return;
    notBefore = now() + EVERY_MS;
    tell(user);
  };
}
