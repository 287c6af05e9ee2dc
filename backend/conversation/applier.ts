/** Carries out entries as the journal brings them: decides what each does, writes it to the store, shows it in the window. */
import { hash } from 'node:crypto';
import { findCommand } from '../commands/table.ts';
import { ChatError } from '../errors.ts';
import { FORGET_WITHIN_MS, RETRY_DISK_MS } from '../limits.ts';
import { toChange, toMessage } from './change.ts';
import { isDamage, isStoreError } from './store-error.ts';
import type { Clock } from '../clock.ts';
import type { Chat, Effect, Scheduled } from '../commands/command.ts';
import type { Entry, NewEntry } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import type { Change } from './change.ts';
import type { Store } from './store.ts';
import type { Window } from './window.ts';

/** What the one who asked is told. */
export type Answer = { message: Change } | { scheduled: Scheduled };

/** What came of a command. */
export type Posted = Answer & {
  /** Whether this very entry made it so; false where it was so before, as when a key is used again. */
  isNew: boolean;
};

/** What an entry comes to; without an effect, things are already as it asks. */
interface Decision {
  /** Made only when it is told: most decisions are taken again when the entry comes back. */
  answer(): Answer;
  effect?: Effect;
}

/** What an entry does to the store, once it is decided. */
type Deed = Parameters<Store['write']>;

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

interface Settled {
  entry: Entry;
  outcome: Outcome;
}

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
  let cancelForgetting: (() => void) | undefined;
  let cancelBlanking: (() => void) | undefined;
  let indexedTo = 0;
  let erased = store.newestOutdated(); // the seq of the last entry that erases, until what it outdated is blanked
  /** Appends under way, the oldest first, each with the head when it began: it may ask for what comes after that. */
  const underWay = new Set<{ begunAt: number }>();
  const outcomes = new Map<number, Settled>();
  const waiting = new Map<number, (settled: Settled) => void>();
  const unpublished = new Map<number, Change>(); // of the batch under way; the window is told when it is written

  const chat: Chat = {
    message(id) {
      const change = unpublished.get(id) ?? window.message(id);
      return change === undefined ? store.message(id) : toMessage(change);
    },
    hasReacted: store.hasReacted,
    scheduled: store.scheduled,
    countScheduled: store.countScheduled,
  };

  const decideAt = (entry: Entry): Decision => {
    const known = entry.key === undefined ? undefined : store.keyed(entry.author ?? '', entry.key);
    if (known !== undefined) {
      if (known.fingerprint !== '' && known.fingerprint !== fingerprintOf(entry)) {
        throw new ChatError('idempotency-mismatch', 'This key was used for another message.');
      }
      return { answer: () => answerFor(known.id) };
    }
    const command = findCommand(entry.command);
    if (command === undefined) throw new ChatError('internal', `There is no command ${entry.command}.`);
    const effect = command.apply(chat, entry);
    const { changed, unchanged } = effect;
    if (changed !== undefined) return { answer: () => ({ message: toChange(changed) }), effect };
    const scheduled = effect.scheduled ?? effect.unscheduled;
    if (scheduled !== undefined) return { answer: () => ({ scheduled }), effect };
    if (unchanged !== undefined) return { answer: () => ({ message: toChange(unchanged) }) };
    throw new ChatError('not-found', 'It was done or withdrawn before.');
  };

  const answerFor = (id: number): Answer => {
    const message = chat.message(id);
    if (message !== undefined) return { message: toChange(message) };
    const scheduled = store.scheduledBySeq(id);
    if (scheduled !== undefined) return { scheduled };
    throw new ChatError('not-found', 'The scheduled message of this key was withdrawn.');
  };

  /** Write one entry's effect. @returns what came of it */
  const carryOut = (entry: Entry, applied: Written['applied'], deeds: Deed[]): Outcome => {
    try {
      const { answer: give, effect } = decideAt(entry);
      const answer = give();
      if (effect === undefined) return { ...answer, isNew: false };
      const change = 'message' in answer ? answer.message : undefined;
      const deed: Deed = [entry, effect, change, change?.isDeleted === true ? '' : fingerprintOf(entry)];
      store.write(...deed);
      deeds.push(deed);
      if (change !== undefined) {
        unpublished.set(change.id, change);
        applied.changes.push(change);
      }
      if (effect.scheduled !== undefined || effect.unscheduled !== undefined) applied.hasScheduled = true;
      return { ...answer, isNew: true };
    } catch (error) {
      if (isStoreError(error) || !(error instanceof Error)) throw error;
      // A bug must not stop the journal: this entry does nothing, here as at every replay.
      if (!(error instanceof ChatError)) log.error({ err: error, seq: entry.seq }, 'conversation: entry failed');
      return error;
    }
  };

  /** Carry them out in the store, all or none. @returns what came of each, and of all together */
  const writeBatch = (entries: readonly Entry[], last: number, inTransaction: Store['transaction']): Written => {
    const written: Written = { applied: { changes: [], hasScheduled: false }, results: [], deeds: [] };
    try {
      inTransaction(() => {
        // Not decided again: the window, which deciding looks at, has them already.
        for (const deed of held) store.write(...deed);
        for (const entry of entries) written.results.push(carryOut(entry, written.applied, written.deeds));
        store.setHead(last);
      });
    } finally {
      unpublished.clear();
    }
    return written;
  };

  const publish = (entries: readonly Entry[], { applied, results }: Written) => {
    for (const change of applied.changes) window.add(change);
    const erasing = entries.findLast(({ erases }) => erases !== undefined);
    if (erasing !== undefined) {
      erased = erasing.seq;
      forgetSoon();
    }
    entries.forEach((entry, index) => {
      const outcome = results[index];
      if (outcome !== undefined) settle({ entry, outcome });
    });
    try {
      onApplied(applied);
    } catch (error) {
      log.error({ err: error }, 'conversation: a listener failed'); // which must not stop the journal
    }
  };

  const settle = (settled: Settled) => {
    const { seq } = settled.entry;
    const resolve = waiting.get(seq);
    waiting.delete(seq);
    if (resolve !== undefined) resolve(settled);
    else if (underWay.size > 0) outcomes.set(seq, settled);
  };

  // They are of other servers' entries too. Those that came before every append under way are asked for by nobody.
  const forgetOutcomes = () => {
    const [oldest] = underWay;
    for (const seq of outcomes.keys()) {
      if (oldest !== undefined && seq > oldest.begunAt) return;
      outcomes.delete(seq);
    }
  };

  const applyBacklog = () => {
    cancelRetry?.();
    cancelRetry = undefined;
    const entries = backlog;
    if (entries.length + held.length === 0) return;
    const last = entries.at(-1)?.seq ?? head;
    try {
      const written = writeBatch(entries, last, store.transaction);
      if (trouble !== undefined) log.info({ entries: held.length }, 'store: can be written again');
      trouble = undefined;
      held = [];
      carriedOut(entries, last, written);
    } catch (error) {
      if (isDamage(error)) onFatal(error instanceof Error ? error.message : String(error));
      if (trouble === undefined) log.error({ err: error }, 'store: cannot be written');
      trouble = error instanceof Error ? error.message : String(error);
      cancelRetry = clock.after(RETRY_DISK_MS, applyBacklog);
      holdBacklog(entries, last);
    }
  };

  /** As above, in memory. Where not even that is possible, as when another program holds the file, they wait. */
  const holdBacklog = (entries: readonly Entry[], last: number) => {
    try {
      const written = writeBatch(entries, last, store.hold);
      held = [...held, ...written.deeds];
      carriedOut(entries, last, written);
    } catch (error) {
      log.warn({ err: error, entries: entries.length }, 'store: entries wait');
    }
  };

  const carriedOut = (entries: readonly Entry[], last: number, written: Written) => {
    backlog = []; // before anyone is told: what is carried out must never be again
    head = last;
    publish(entries, written);
  };

  const blankOutdated = () => {
    cancelBlanking = undefined;
    if (trouble !== undefined) return; // with the disk, the index goes on, and tells
    try {
      if (store.blankOutdated(indexedTo)) cancelBlanking = clock.after(0, blankOutdated);
      else if (erased !== undefined && erased <= indexedTo) {
        erased = undefined;
        forgetSoon();
      }
    } catch (error) {
      log.warn({ err: error }, 'store: outdated texts cannot be blanked');
      cancelBlanking = clock.after(RETRY_DISK_MS, blankOutdated);
    }
  };

  const forgetSoon = () => {
    cancelForgetting ??= clock.after(FORGET_WITHIN_MS, () => {
      cancelForgetting = undefined;
      try {
        if (!store.emptyLog()) forgetSoon();
      } catch (error) {
        log.warn({ err: error }, 'store: the log cannot be emptied');
        forgetSoon();
      }
    });
  };

  forgetSoon(); // what was erased just before a crash

  return {
    head: () => head,
    take(entries) {
      backlog = backlog.length === 0 ? [...entries] : [...backlog, ...entries];
      applyBacklog();
    },
    decide: (entry) => decideAt({ ...entry, seq: head + 1 }),
    async outcomeOf(entry, append) {
      const appending = { begunAt: head };
      underWay.add(appending);
      try {
        const seq = await append();
        const settled = await (outcomes.get(seq) ??
          (seq > head ? new Promise<Settled>((resolve) => waiting.set(seq, resolve)) : undefined));
        outcomes.delete(seq);
        if (settled !== undefined && isSame(settled.entry, entry)) {
          if (settled.outcome instanceof Error) throw settled.outcome;
          return settled.outcome;
        }
        // Otherwise it is an earlier entry's seq, found by the key, or that of another server, which was faster.
        const { answer, effect } = decideAt({ ...entry, seq: head + 1 });
        if (effect === undefined) return { ...answer(), isNew: false };
        throw new ChatError('idempotency-mismatch', 'This key was used for something that was refused in the end.');
      } finally {
        underWay.delete(appending);
        forgetOutcomes();
      }
    },
    trouble: () => trouble,
    held: () => held.flatMap(([, , change]) => change ?? []),
    indexed(upTo) {
      indexedTo = upTo;
      if (cancelBlanking === undefined) blankOutdated();
    },
    stop() {
      cancelRetry?.();
      cancelForgetting?.();
      cancelBlanking?.();
      try {
        if (trouble === undefined) while (store.blankOutdated(indexedTo));
      } catch (error) {
        log.warn({ err: error }, 'store: outdated texts are blanked after the next start');
      }
    },
  };
}

/** @returns whether it is the very entry that was given to the journal */
function isSame(kept: Entry, given: NewEntry): boolean {
  if (given.key === undefined && given.erases === undefined) return true; // no journal takes it for another
  return kept.at === given.at && kept.text === given.text && JSON.stringify(kept.body) === JSON.stringify(given.body);
}

/** Of what a key was used for, the same whether it is sent now or was scheduled. Not of what is the server's own. */
function fingerprintOf({ key, text, body }: NewEntry): string {
  if (key === undefined && body['key'] === undefined) return '';
  const { user, room, color, replyTo, sendAt } = body;
  return hash('sha256', JSON.stringify([text, user, room, color, replyTo, sendAt]), 'base64url');
}
