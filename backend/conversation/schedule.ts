/** Messages that wait for their time: released in due order, overdue ones at once. */
import { ChatError } from '../errors.ts';
import { RELEASE_SLICE, RETRY_RELEASE_MS, SCHEDULE_LOOK_EVERY_MS } from '../limits.ts';
import type { Clock } from '../clock.ts';
import type { Scheduled } from '../commands/command.ts';
import type { Logger } from '../log.ts';
import type { Store } from './store.ts';

export interface Schedule {
  /** To be called once everything that was stored is applied: what is gone by then must not be released again. */
  start(): void;
  /** Look again at what is due next: something was scheduled or withdrawn. */
  changed(): void;
  stop(): void;
}

/** @param release resolves once the entry is journalled and applied; all of one call keep their order */
export function createSchedule(
  store: Pick<Store, 'due' | 'nextDue'>,
  clock: Clock,
  log: Logger,
  release: (due: Scheduled, at: number) => Promise<unknown>,
): Schedule {
  let cancel: (() => void) | undefined;
  let isReleasing = false;
  let isRunning = false;

  const arm = () => {
    cancel?.();
    cancel = undefined;
    const next = isReleasing || !isRunning ? undefined : store.nextDue();
    if (next === undefined) return;
    const waitMs = Math.min(Math.max(next - clock.now(), 0), SCHEDULE_LOOK_EVERY_MS);
    cancel = clock.after(waitMs, () => void releaseDue());
  };

  // In slices, each durable before the next, so that thousands due in one second leave room for everything else.
  const releaseDue = async () => {
    isReleasing = true;
    try {
      const now = clock.now();
      const due = store.due(now, RELEASE_SLICE);
      const released = await Promise.allSettled(due.map((one) => release(one, now)));
      const failed = released.find((one) => one.status === 'rejected' && !wasWithdrawn(one.reason));
      if (failed?.status === 'rejected') throw failed.reason as unknown;
      isReleasing = false;
      arm();
    } catch (error) {
      log.error({ err: error }, 'schedule: release failed');
      isReleasing = false;
      // Without a look at the store: it may be that which fails.
      if (isRunning) cancel = clock.after(RETRY_RELEASE_MS, () => void releaseDue());
    }
  };

  return {
    start() {
      isRunning = true;
      arm();
    },
    changed: () => arm(),
    stop() {
      isRunning = false;
      cancel?.();
    },
  };
}

// While its release was on the way: then there is nothing left to do.
function wasWithdrawn(reason: unknown): boolean {
  return reason instanceof ChatError && reason.code === 'not-found';
}
