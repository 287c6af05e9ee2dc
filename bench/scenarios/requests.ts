/** Requests one after the other on each of some connections, with nobody listening: what a request costs by itself. */
import { httpRequest, openHttpClients } from '../load/http-clients.ts';
import { askCursor, measure, POST } from './scenario.ts';
import type { ServerProcess } from '../server-process.ts';
import type { Measured, Scenario } from './scenario.ts';

const CONNECTIONS = 50;
const POSTS_PER_SECOND = 500;
const POLLS_PER_SECOND = 1000;

export const posts: Scenario = {
  name: 'posts',
  unit: 'post',
  run: async (server, { seconds }) =>
    request(server, httpRequest('POST', '/messages', POST), Math.ceil(seconds * POSTS_PER_SECOND)),
};

export const emptyPolls: Scenario = {
  name: 'empty polls',
  unit: 'poll',
  async run(server, { seconds }) {
    const poll = httpRequest('GET', `/messages?since=${await askCursor(server)}`);
    return request(server, poll, Math.ceil(seconds * POLLS_PER_SECOND));
  },
};

async function request(server: ServerProcess, bytes: Buffer, count: number): Promise<Measured> {
  const clients = await openHttpClients(server.port, CONNECTIONS);
  const work = async (requests: number) => {
    const latencies = new Float64Array(requests);
    let begun = 0;
    const run = async ({ request }: (typeof clients)[number]) => {
      while (begun < requests) {
        const nth = begun++;
        const start = performance.now();
        await request(bytes);
        latencies[nth] = performance.now() - start;
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
