/** Many polls are held, and a post answers them all; then they ask again. */
import { headerOf } from '../load/answers.ts';
import { httpRequest, openHttpClients } from '../load/http-clients.ts';
import { Durations } from '../statistics.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { askCursor, measure, POST } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const HELD = 200;
const POSTS_PER_SECOND = 20;
/** Milliseconds for all polls to arrive and be held. */
const ARRIVE_MS = 40;

export const heldPolls: Scenario = {
  name: 'held-polls',
  table: 'requests',
  unit: 'poll',
  baseline: 'express',
  contenders: () => ['since', 'express'].map((server) => ({ label: server, server })),
  async run({ size: { seconds, listeners }, startServer }) {
    const server = await startServer();
    const clients = await openHttpClients(server.port, Math.min(HELD, listeners));
    const [poster] = await openHttpClients(server.port, 1);
    let since = await askCursor(server);
    const post = httpRequest('POST', '/messages', POST);
    const write = async (posts: number) => {
      const latencies = new Durations();
      for (let nth = 0; nth < posts; nth++) {
        const poll = httpRequest('GET', `/messages?since=${since}&wait=30`);
        let postedAt = 0;
        const held = clients.map(async (client) => {
          const answer = await client.request(poll);
          latencies.add(performance.now() - postedAt);
          return answer;
        });
        await sleep(ARRIVE_MS);
        postedAt = performance.now();
        await poster?.request(post);
        const [answer] = await Promise.all(held);
        since = headerOf(answer?.head ?? '', 'next-since') ?? since;
      }
      return latencies;
    };
    const posts = Math.ceil(seconds * POSTS_PER_SECOND);
    try {
      await write(Math.ceil(posts / 3));
      return await measure(server, async () => write(posts));
    } finally {
      for (const client of clients) client.close();
      poster?.close();
    }
  },
};
