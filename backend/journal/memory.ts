/** A journal for tests and for chats that may be forgotten: gone with the process. */
import { randomBytes } from 'node:crypto';
import { ChatError } from '../errors.ts';
import { JOURNAL_SLICE } from '../limits.ts';
import type { Entry, NewEntry, OpenJournal } from './journal.ts';

type Deliver = (entries: readonly Entry[]) => void;

export const openJournal: OpenJournal = async () => {
  const entries: Entry[] = [];
  const keys = new Map<string, number>();
  const followers = new Set<Deliver>();
  let epoch = newEpoch();
  let isClosed = false;

  return {
    get epoch() {
      return epoch;
    },
    head: () => entries.length,
    async append(entry) {
      if (isClosed) throw new ChatError('overloaded', 'The server is stopping.');
      const name = entry.key === undefined ? undefined : `${entry.author ?? ''} ${entry.key}`;
      const known = name === undefined ? undefined : keys.get(name);
      if (known !== undefined) return known;
      if (entry.erases !== undefined) erase(entries, entry.erases);
      const kept = { ...entry, seq: entries.length + 1 };
      entries.push(kept);
      if (name !== undefined) keys.set(name, kept.seq);
      for (const deliver of followers) deliver([kept]);
      return kept.seq;
    },
    async follow(after, deliver) {
      for (let next = after; next < entries.length; next += JOURNAL_SLICE) {
        deliver(entries.slice(next, next + JOURNAL_SLICE));
      }
      followers.add(deliver);
      return () => void followers.delete(deliver);
    },
    async renew() {
      epoch = newEpoch();
    },
    trouble: () => (isClosed ? 'it is closed' : undefined),
    async close() {
      isClosed = true;
    },
  };
};

function newEpoch(): string {
  return randomBytes(4).toString('hex');
}

// Entries have been handed out already, so the old object is replaced, not changed.
function erase(entries: Entry[], target: number): void {
  const isMeant = ({ seq, about }: NewEntry & { seq: number }) => seq === target || about === target;
  entries.forEach((entry, index) => {
    if (!isMeant(entry) || entry.text === undefined) return;
    const { text: _text, ...rest } = entry;
    entries[index] = rest;
  });
}
