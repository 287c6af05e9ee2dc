/** The shape of a scenario: some work that is made for servers, and what a unit of it costs each. */
import { WIRES } from '../load/wires.ts';
import type { ServerProcess } from '../server-process.ts';
import type { ServerOptions } from '../servers/server.ts';
import type { Durations } from '../statistics.ts';
import type { Wire } from '../load/wires.ts';

export interface Scenario {
  /** As `--scenario` takes it. */
  name: string;
  /** Under which it is reported. */
  table: TableName;
  /** What is counted, in the singular. */
  unit: string;
  /** Who is measured, told apart by their labels. */
  contenders(size: Size): readonly Contender[];
  /** The label of the one that the others are compared with. */
  baseline?: string;
  /** What is compared, and plotted; `cpuMicros` unless told. */
  compares?: FigureName;
  /** As many rounds are enough, for one that takes long. */
  rounds?: number;
  run(job: Job): Promise<Figures>;
}

export type TableName = 'deliveries' | 'requests' | 'catch-up' | 'readers' | 'rest' | 'scale';

export interface Contender {
  /** As it is called in the report. */
  label: string;
  /** As in `servers/table.ts`. */
  server: string;
  /** How it is listened to or asked; by WebSocket, where nothing is told. */
  by?: 'websocket' | 'sse' | 'ndjson' | 'http';
  /** The size that is varied, if one is. */
  at?: number;
}

export interface Size {
  /** Connections that read. */
  listeners: number;
  /** How long a steady load lasts; others do so much more or less. */
  seconds: number;
  /** Connections at most. */
  connections: number;
  /** Messages that are stored at most. */
  stored: number;
}

export interface Job {
  contender: Contender;
  size: Size;
  /** Starts the contender's server, which is ended by the caller. */
  startServer(options?: ServerOptions): Promise<ServerProcess>;
}

export type Figures = { [Name in FigureName]?: number };

export type FigureName =
  /** Microseconds of CPU that the server took for a unit, all its threads together. */
  | 'cpuMicros'
  /** The same, for the first time after the start. */
  | 'firstMicros'
  /** Milliseconds until a message arrived, or a request was answered. */
  | 'p50Ms'
  | 'p99Ms'
  /** Of what was offered, what had come at the end; in per cent. */
  | 'carried'
  /** Megabytes that were sent for a second of CPU. */
  | 'megabytes'
  /** Kilobytes of resident memory that a unit takes. */
  | 'kilobytes'
  /** Megabytes by which the resident memory grew, and how much of that in the second half of the time. */
  | 'grown'
  | 'grownLate'
  /** Messages that did not come, or not in their newest state. */
  | 'lost'
  /** Seconds until it listened. */
  | 'startSeconds'
  /** Microseconds of CPU that the load generator took for a unit, which must not be what was measured. */
  | 'loadMicros';

/** Does some work, and says what a unit of it cost. @param work gives the milliseconds that each unit took to arrive */
export async function measure(server: ServerProcess, work: () => Promise<Durations>): Promise<Figures> {
  const { result, serverMicros, loadMicros } = await measureCpu(server, work);
  return {
    cpuMicros: serverMicros / result.count,
    loadMicros: loadMicros / result.count,
    p50Ms: result.quantile(0.5),
    p99Ms: result.quantile(0.99),
  };
}

/** @returns microseconds of CPU that the work took on either side, in all */
export async function measureCpu<Result>(
  server: ServerProcess,
  work: () => Promise<Result>,
): Promise<{ result: Result; serverMicros: number; loadMicros: number }> {
  const ownBefore = process.cpuUsage();
  const before = await server.cpuMicros();
  const result = await work();
  const serverMicros = (await server.cpuMicros()) - before;
  const { user, system } = process.cpuUsage(ownBefore);
  return { result, serverMicros, loadMicros: user + system };
}

/** What is posted: the length of a message that people write. */
export const POST = { user: 'Azin', message: 'The quick brown fox jumps over the lazy dog. '.repeat(5).slice(0, 200) };

export const BY_WEBSOCKET: readonly Contender[] = ['since', 'ws', 'socket.io', 'websocket'].map((server) => ({
  label: server,
  server,
}));
/** The other ways to listen to this server. */
export const BY_STREAM: readonly Contender[] = [
  { label: 'since, SSE', server: 'since', by: 'sse' },
  { label: 'since, NDJSON', server: 'since', by: 'ndjson' },
];

/** @returns how to listen to a contender, and how to write to it */
export function wiresOf({ server, by = 'websocket' }: Contender): { listen: Wire; write: Wire } {
  const write = server === 'socket.io' ? WIRES['socket.io'] : WIRES.websocket;
  return { listen: by === 'sse' || by === 'ndjson' ? WIRES[by] : write, write };
}

/** @returns the cursor of now; for a server that knows none, one that it does not look at */
export async function askCursor({ port }: ServerProcess): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/messages?limit=1`, { headers: { connection: 'close' } });
  await response.arrayBuffer();
  return response.headers.get('next-since') ?? '0';
}
