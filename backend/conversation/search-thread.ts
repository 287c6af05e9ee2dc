/** The thread that searches: it reads the store's file beside the thread that writes it. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { prepareFind } from './search.ts';
import type { Change } from './change.ts';

export interface Question {
  query: string;
  room: string | undefined;
  limit: number;
}

export type Answer = { changes: Change[] } | { failed: string };

const port = parentPort;
if (port === null) throw new Error('this file is the main file of a worker thread');

const find = prepareFind(new Database(String(workerData), { readonly: true }));
port.on('message', ({ query, room, limit }: Question) => {
  let answer: Answer;
  try {
    answer = { changes: find(query, room, limit) };
  } catch (error) {
    answer = { failed: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
});
