/** How many there are of each, where what comes also goes: a name of which none is left takes no memory. */

export interface Tally<Name> {
  of(name: Name): number;
  add(name: Name): void;
  /** For one that was added before. */
  remove(name: Name): void;
}

export function createTally<Name>(): Tally<Name> {
  const counts = new Map<Name, number>();
  return {
    of: (name) => counts.get(name) ?? 0,
    add: (name) => void counts.set(name, (counts.get(name) ?? 0) + 1),
    remove(name) {
      const left = (counts.get(name) ?? 0) - 1;
      if (left > 0) counts.set(name, left);
      else counts.delete(name);
    },
  };
}
