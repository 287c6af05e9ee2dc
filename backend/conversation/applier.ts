/** Carries out entries as the journal brings them: decides what each does, writes it to the store, shows it in the window. */
import { hash } from 'node:crypto';
import { findCommand } from '../commands/table.ts';
import { ChatError } from '../errors.ts';
import { FORGET_WITHIN_MS, RETRY_DISK_MS, SEARCH_INDEX_AFTER_MS } from '../limits.ts';
import { toChange, toMessage } from './change.ts';
import { isStoreError } from './store-error.ts';
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
  answer: Answer;
  effect?: Effect;
}

export interface Applied {
  changes: readonly Change[];
  /** Whether what is scheduled has changed. */
  hasScheduled: boolean;
}

export interface Applier {
  /** The seq of the last entry that is applied. */
  head(): number;
  /** Carry out entries, in order. What the store cannot take now is kept and tried again. */
  take(entries: readonly Entry[]): void;
  /** What the entry would come to. @throws ChatError when it would be refused */
  decide(entry: NewEntry): Decision;
  /**
   * Journal an entry and wait until it is carried out.
   * @param append gives its seq, or that of the earlier entry with the same key
   * @throws ChatError when it was refused after all, or could not be kept or carried out now
   */
  outcomeOf(entry: NewEntry, append: () => Promise<number>): Promise<Posted>;
  /** @returns why entries cannot be carried out now; undefined when they can */
  trouble(): string | undefined;
  stop(): void;
}

interface Parts {
  store: Store;
  window: Window;
  clock: Clock;
  log: Logger;
}

type Outcome = Posted | Error;

export function createApplier({ store, window, clock, log }: Parts, onApplied: (applied: Applied) => void): Applier {
  let head = store.head();
  let backlog: Entry[] = [];
  let trouble: string | undefined;
  let cancelRetry: (() => void) | undefined;
  let cancelForgetting: (() => void) | undefined;
  let cancelIndexing: (() => void) | undefined;
  let expected = 0; // appends under way; outcomes are kept only as long as someone may ask for them
  const outcomes = new Map<number, Outcome>();
  const waiting = new Map<number, (outcome: Outcome) => void>();
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
      return { answer: answerFor(known.id) };
    }
    const command = findCommand(entry.command);
    if (command === undefined) throw new ChatError('internal', `There is no command ${entry.command}.`);
    const effect = command.apply(chat, entry);
    if (effect.changed !== undefined) return { answer: { message: toChange(effect.changed) }, effect };
    const scheduled = effect.scheduled ?? effect.unscheduled;
    if (scheduled !== undefined) return { answer: { scheduled }, effect };
    if (effect.unchanged !== undefined) return { answer: { message: toChange(effect.unchanged) } };
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
  const carryOut = (entry: Entry, applied: { changes: Change[]; hasScheduled: boolean }): Outcome => {
    try {
      const { answer, effect } = decideAt(entry);
      if (effect === undefined) return { ...answer, isNew: false };
      const change = 'message' in answer ? answer.message : undefined;
      store.write(entry, effect, change, change?.isDeleted === true ? '' : fingerprintOf(entry));
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
  const writeBatch = (entries: readonly Entry[], last: number) => {
    const applied = { changes: [] as Change[], hasScheduled: false };
    const results: Outcome[] = [];
    try {
      store.transaction(() => {
        for (const entry of entries) results.push(carryOut(entry, applied));
        store.setHead(last);
      });
    } finally {
      unpublished.clear();
    }
    return { applied, results };
  };

  const publish = (entries: readonly Entry[], { applied, results }: ReturnType<typeof writeBatch>) => {
    for (const change of applied.changes) window.add(change);
    if (applied.changes.length > 0) indexSoon();
    if (entries.some(({ erases }) => erases !== undefined)) forgetSoon();
    entries.forEach(({ seq }, index) => {
      const outcome = results[index];
      if (outcome !== undefined) settle(seq, outcome);
    });
    try {
      onApplied(applied);
    } catch (error) {
      log.error({ err: error }, 'conversation: a listener failed'); // which must not stop the journal
    }
  };

  const settle = (seq: number, outcome: Outcome) => {
    const resolve = waiting.get(seq);
    waiting.delete(seq);
    if (resolve !== undefined) resolve(outcome);
    else if (expected > 0) outcomes.set(seq, outcome);
  };

  const applyBacklog = () => {
    cancelRetry?.();
    cancelRetry = undefined;
    const last = backlog.at(-1)?.seq;
    if (last === undefined) return;
    try {
      const written = writeBatch(backlog, last);
      const entries = backlog;
      backlog = []; // before anyone is told: what is written must never be carried out again
      trouble = undefined;
      head = last;
      publish(entries, written);
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
      log.error({ err: error, entries: backlog.length }, 'store: entries cannot be written');
      // They are in the journal, and will be applied; who asked may ask again with the same key.
      for (const { seq } of backlog) settle(seq, new ChatError('overloaded', 'The store cannot be written now.'));
      cancelRetry = clock.after(RETRY_DISK_MS, applyBacklog);
    }
  };

  const indexSoon = () => {
    cancelIndexing ??= clock.after(SEARCH_INDEX_AFTER_MS, function indexSlice() {
      cancelIndexing = undefined;
      try {
        if (store.search.indexSome()) cancelIndexing = clock.after(0, indexSlice);
      } catch (error) {
        log.warn({ err: error }, 'store: the search index cannot be written');
        indexSoon();
      }
    });
  };

  const forgetSoon = () => {
    cancelForgetting ??= clock.after(FORGET_WITHIN_MS, () => {
      cancelForgetting = undefined;
      try {
        store.checkpoint();
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
      expected++;
      try {
        const seq = await append();
        const outcome = await (outcomes.get(seq) ??
          (seq > head ? new Promise<Outcome>((resolve) => waiting.set(seq, resolve)) : undefined));
        outcomes.delete(seq);
        if (outcome instanceof Error) throw outcome;
        if (outcome !== undefined) return outcome;
        // Without an outcome it is an earlier entry's seq, found by the key.
        const { answer, effect } = decideAt({ ...entry, seq: head + 1 });
        if (effect === undefined) return { ...answer, isNew: false };
        throw new ChatError('idempotency-mismatch', 'This key was used for something that was refused in the end.');
      } finally {
        expected--;
        if (expected === 0) outcomes.clear();
      }
    },
    trouble: () => trouble,
    stop() {
      cancelRetry?.();
      cancelForgetting?.();
      cancelIndexing?.();
    },
  };
}

/** Of what a key was used for, the same whether it is sent now or was scheduled. Not of what is the server's own. */
function fingerprintOf({ key, text, body }: NewEntry): string {
  if (key === undefined && body['key'] === undefined) return '';
  const { user, room, color, replyTo, sendAt } = body;
  return hash('sha256', JSON.stringify([text, user, room, color, replyTo, sendAt]), 'base64url');
}
