/** Starts a server in a process of its own, asks it for its CPU time and its memory, and ends it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';
import type { Answer, Question } from './servers/child.ts';
import type { ServerOptions } from './servers/server.ts';

export interface ServerProcess {
  readonly port: number;
  /** From the start of the process until it listened. */
  readonly startSeconds: number;
  /** Microseconds that it has used up so far, by its own account. */
  cpuMicros(): Promise<number>;
  /** Bytes of memory that it has now. */
  residentBytes(): Promise<number>;
  stop(): Promise<void>;
  /** For one that is too busy to be told: end it without its doing. */
  kill(): Promise<void>;
}

/** As `npm start` has it: the young generation takes 24 MB at most, which costs no time and saves as much again. */
const SINCE_FLAGS = ['--max-semi-space-size=8'];
const CHILD = fileURLToPath(new URL('servers/child.ts', import.meta.url));
/** Milliseconds that it may take to answer, or to end. */
const PATIENCE_MS = 20_000;
/** Milliseconds that it may take to start: one with a million messages to take in needs long. */
const START_WITHIN_MS = 120_000;

/** @param name as in `servers/table.ts` */
export async function startServerProcess(name: string, options: ServerOptions = {}): Promise<ServerProcess> {
  const start = performance.now();
  const child = fork(CHILD, [name, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [
      ...process.execArgv,
      ...(name.startsWith('since') ? SINCE_FLAGS : []),
      ...(options.collectsGarbage ? ['--expose-gc'] : []),
    ],
  });
  const stop = async () => end(child);
  const ask = async (question: Question) => {
    child.send(question);
    return answerOf(child, question, PATIENCE_MS);
  };
  try {
    const port = await answerOf(child, 'start', START_WITHIN_MS);
    return {
      port,
      startSeconds: (performance.now() - start) / 1000,
      cpuMicros: async () => ask('cpu'),
      residentBytes: async () => ask('memory'),
      stop,
      async kill() {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answerOf(child: ChildProcess, to: Answer['to'], withinMs: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const onMessage = (answer: Answer) => {
    if (answer.to === to) resolve(answer.value);
  };
  const onExit = () => reject(new Error('The server ended before it was told to'));
  const tooLate = setTimeout(() => reject(new Error('The server does not answer')), withinMs);
  child.on('message', onMessage).once('exit', onExit);
  try {
    return await promise;
  } finally {
    clearTimeout(tooLate);
    child.off('message', onMessage).off('exit', onExit);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const kill = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  if (child.connected) child.send('stop' satisfies Question);
  await ended;
  clearTimeout(kill);
}
