/** Requests one after the other on each of some connections. */
import { Durations } from '../statistics.ts';
import { measure, POST } from '../scenarios/scenario.ts';
import { httpRequest, openHttpClients } from './http-clients.ts';
import type { ServerProcess } from '../server-process.ts';
import type { Figures } from '../scenarios/scenario.ts';

const CONNECTIONS = 50;

/** Requests to warm up for one that is measured: until Node has compiled what is called most. */
export const WARM_UPS = 2.5;
const WARM_UPS_PER_SECOND = 4_000;

/** Posts that nobody reads, in a room of their own where there are rooms. @param seconds that will be measured */
export async function warmUp(server: ServerProcess, seconds: number): Promise<void> {
  const posts = Math.ceil(seconds * WARM_UPS_PER_SECOND);
  await measureRequests(server, httpRequest('POST', '/messages', { ...POST, room: 'warm-up' }), posts);
}

/** @returns what a request costs by itself, once the server is warm */
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
    await work(Math.ceil(WARM_UPS * count));
    return await measure(server, async () => work(count));
  } finally {
    for (const client of clients) client.close();
  }
}
