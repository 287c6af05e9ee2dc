/** Brings those who journalled an entry together with what came of it when it was carried out. */
import type { Entry, NewEntry } from '../journal/journal.ts';

export interface Outcomes<Outcome> {
  /** What came of an entry, of this server or of another. */
  settle(entry: Entry, outcome: Outcome): void;
  /**
   * Journal an entry and wait until it is carried out, however long that takes: there is no saying no to it any more.
   * @param append gives its seq, or that of the earlier entry with the same key
   * @returns undefined when what has the seq is another entry: an earlier one, found by the key, or one of another
   * server, which was faster
   */
  of(entry: NewEntry, append: () => Promise<number>): Promise<Outcome | undefined>;
}

interface Settled<Outcome> {
  entry: Entry;
  outcome: Outcome;
}

/** @param head gives the seq of the last entry that is carried out */
export function createOutcomes<Outcome>(head: () => number): Outcomes<Outcome> {
  /** Appends under way, the oldest first, each with the head when it began: it may ask for what comes after that. */
  const underWay = new Set<{ begunAt: number }>();
  const settled = new Map<number, Settled<Outcome>>();
  const waiting = new Map<number, (settled: Settled<Outcome>) => void>();

  // They are of other servers' entries too. Those that came before every append under way are asked for by nobody.
  const forget = () => {
    const [oldest] = underWay;
    for (const seq of settled.keys()) {
      if (oldest !== undefined && seq > oldest.begunAt) return;
      settled.delete(seq);
    }
  };

  const settledAt = (seq: number): Promise<Settled<Outcome>> | Settled<Outcome> | undefined =>
    settled.get(seq) ?? (seq > head() ? new Promise((resolve) => waiting.set(seq, resolve)) : undefined);

  return {
    settle(entry, outcome) {
      const { seq } = entry;
      const resolve = waiting.get(seq);
      waiting.delete(seq);
      if (resolve !== undefined) resolve({ entry, outcome });
      else if (underWay.size > 0) settled.set(seq, { entry, outcome });
    },
    async of(entry, append) {
      const appending = { begunAt: head() };
      underWay.add(appending);
      try {
        const seq = await append();
        const found = await settledAt(seq);
        settled.delete(seq);
        return found !== undefined && isSame(found.entry, entry) ? found.outcome : undefined;
      } finally {
        underWay.delete(appending);
        forget();
      }
    },
  };
}

/** @returns whether it is the very entry that was given to the journal */
function isSame(kept: Entry, given: NewEntry): boolean {
  if (given.key === undefined && given.erases === undefined) return true; // no journal takes it for another
  return kept.at === given.at && kept.text === given.text && JSON.stringify(kept.body) === JSON.stringify(given.body);
}
