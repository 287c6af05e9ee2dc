/** The shape of a scenario: some work that is made for a server, and what a unit of it costs. */
import { quantile } from '../statistics.ts';
import type { ServerProcess } from '../server-process.ts';

export interface Scenario {
  name: string;
  /** What is counted, in the singular. */
  unit: string;
  run(server: ServerProcess, size: Size): Promise<Measured>;
}

export interface Size {
  /** WebSockets that read. */
  listeners: number;
  /** How long a steady load lasts; others do so much more or less. */
  seconds: number;
}

export interface Measured {
  /** Microseconds of CPU that the server took for a unit. */
  serverMicros: number;
  /** What the load generator took for it, which must not be what was measured. */
  loadMicros: number;
  /** Milliseconds until a message arrived, or a request was answered. */
  p50Ms: number;
  p99Ms: number;
}

/** @param work does it, and gives the milliseconds that each unit took to arrive */
export async function measure(server: ServerProcess, work: () => Promise<Float64Array>): Promise<Measured> {
  const ownBefore = process.cpuUsage();
  const before = await server.cpuMicros();
  const latencies = await work();
  const serverMicros = (await server.cpuMicros()) - before;
  const { user, system } = process.cpuUsage(ownBefore);
  return {
    serverMicros: serverMicros / latencies.length,
    loadMicros: (user + system) / latencies.length,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

/** What is posted: the length of a message that people write. */
export const POST = { user: 'Azin', message: 'The quick brown fox jumps over the lazy dog. '.repeat(5).slice(0, 200) };

/** @returns the cursor of now; for a server that knows none, one that it does not look at */
export async function askCursor({ port }: ServerProcess): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/messages?limit=1`, { headers: { connection: 'close' } });
  await response.arrayBuffer();
  return response.headers.get('next-since') ?? '0';
}
