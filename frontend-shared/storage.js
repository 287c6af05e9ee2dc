/** What a browser keeps for a page. It may be full, or forbidden to this site: then it is kept for this visit only. */

/**
 * @typedef {object} Store
 * @property {(name: string) => string | null} get
 * @property {(name: string, value: string) => void} set
 * @property {(name: string) => void} remove
 * @property {() => string[]} names of everything that is kept
 */

/**
 * @param {() => Storage} open `() => localStorage`; where it is forbidden, reading the very name throws
 * @returns {Store}
 */
export function openStore(open) {
  /** @type {Map<string, string>} */
  const forThisVisit = new Map();
  const storage = attempt(open);
  return {
    get: (name) => forThisVisit.get(name) ?? storage?.getItem(name) ?? null,
    set(name, value) {
      forThisVisit.delete(name);
      if (attempt(() => storage?.setItem(name, value) ?? storage) === undefined) forThisVisit.set(name, value);
    },
    remove(name) {
      forThisVisit.delete(name);
      storage?.removeItem(name);
    },
    names() {
      const kept = Array.from({ length: storage?.length ?? 0 }, (_, index) => storage?.key(index) ?? '');
      return [...new Set([...kept, ...forThisVisit.keys()])];
    },
  };
}

/**
 * @template T
 * @param {() => T} act
 * @returns {T | undefined}
 */
function attempt(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}
