/** Entries on their way into the journal, so that none overtakes another that concerns the same message or key. */
import { createTally } from '../tally.ts';
import type { NewEntry } from '../journal/journal.ts';

export interface InFlight {
  /**
   * @returns the end of an earlier entry with the same key, or of an erasure of what this one is about; undefined when
   * it is this one's turn, until the caller waits for something
   */
  ahead(entry: NewEntry): Promise<void> | undefined;
  /** @returns whether an entry is under way that may change what this one would find */
  concerns(entry: NewEntry): boolean;
  /** @returns whether any entry is under way */
  isAny(): boolean;
  /** Run `work`, during which `entry` is under way. */
  during<Result>(entry: NewEntry, work: () => Promise<Result>): Promise<Result>;
}

export function createInFlight(): InFlight {
  const keys = new Map<string, Promise<void>>();
  const erasing = new Map<number, Promise<void>>();
  const subjects = createTally<number>();
  let count = 0;

  /** Others can ask about it, and wait for its end. */
  const duringNamed: InFlight['during'] = async (entry, work) => {
    const name = keyName(entry);
    const { about, erases } = entry;
    const done = Promise.withResolvers<void>();
    if (name !== undefined) keys.set(name, done.promise);
    if (erases !== undefined) erasing.set(erases, done.promise);
    if (about !== undefined) subjects.add(about);
    try {
      return await work();
    } finally {
      if (name !== undefined) keys.delete(name);
      if (erases !== undefined && erasing.get(erases) === done.promise) erasing.delete(erases);
      if (about !== undefined) subjects.remove(about);
      done.resolve();
    }
  };

  return {
    ahead(entry) {
      const name = keyName(entry);
      const sameKey = name === undefined ? undefined : keys.get(name);
      return sameKey ?? (entry.about === undefined ? undefined : erasing.get(entry.about));
    },
    concerns: ({ about }) => about !== undefined && subjects.of(about) > 0,
    isAny: () => count > 0,
    async during(entry, work) {
      count++;
      const isNamed = entry.key !== undefined || entry.about !== undefined;
      try {
        return await (isNamed ? duringNamed(entry, work) : work());
      } finally {
        count--;
      }
    },
  };
}

function keyName({ author = '', key }: NewEntry): string | undefined {
  return key === undefined ? undefined : `${author} ${key}`;
}
