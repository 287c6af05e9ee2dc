/** The thread that keeps the search index and searches in it: it reads the store's file beside the thread that writes it. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { isDamage } from '../database.ts';
import { messageOf } from '../errors.ts';
import { MAX_SLICES_BEFORE_SEARCH, SEARCH_INDEX_AT_END_MS, SEARCH_INDEX_SLICE_CHARS } from '../limits.ts';
import { openSearchIndex } from './search.ts';
import type { Question } from './search.ts';
import type { Change } from './change.ts';

/** Files. */
export interface SearchThreadData {
  storePath: string;
  indexPath: string;
}

/** Follow the store as far as it goes; find something; follow it for a moment more, and end. */
export type Request = 'index' | Question | 'end';

export type Answer =
  | { changes: Change[] }
  | { failed: string }
  /** The seq up to which the index follows, on the disk too, and why it does not go on, if so. */
  | { indexed: number; trouble?: string };

const port = parentPort;
if (port === null) throw new Error('this file is the main file of a worker thread');

const { storePath, indexPath } = workerData as SearchThreadData; // given by `searching.ts`
const store = new Database(storePath, { readonly: true });
const index = openSearchIndex(indexPath, store);
const answer = (one: Answer) => port.postMessage(one);
let isIndexing = false;

/** Slice by slice, so that questions are heard in between. */
const indexOn = () => {
  isIndexing = indexSlice();
  if (isIndexing) setImmediate(indexOn);
};

/** @returns whether there is more */
const indexSlice = (): boolean => {
  try {
    const hasMore = index.indexSome(SEARCH_INDEX_SLICE_CHARS);
    answer({ indexed: index.indexed() });
    return hasMore;
  } catch (error) {
    if (isDamage(error)) throw error; // and be started anew
    answer({ indexed: index.indexed(), trouble: messageOf(error) });
    return false;
  }
};

const find = (question: Question) => {
  try {
    answer({ changes: index.find(question, MAX_SLICES_BEFORE_SEARCH, SEARCH_INDEX_SLICE_CHARS) });
  } catch (error) {
    answer({ failed: messageOf(error) });
    if (isDamage(error)) throw error;
  }
};

const end = () => {
  const by = performance.now() + SEARCH_INDEX_AT_END_MS;
  while (indexSlice() && performance.now() < by);
  index.close(); // the last who closes a file empties the log beside it
  store.close();
  port.close();
};

port.on('message', (request: Request) => {
  if (request === 'end') end();
  else if (request !== 'index') find(request);
  else if (!isIndexing) indexOn();
});
