/** Carries out entries as the journal brings them: decides what each does, writes it to the store, shows it in the window. */
import { isDamage, isDatabaseError } from '../database.ts';
import { ChatError, messageOf } from '../errors.ts';
import { RETRY_DISK_MS } from '../limits.ts';
import { createDecide, fingerprintOf } from './decisions.ts';
import { createForgetting } from './forgetting.ts';
import { createOutcomes } from './outcomes.ts';
import type { Clock } from '../clock.ts';
import type { Entry, NewEntry } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import type { Change } from './change.ts';
import type { Answer, Decision } from './decisions.ts';
import type { Store, StoreWriter } from './store.ts';
import type { Window } from './window.ts';

/** What came of a command. */
export type Posted = Answer & {
  /** Whether this very entry made it so; false where it was so before, as when a key is used again. */
  isNew: boolean;
};

/** What an entry does to the store, once it is decided. */
type Deed = Parameters<StoreWriter['write']>;

export interface Applied {
  changes: readonly Change[];
  /** Whether what is scheduled has changed. */
  hasScheduled: boolean;
}

export interface Applier {
  /** The seq of the last entry that is applied. */
  head(): number;
  /**
   * Carry out entries, in order. What the store cannot put on the disk is carried out in memory, and written when that
   * is possible again: it is in the journal, so it is kept.
   */
  take(entries: readonly Entry[]): void;
  /** What the entry would come to. @throws ChatError when it would be refused */
  decide(entry: NewEntry): Decision;
  /**
   * Journal an entry and wait until it is carried out.
   * @param append gives its seq, or that of the earlier entry with the same key
   * @returns once it is carried out, however long that takes: it is kept, so there is no saying no to it any more
   * @throws ChatError when it was refused after all, or could not be kept
   */
  outcomeOf(entry: NewEntry, append: () => Promise<number>): Promise<Posted>;
  /** @returns why the store cannot be written now; undefined when it can */
  trouble(): string | undefined;
  /** @returns what is carried out in memory only, for want of disk */
  held(): readonly Change[];
  /** The search index follows up to a seq: what was outdated by then is blanked. */
  indexed(upTo: number): void;
  stop(): void;
}

interface Parts {
  store: Store;
  window: Window;
  clock: Clock;
  log: Logger;
  /** Told when what is on the disk is damaged, so that it can never go on. */
  onFatal(why: string): void;
}

type Outcome = Posted | Error;

interface Written {
  /** One for each entry. */
  results: Outcome[];
  applied: { changes: Change[]; hasScheduled: boolean };
  deeds: Deed[];
}

export function createApplier(
  { store, window, clock, log, onFatal }: Parts,
  onApplied: (applied: Applied) => void,
): Applier {
  let head = store.head();
  let backlog: Entry[] = []; // not carried out yet
  let held: Deed[] = []; // carried out and told of, but not on the disk; few, as nothing new is accepted meanwhile
  let trouble: string | undefined;
  let cancelRetry: (() => void) | undefined;
  const unpublished = new Map<number, Change>(); // of the batch under way; the window is told when it is written

  const decideAt = createDecide(store, window, unpublished);
  const outcomes = createOutcomes<Outcome>(() => head);
  const forgetting = createForgetting(store, clock, log, () => trouble === undefined);

  /** Write one entry's effect. @returns what came of it */
  const carryOut = (entry: Entry, { write }: StoreWriter, { applied, deeds }: Written): Outcome => {
    try {
      const { answer: give, effect } = decideAt(entry);
      const answer = give();
      if (effect === undefined) return { ...answer, isNew: false };
      const change = 'message' in answer ? answer.message : undefined;
      const deed: Deed = [entry, effect, change, change?.isDeleted === true ? '' : fingerprintOf(entry)];
      write(...deed);
      deeds.push(deed);
      if (change !== undefined) {
        unpublished.set(change.id, change);
        applied.changes.push(change);
      }
      if (effect.scheduled !== undefined || effect.unscheduled !== undefined) applied.hasScheduled = true;
      return { ...answer, isNew: true };
    } catch (error) {
      if (isDatabaseError(error) || !(error instanceof Error)) throw error;
      // A bug must not stop the journal: this entry does nothing, here as at every replay.
      if (!(error instanceof ChatError)) log.error({ err: error, seq: entry.seq }, 'conversation: entry failed');
      return error;
    }
  };

  /** Carry them out in the store, all or none. @returns what came of each, and of all together */
  const writeBatch = (entries: readonly Entry[], last: number, inTransaction: Store['transaction']): Written => {
    const written: Written = { applied: { changes: [], hasScheduled: false }, results: [], deeds: [] };
    try {
      inTransaction((writer) => {
        // Not decided again: the window, which deciding looks at, has them already.
        for (const deed of held) writer.write(...deed);
        for (const entry of entries) written.results.push(carryOut(entry, writer, written));
        writer.setHead(last);
      });
    } finally {
      unpublished.clear();
    }
    return written;
  };

  const publish = (entries: readonly Entry[], { applied, results }: Written) => {
    for (const change of applied.changes) window.add(change);
    const erasing = entries.findLast(({ erases }) => erases !== undefined);
    if (erasing !== undefined) forgetting.outdated(erasing.seq);
    entries.forEach((entry, index) => {
      const outcome = results[index];
      if (outcome !== undefined) outcomes.settle(entry, outcome);
    });
    onApplied(applied);
  };

  const applyBacklog = () => {
    cancelRetry?.();
    cancelRetry = undefined;
    const entries = backlog;
    if (entries.length + held.length === 0) return;
    const last = entries.at(-1)?.seq ?? head;
    let written: Written;
    try {
      written = writeBatch(entries, last, store.transaction);
    } catch (error) {
      if (isDamage(error)) onFatal(messageOf(error));
      if (trouble === undefined) log.error({ err: error }, 'store: cannot be written');
      trouble = messageOf(error);
      cancelRetry = clock.after(RETRY_DISK_MS, applyBacklog);
      return holdBacklog(entries, last);
    }
    if (trouble !== undefined) log.info({ entries: held.length }, 'store: can be written again');
    trouble = undefined;
    held = [];
    carriedOut(entries, last, written);
  };

  /** As above, in memory. Where not even that is possible, as when another program holds the file, they wait. */
  const holdBacklog = (entries: readonly Entry[], last: number) => {
    let written: Written;
    try {
      written = writeBatch(entries, last, store.hold);
    } catch (error) {
      return log.warn({ err: error, entries: entries.length }, 'store: entries wait');
    }
    held = [...held, ...written.deeds];
    carriedOut(entries, last, written);
  };

  // Not within what catches an error of the store: what is carried out must never be again, whatever telling of it does.
  const carriedOut = (entries: readonly Entry[], last: number, written: Written) => {
    backlog = [];
    head = last;
    try {
      publish(entries, written);
    } catch (error) {
      log.error({ err: error }, 'conversation: a listener failed'); // which must not stop the journal
    }
  };

  return {
    head: () => head,
    take(entries) {
      backlog = backlog.length === 0 ? [...entries] : [...backlog, ...entries];
      applyBacklog();
    },
    decide: (entry) => decideAt({ ...entry, seq: head + 1 }),
    async outcomeOf(entry, append) {
      const outcome = await outcomes.of(entry, append);
      if (outcome instanceof Error) throw outcome;
      if (outcome !== undefined) return outcome;
      const { answer, effect } = decideAt({ ...entry, seq: head + 1 });
      if (effect === undefined) return { ...answer(), isNew: false };
      throw new ChatError('idempotency-mismatch', 'This key was used for something that was refused in the end.');
    },
    trouble: () => trouble,
    held: () => held.flatMap(([, , change]) => change ?? []),
    indexed: forgetting.indexed,
    stop() {
      cancelRetry?.();
      forgetting.stop();
    },
  };
}
