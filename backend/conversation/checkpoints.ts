/** When the store's log is brought into its file: every now and then, on a thread of its own. */
import { Worker } from 'node:worker_threads';
import { CHECKPOINT_EVERY_ENTRIES } from '../limits.ts';

export interface Checkpoints {
  /** An entry was written. */
  count(): void;
  /** @returns once nothing but the store itself has the file open */
  stop(): Promise<void>;
}

/** @param path of the store's file, or `:memory:`, which needs none */
export function createCheckpoints(path: string): Checkpoints {
  let worker: Worker | undefined;
  let isUnderWay = false;
  let entries = 0;

  const start = () => {
    const started = new Worker(new URL('checkpoint-thread.ts', import.meta.url), {
      workerData: path,
      resourceLimits: { maxYoungGenerationSizeMb: 2 }, // it makes next to nothing
    });
    started.unref();
    started.on('message', () => (isUnderWay = false));
    // Without it the log grows to its bound, and then the store itself sees to it.
    started.on('error', () => (isUnderWay = true));
    return started;
  };

  return {
    count() {
      entries++;
      if (entries < CHECKPOINT_EVERY_ENTRIES || isUnderWay || path === ':memory:') return;
      entries = 0;
      isUnderWay = true;
      worker ??= start();
      worker.postMessage('checkpoint');
    },
    stop: async () => void (await worker?.terminate()),
  };
}
