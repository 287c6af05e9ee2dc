/** The thread that commits: waiting for the disk here holds up no one who reads. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { FORGET_WITHIN_MS } from '../limits.ts';
import { openJournalFile } from './sqlite-file.ts';
import type { JournalFile } from './sqlite-file.ts';
import type { Entry, NewEntry } from './journal.ts';

export type Request =
  | { ask: 'commit'; entries: readonly NewEntry[] }
  | { ask: 'read'; after: number; limit: number }
  | { ask: 'probe' }
  | { ask: 'renew' }
  | { ask: 'close' };

/** Answers come in the order of the requests; the first of all tells how opening went. */
export type Answer =
  | { gave: 'opened'; epoch: string; head: number; isChecked: boolean }
  | { gave: 'committed'; seqs: number[]; missed: Entry[] }
  | { gave: 'entries'; entries: Entry[] }
  | { gave: 'room' }
  | { gave: 'renewed'; epoch: string }
  | { gave: 'closed' }
  | { gave: 'failed'; code: string; detail: string };

const port = parentPort;
if (port === null) throw new Error('this file is the main file of a worker thread');

const say = (answer: Answer) => port.postMessage(answer);
const attempt = (work: () => Answer) => {
  try {
    say(work());
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    say({ gave: 'failed', code, detail: messageOf(error) });
  }
};

let file: JournalFile | undefined;
let forgetting: NodeJS.Timeout | undefined;

attempt(() => {
  file = openJournalFile(String(workerData));
  forgetSoon(file); // what was erased just before a crash
  return { gave: 'opened', epoch: file.epoch, head: file.head, isChecked: file.isChecked };
});

port.on('message', (request: Request) => {
  attempt(() => {
    if (file === undefined) throw new Error('it is not open');
    switch (request.ask) {
      case 'commit':
        if (request.entries.some(({ erases }) => erases !== undefined)) forgetSoon(file);
        return { gave: 'committed', ...file.commit(request.entries) };
      case 'read':
        return { gave: 'entries', entries: file.read(request.after, request.limit) };
      case 'probe':
        file.probe();
        return { gave: 'room' };
      case 'renew':
        file.renew();
        return { gave: 'renewed', epoch: file.epoch };
      case 'close':
        clearTimeout(forgetting);
        file.close(); // which empties the log too
        file = undefined;
        return { gave: 'closed' };
      default:
        return request satisfies never;
    }
  });
  if (request.ask === 'close') port.close();
});

function forgetSoon(opened: JournalFile): void {
  forgetting ??= setTimeout(() => {
    forgetting = undefined;
    try {
      opened.checkpoint();
    } catch {
      forgetSoon(opened); // someone reads the file, or the disk is full: the text is still to be erased
    }
  }, FORGET_WITHIN_MS);
}
