/** Runs the server that its argument names, in a process of its own, and tells the process that started it what it costs. */
import { SERVERS } from './table.ts';
import type { ServerOptions } from './server.ts';

/** What is asked, and answered with a number. */
export type Question = 'cpu' | 'memory' | 'stop';

/** Microseconds of CPU, of all threads, in user code and in the kernel; bytes of resident memory; and first of all the port. */
export interface Answer {
  to: 'start' | Question;
  value: number;
}

const [name = '', options = '{}'] = process.argv.slice(2);
const load = SERVERS[name];
if (load === undefined) throw new Error(`There is no server "${name}"`);
const start = await load();
const server = await start(JSON.parse(options) as ServerOptions); // written by server-process.ts

let stopping: Promise<void> | undefined;
const stop = () => {
  stopping ??= server.stop().then(() => process.exit(0));
};
process.on('message', (question: Question) => {
  if (question === 'stop') return stop();
  if (question === 'memory') return tell({ to: 'memory', value: residentBytes() });
  const { user, system } = process.cpuUsage();
  tell({ to: 'cpu', value: user + system });
});
// However the other process ended, this one does not stay, nor does what it wrote. Ctrl+C comes to both.
process.on('disconnect', stop);
process.on('SIGINT', () => {});
if (process.connected) tell({ to: 'start', value: server.port });
else stop();

/** Twice collected: what the first time was still held by a finalizer is gone after the second. */
function residentBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

function tell(answer: Answer): void {
  process.send?.(answer);
}
