/** Requests one after the other on each of some connections. */
import { Durations } from '../statistics.ts';
import { measure } from '../scenarios/scenario.ts';
import { openHttpClients } from './http-clients.ts';
import type { ServerProcess } from '../server-process.ts';
import type { Figures } from '../scenarios/scenario.ts';

const CONNECTIONS = 50;

/** @returns what a request costs by itself, once a third as many were made to warm up */
export async function measureRequests(server: ServerProcess, bytes: Buffer, count: number): Promise<Figures> {
  const clients = await openHttpClients(server.port, CONNECTIONS);
  const work = async (requests: number) => {
    const latencies = new Durations();
    let begun = 0;
    const run = async ({ request }: (typeof clients)[number]) => {
      while (begun < requests) {
        begun++;
        const start = performance.now();
        await request(bytes);
        latencies.add(performance.now() - start);
      }
    };
    await Promise.all(clients.map(run));
    return latencies;
  };
  try {
    await work(Math.ceil(count / 3));
    return await measure(server, async () => work(count));
  } finally {
    for (const client of clients) client.close();
  }
}
