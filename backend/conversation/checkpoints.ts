/** When the store's log is brought into its file: every now and then, on a thread of its own. */
import { Worker } from 'node:worker_threads';
import { CHECKPOINT_EVERY_ENTRIES } from '../limits.ts';

export interface Checkpoints {
  /** An entry was written. */
  count(): void;
  /** @returns once all but little of what was written so far is in the file, as far as nobody else is busy with it */
  run(): Promise<void>;
  /** @returns once nothing but the store itself has the file open */
  stop(): Promise<void>;
}

/** @param path of the store's file, or `:memory:`, which needs none */
export function createCheckpoints(path: string): Checkpoints {
  let worker: Worker | undefined;
  let underWay: PromiseWithResolvers<void> | undefined;
  let isOff = path === ':memory:';
  let entries = 0;

  const done = () => {
    underWay?.resolve();
    underWay = undefined;
  };

  // Without it the log grows to its bound, and then the store itself sees to it.
  const goOff = () => {
    isOff = true;
    done();
  };

  const start = () => {
    const started = new Worker(new URL('checkpoint-thread.ts', import.meta.url), {
      workerData: path,
      resourceLimits: { maxYoungGenerationSizeMb: 2 }, // it makes next to nothing
    });
    started.unref();
    started.on('message', done);
    started.on('error', goOff);
    return started;
  };

  const begin = () => {
    entries = 0;
    underWay = Promise.withResolvers();
    const { promise } = underWay;
    try {
      worker ??= start();
      worker.postMessage('checkpoint');
    } catch {
      goOff(); // the machine has no thread to give, which must not fail the entry that was counted
    }
    return promise;
  };

  return {
    count() {
      entries++;
      if (entries >= CHECKPOINT_EVERY_ENTRIES && underWay === undefined && !isOff) void begin();
    },
    async run() {
      if (worker === undefined) return; // so few were written that they are not worth a thread
      await underWay?.promise; // which may have looked before the last was written
      if (!isOff) await (underWay?.promise ?? begin());
    },
    async stop() {
      isOff = true;
      await worker?.terminate();
      done();
    },
  };
}
