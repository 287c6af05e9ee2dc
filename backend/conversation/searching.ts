/** Searching, without holding up anyone: in turn, on a thread of its own, which keeps the index too. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { isDatabaseError } from '../database.ts';
import { ChatError } from '../errors.ts';
import {
  MAX_SEARCHES_WAITING,
  MAX_SLICES_BEFORE_SEARCH,
  SEARCH_INDEX_AFTER_MS,
  SEARCH_INDEX_SHORT_SLICE_CHARS,
  SEARCH_TURN_WITHIN_MS,
} from '../limits.ts';
import { discardUnfitIndex } from './search-file.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Change } from './change.ts';
import type { Question } from './search.ts';
import type { Answer, Request, SearchThreadData } from './search-thread.ts';
import type { Store } from './store.ts';

export interface Searching {
  /** @throws ChatError `overloaded` when too many search */
  find(query: string, room: string | undefined, limit: number): Promise<Change[]>;
  /** The store has changed: let the index follow, a little later. */
  changed(): void;
  /** @returns once deleted texts are out of the index, as far as there is time, and its files are closed */
  close(): Promise<void>;
}

export interface SearchingOptions {
  store: Pick<Store, 'head' | 'openIndex' | 'blankedTo' | 'newestOutdated'>;
  /** File of the store, or `:memory:`: that can be read by no other thread, and is for trying out. */
  storePath: string;
  clock: Pick<Clock, 'elapsed' | 'after'>;
  log: Pick<Logger, 'warn'>;
  /** @returns what the file lacks of what the store holds in memory, for want of disk */
  held(): readonly Change[];
  /** Told up to which seq the index follows: it needs none of the texts that were outdated by then. */
  onIndexed(upTo: number): void;
}

/** Where the index is kept. Both tell by `onIndexed` how far it is. */
interface Keeper {
  index(): void;
  /** One at a time. */
  find(question: Question): Promise<Change[]>;
  close(): Promise<void>;
}

export function createSearching(options: SearchingOptions): Searching {
  const { storePath, clock, held } = options;
  const { elapsed } = clock;
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let cancelIndexing: (() => void) | undefined;
  let isClosing = false;

  const changed = () => {
    if (isClosing) return;
    cancelIndexing ??= clock.after(SEARCH_INDEX_AFTER_MS, () => {
      cancelIndexing = undefined;
      keeper.index();
    });
  };
  const keeper = storePath === ':memory:' ? createOwnKeeper(options) : createThread(options, changed);

  const findInTurn = async (since: number, question: Question): Promise<Change[]> => {
    if (elapsed() - since > SEARCH_TURN_WITHIN_MS) throw tooMany();
    return keeper.find({ ...question, held: held() });
  };

  return {
    async find(query, room, limit) {
      if (waiting >= MAX_SEARCHES_WAITING) throw tooMany();
      const since = elapsed();
      waiting++;
      const found = turn.then(() => findInTurn(since, { query, room, limit, held: [] }));
      const settled = () => void waiting--;
      turn = found.then(settled, settled);
      return found;
    },
    changed,
    async close() {
      isClosing = true;
      cancelIndexing?.();
      await keeper.close();
    },
  };
}

function tooMany(): ChatError {
  return new ChatError('overloaded', 'Too many are searching now.');
}

/** On this thread, a short slice at a time. */
function createOwnKeeper({ store, clock, onIndexed }: SearchingOptions): Keeper {
  const index = store.openIndex();
  let cancelNext: (() => void) | undefined;
  const indexSlice = (): boolean => {
    const hasMore = index.indexSome(SEARCH_INDEX_SHORT_SLICE_CHARS);
    onIndexed(index.indexed());
    return hasMore;
  };
  const indexOn = () => {
    cancelNext = indexSlice() ? clock.after(0, indexOn) : undefined;
  };
  return {
    index: () => cancelNext ?? indexOn(),
    async find(question) {
      for (let slices = 0; slices < MAX_SLICES_BEFORE_SEARCH && indexSlice(); slices++) await nextTurn();
      return index.find(question, 0, 0);
    },
    async close() {
      cancelNext?.();
      index.close();
    },
  };
}

/**
 * Started when there is something to do; one that broke, by what comes next.
 * @param again what asks for the index once more, a little later
 */
function createThread({ store, storePath, log, onIndexed }: SearchingOptions, again: () => void): Keeper {
  const workerData: SearchThreadData = { storePath, indexPath: indexPathOf(storePath) };
  discardUnfitIndex(workerData.indexPath, store.blankedTo(), store.head());
  let worker: Worker | undefined;
  let asked: PromiseWithResolvers<Change[]> | undefined;
  let ended: PromiseWithResolvers<void> | undefined;
  let trouble: string | undefined;

  const take = (answer: Answer) => {
    if ('changes' in answer) asked?.resolve(answer.changes);
    else if ('failed' in answer) asked?.reject(new Error(`searching failed: ${answer.failed}`));
    else {
      if (answer.trouble !== undefined && trouble === undefined)
        log.warn({ why: answer.trouble }, 'search: the index cannot be written');
      trouble = answer.trouble;
      if (trouble !== undefined) again();
      onIndexed(answer.indexed);
    }
  };

  const start = () => {
    const started = new Worker(new URL('search-thread.ts', import.meta.url), { workerData });
    started.unref();
    started.on('message', take);
    started.on('error', (error: Error) => {
      log.warn({ err: error }, 'search: its thread broke, and is started anew');
      asked?.reject(error);
      again();
    });
    started.on('exit', () => {
      worker = undefined;
      asked?.reject(new ChatError('overloaded', 'The search was cut off.'));
      ended?.resolve();
    });
    return started;
  };

  const ask = (request: Request) => {
    try {
      worker ??= start();
      worker.postMessage(request);
    } catch (error) {
      log.warn({ err: error }, 'search: its thread cannot be started'); // the machine has none to give now
      asked?.reject(new ChatError('overloaded', 'Nothing can be searched now.'));
      ended?.resolve();
      again();
    }
  };

  return {
    index: () => ask('index'),
    find(question) {
      asked = Promise.withResolvers();
      ask(question);
      return asked.promise;
    },
    async close() {
      if (worker === undefined && !hasToForget(store)) return;
      ended = Promise.withResolvers();
      ask('end');
      worker?.ref();
      await ended.promise;
    },
  };
}

function hasToForget(store: Pick<Store, 'newestOutdated'>): boolean {
  try {
    return store.newestOutdated() !== undefined;
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return false; // a damaged store is made anew
  }
}

/** @param storePath `store.db` has its index beside it, in `store-search.db` */
function indexPathOf(storePath: string): string {
  return `${storePath.replace(/\.db$/, '')}-search.db`;
}
