/** Sees to it that what was edited away or deleted leaves the store's files, once the search index needs it no more. */
import { FORGET_WITHIN_MS, RETRY_DISK_MS } from '../limits.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Store } from './store.ts';

export interface Forgetting {
  /** The entry of this seq has outdated a text. */
  outdated(seq: number): void;
  /** The search index follows up to a seq: what was outdated by then is blanked. */
  indexed(upTo: number): void;
  stop(): void;
}

/** @param canWrite whether the store can be written now */
export function createForgetting(
  store: Pick<Store, 'blankOutdated' | 'newestOutdated' | 'emptyLog'>,
  clock: Clock,
  log: Logger,
  canWrite: () => boolean,
): Forgetting {
  let cancelForgetting: (() => void) | undefined;
  let cancelBlanking: (() => void) | undefined;
  let indexedTo = 0;
  let isStopped = false;
  let erased = store.newestOutdated(); // the seq of the last entry that erases, until what it outdated is blanked

  const blankOutdated = () => {
    cancelBlanking = undefined;
    if (!canWrite()) return; // once there is room, the index goes on, and `indexed` is called again
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
    if (!isStopped) cancelForgetting ??= clock.after(FORGET_WITHIN_MS, () => void forget());
  };

  const forget = async () => {
    cancelForgetting = undefined;
    try {
      if (await store.emptyLog()) return;
    } catch (error) {
      log.warn({ err: error }, 'store: the log cannot be emptied');
    }
    forgetSoon();
  };

  forgetSoon(); // what was erased just before a crash

  return {
    outdated(seq) {
      erased = seq;
      forgetSoon();
    },
    indexed(upTo) {
      indexedTo = upTo;
      if (cancelBlanking === undefined) blankOutdated();
    },
    stop() {
      isStopped = true;
      cancelForgetting?.();
      cancelBlanking?.();
      try {
        if (canWrite()) while (store.blankOutdated(indexedTo));
      } catch (error) {
        log.warn({ err: error }, 'store: outdated texts are blanked after the next start');
      }
    },
  };
}
