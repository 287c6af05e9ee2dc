/** Runs the server that its argument names, in a process of its own, and tells the process that started it what it costs. */
import { SERVERS } from './table.ts';

/** What is asked, and answered with a number. */
export type Question = 'cpu' | 'stop';

/** Microseconds of CPU, of all threads, in user code and in the kernel; and first of all the port. */
export interface Answer {
  to: 'start' | 'cpu';
  value: number;
}

const load = SERVERS[process.argv[2] ?? ''];
if (load === undefined) throw new Error(`There is no server "${process.argv[2]}"`);
const start = await load();
const server = await start();

let stopping: Promise<void> | undefined;
const stop = () => {
  stopping ??= server.stop().then(() => process.exit(0));
};
process.on('message', (question: Question) => {
  if (question === 'stop') return stop();
  const { user, system } = process.cpuUsage();
  tell({ to: 'cpu', value: user + system });
});
// However the other process ended, this one does not stay, nor does what it wrote. Ctrl+C comes to both.
process.on('disconnect', stop);
process.on('SIGINT', () => {});
if (process.connected) tell({ to: 'start', value: server.port });
else stop();

function tell(answer: Answer): void {
  process.send?.(answer);
}
