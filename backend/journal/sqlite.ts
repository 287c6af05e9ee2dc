/**
 * The default journal: one SQLite file. Appends of a turn, and those that arrive while a commit is under way, go
 * together into one commit, on a thread of its own.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { isDamageCode } from '../database.ts';
import { ChatError, messageOf, StartError } from '../errors.ts';
import { JOURNAL_SLICE, RETRY_DISK_MS } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { Entry, Journal, JournalOptions, NewEntry } from './journal.ts';
import type { Answer, Request } from './sqlite-worker.ts';

type Deliver = (entries: readonly Entry[]) => void;

interface Append {
  entry: NewEntry;
  resolve(seq: number): void;
  reject(error: Error): void;
}

export async function openJournal({ dataDir, log, onCommit, onFatal }: JournalOptions): Promise<Journal> {
  const path = join(dataDir, 'journal.db');
  const { opened, request, stop } = await startWorker(path, (why) => {
    onFatal?.(`The journal ${path} cannot go on: ${why}. Nothing that was acknowledged is lost; start again.`);
  });
  const stopChecking = opened.isChecked
    ? undefined
    : checkBeside(path, log, (why) => onFatal?.(`The journal ${path} is damaged: ${why}. Bring back a copy of it.`));
  const followers = new Set<Deliver>();
  let { epoch, head } = opened;
  let waiting: Append[] = [];
  let committing: Promise<void> | undefined;
  let trouble: string | undefined;
  let probing: NodeJS.Timeout | undefined;
  let isClosing = false;

  // After the turn's input is read, so that what arrived together is committed together.
  const commitSoon = () => {
    committing ??= new Promise<void>((done) => setImmediate(done)).then(commitAll);
  };

  const commitAll = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await commitBatch(batch);
    }
    committing = undefined; // in the same turn as the last look at what waits: nothing comes between
  };

  const commitBatch = async (batch: readonly Append[]) => {
    const start = performance.now();
    const answer = await request({ ask: 'commit', entries: batch.map(({ entry }) => entry) });
    if (answer.gave !== 'committed') {
      if (trouble === undefined) log.error({ why: describe(answer) }, 'journal: cannot commit');
      trouble = describe(answer);
      probeSoon();
      const error = new ChatError('overloaded', 'The message could not be kept; try again.');
      for (const { reject } of batch) reject(error);
      return;
    }
    recovered();
    onCommit?.((performance.now() - start) / 1000, batch.length);
    const entries: Entry[] = answer.missed;
    head = entries.at(-1)?.seq ?? head;
    batch.forEach(({ entry }, index) => {
      const seq = answer.seqs[index] ?? 0;
      if (seq <= head) return; // known by its key, of an earlier commit or of this one
      entries.push({ ...entry, seq });
      head = seq;
    });
    if (entries.length > 0) for (const deliver of followers) deliver(entries);
    batch.forEach(({ resolve }, index) => resolve(answer.seqs[index] ?? 0));
  };

  // So that nobody has to write for the end of the trouble to be noticed. It also overwrites what is left in the log of
  // the commit that failed.
  const probeSoon = () => {
    probing ??= setTimeout(() => void probe(), RETRY_DISK_MS).unref();
  };

  const probe = async () => {
    const answer = await request({ ask: 'probe' });
    probing = undefined;
    if (answer.gave === 'room') recovered();
    else if (!isClosing) probeSoon();
  };

  const recovered = () => {
    if (trouble !== undefined) log.info('journal: commits again');
    trouble = undefined;
  };

  return {
    get epoch() {
      return epoch;
    },
    head: () => head,
    append(entry) {
      if (isClosing) return Promise.reject(new ChatError('overloaded', 'The server is stopping.'));
      return new Promise((resolve, reject) => {
        waiting.push({ entry, resolve, reject });
        commitSoon();
      });
    },
    async follow(after, deliver) {
      let last = after;
      while (last < head) {
        const answer = await request({ ask: 'read', after: last, limit: JOURNAL_SLICE });
        if (answer.gave !== 'entries') throw new StartError(explain(path, answer));
        const next = answer.entries.at(-1);
        if (next === undefined) break;
        deliver(answer.entries);
        last = next.seq;
      }
      followers.add(deliver); // in the same turn as the last look at the head: nothing comes between
      return () => void followers.delete(deliver);
    },
    async renew() {
      const answer = await request({ ask: 'renew' });
      if (answer.gave !== 'renewed') throw new StartError(explain(path, answer));
      epoch = answer.epoch;
    },
    trouble: () => (isClosing ? 'it is closed' : trouble),
    async close() {
      if (isClosing) return;
      isClosing = true;
      clearTimeout(probing);
      await committing;
      await stopChecking?.();
      await stop();
    },
  };
}

/** @returns what ends it */
function checkBeside(path: string, log: Logger, onDamage: (why: string) => void): () => Promise<unknown> {
  // That it could not look is no damage.
  const giveUp = (error: unknown) => log.warn({ err: error }, 'journal: not looked through for damage');
  try {
    const worker = new Worker(new URL('sqlite-check.ts', import.meta.url), { workerData: path });
    worker.unref();
    worker.on('message', (damage: string) => onDamage(damage));
    worker.on('error', giveUp);
    return () => worker.terminate();
  } catch (error) {
    giveUp(error); // the machine has no thread to give
    return async () => {};
  }
}

/**
 * @param onEnd told why, when the thread ends by itself; before what is asked of it is answered
 * @throws StartError that names the file
 */
async function startWorker(path: string, onEnd: (why: string) => void) {
  const worker = startThread(path);
  const questions: ((answer: Answer) => void)[] = [];
  const nextAnswer = () => new Promise<Answer>((resolve) => questions.push(resolve));
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let state: 'opening' | 'open' | 'closing' = 'opening';
  let broken: Answer | undefined;
  const end = (why: string) => {
    if (broken !== undefined) return; // an error is followed by the exit
    broken = { gave: 'failed', code: 'thread', detail: why };
    if (state === 'open') onEnd(why);
    for (const resolve of questions.splice(0)) resolve(broken);
  };
  worker.on('message', (answer: Answer) => questions.shift()?.(answer));
  worker.on('error', (error: Error) => end(error.message));
  worker.on('exit', () => end('the committing thread has ended'));

  const opened = await nextAnswer();
  if (opened.gave !== 'opened') {
    await worker.terminate();
    throw new StartError(explain(path, opened));
  }
  state = 'open';
  const request = (question: Request): Promise<Answer> => {
    if (broken !== undefined) return Promise.resolve(broken);
    worker.postMessage(question);
    return nextAnswer();
  };
  const stop = async () => {
    state = 'closing';
    await request({ ask: 'close' });
    await exited;
  };
  return { opened, request, stop };
}

/** @throws StartError when the machine has no thread to give */
function startThread(path: string): Worker {
  try {
    return new Worker(new URL('sqlite-worker.ts', import.meta.url), { workerData: path });
  } catch (cause) {
    throw new StartError(explain(path, { gave: 'failed', code: 'thread', detail: messageOf(cause) }), { cause });
  }
}

function explain(path: string, answer: Answer): string {
  const isDamaged = answer.gave === 'failed' && isDamageCode(answer.code);
  const advice = isDamaged ? ' Put a backup of it in its place, or use another DATA_DIR to begin anew.' : '';
  return `The journal ${path} cannot be used: ${describe(answer)}.${advice}`;
}

function describe(answer: Answer): string {
  return answer.gave === 'failed' ? `${answer.detail} (${answer.code})` : `it answered "${answer.gave}" out of turn`;
}
