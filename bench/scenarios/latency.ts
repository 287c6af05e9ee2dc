/** A server at rest gets one post now and then: how soon a hundred readers have it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { httpRequest, openHttpClients } from '../load/http-clients.ts';
import { openListeners } from '../load/listeners.ts';
import { warmUp } from '../load/requests.ts';
import { askCursor, BY_WEBSOCKET, measure, POST, wiresOf } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const LISTENERS = 100;
const POSTS_PER_SECOND = 30;

export const latency: Scenario = {
  name: 'latency',
  table: 'deliveries',
  unit: 'delivery',
  baseline: 'ws',
  compares: 'p50Ms',
  contenders: () => BY_WEBSOCKET,
  async run({ contender, size, startServer }) {
    const server = await startServer();
    await warmUp(server, size.seconds);
    const count = Math.min(LISTENERS, size.listeners);
    const listeners = await openListeners(wiresOf(contender).listen, server.port, count, await askCursor(server));
    const [client] = await openHttpClients(server.port, 1);
    const post = httpRequest('POST', '/messages', POST);
    const write = async (posts: number) => {
      for (let nth = 0; nth < posts; nth++) {
        await sleep(1000 / POSTS_PER_SECOND); // and some more, until all have it
        listeners.noteSent(1);
        await Promise.all([client?.request(post), listeners.allDelivered()]);
      }
      return listeners.takeLatencies();
    };
    const posts = Math.ceil(size.seconds * POSTS_PER_SECOND);
    try {
      await write(Math.ceil(posts / 3));
      return await measure(server, async () => write(posts));
    } finally {
      client?.close();
      listeners.close();
    }
  },
};
