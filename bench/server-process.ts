/** Starts a server in a process of its own, asks it for its CPU time, and ends it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';
import type { Answer, Question } from './servers/child.ts';

export interface ServerProcess {
  readonly port: number;
  /** Microseconds that it has used up so far, by its own account. */
  cpuMicros(): Promise<number>;
  stop(): Promise<void>;
}

const CHILD = fileURLToPath(new URL('servers/child.ts', import.meta.url));
/** Milliseconds that it may take to start, or to end. */
const PATIENCE_MS = 20_000;

/** @param name as in `servers/table.ts` */
export async function startServerProcess(name: string): Promise<ServerProcess> {
  const child = fork(CHILD, [name], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = async () => end(child);
  try {
    const port = await answerOf(child);
    return {
      port,
      async cpuMicros() {
        child.send('cpu' satisfies Question);
        return answerOf(child);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answerOf(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const onMessage = ({ value }: Answer) => resolve(value);
  const onExit = () => reject(new Error('The server ended before it was told to'));
  const tooLate = setTimeout(() => reject(new Error('The server does not answer')), PATIENCE_MS);
  child.once('message', onMessage).once('exit', onExit);
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
