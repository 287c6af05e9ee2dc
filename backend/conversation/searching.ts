/** Searching, without holding up anyone: in turn, on a thread of its own, over an index that is brought up to date first. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ChatError } from '../errors.ts';
import { MAX_SEARCHES_WAITING, MAX_SLICES_BEFORE_SEARCH, SEARCH_TURN_WITHIN_MS } from '../limits.ts';
import { isStoreError } from './store-error.ts';
import type { Clock } from '../clock.ts';
import type { Change } from './change.ts';
import type { Find } from './search.ts';
import type { Answer, Question } from './search-thread.ts';
import type { Store } from './store.ts';

export interface Searching {
  /** @throws ChatError `overloaded` when too many search */
  find(...parameters: Parameters<Find>): Promise<Change[]>;
  close(): Promise<void>;
}

export interface SearchingOptions {
  store: Pick<Store, 'head' | 'search' | 'find'>;
  /** File of the store, or `:memory:`: that can be read by no other thread, and is for trying out. */
  storePath: string;
  clock: Pick<Clock, 'elapsed'>;
  /** @returns whether the file lacks what the store holds in memory, for want of disk */
  isHeld(): boolean;
}

export function createSearching({ store, storePath, clock, isHeld }: SearchingOptions): Searching {
  const { elapsed } = clock;
  const thread = storePath === ':memory:' ? undefined : createThread(storePath);
  const ask = async (...question: Parameters<Find>): Promise<Change[]> =>
    thread === undefined || isHeld() ? store.find(...question) : thread.find(...question);
  let waiting = 0;
  let turn = Promise.resolve();

  /** With a full disk what is indexed can still be searched. */
  const catchUpIfPossible = async () => {
    const head = store.head();
    try {
      for (let slices = 0; slices < MAX_SLICES_BEFORE_SEARCH && store.search.indexSome(head); slices++)
        await nextTurn();
    } catch (error) {
      if (!isStoreError(error)) throw error;
    }
  };

  const findInTurn = async (since: number, question: Parameters<Find>): Promise<Change[]> => {
    if (elapsed() - since > SEARCH_TURN_WITHIN_MS) throw tooMany();
    await catchUpIfPossible();
    return ask(...question);
  };

  return {
    async find(...question) {
      if (waiting >= MAX_SEARCHES_WAITING) throw tooMany();
      const since = elapsed();
      waiting++;
      const found = turn.then(() => findInTurn(since, question));
      const settled = () => void waiting--;
      turn = found.then(settled, settled);
      return found;
    },
    close: async () => thread?.close(),
  };
}

function tooMany(): ChatError {
  return new ChatError('overloaded', 'Too many are searching now.');
}

/** Started by the first search; one that broke, by the next. */
function createThread(storePath: string) {
  let worker: Worker | undefined;
  let asked: PromiseWithResolvers<Change[]> | undefined;

  const start = () => {
    const started = new Worker(new URL('search-thread.ts', import.meta.url), { workerData: storePath });
    started.on('message', (answer: Answer) => {
      if ('changes' in answer) asked?.resolve(answer.changes);
      else asked?.reject(new Error(`searching failed: ${answer.failed}`));
    });
    started.on('error', (error: Error) => asked?.reject(error));
    started.on('exit', () => {
      if (worker === started) worker = undefined;
      asked?.reject(new ChatError('overloaded', 'The search was cut off.'));
    });
    return started;
  };

  return {
    /** One at a time. */
    find(...[query, room, limit]: Parameters<Find>): Promise<Change[]> {
      asked = Promise.withResolvers();
      worker ??= start();
      worker.postMessage({ query, room, limit } satisfies Question);
      return asked.promise;
    },
    close: async () => void (await worker?.terminate()),
  };
}
