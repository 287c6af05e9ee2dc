/** Many post at once by HTTP, and everyone reads: the moment after a goal. Posts are part of the cost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { httpRequest, openHttpClients } from '../load/http-clients.ts';
import { openListeners } from '../load/listeners.ts';
import { warmUp } from '../load/requests.ts';
import { askCursor, BY_STREAM, BY_WEBSOCKET, measure, POST, wiresOf } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const POSTS_PER_BURST = 50;
const BURSTS_PER_SECOND = 2;
/** Milliseconds of rest after a burst has come to everyone. */
const REST_MS = 50;

export const bursts: Scenario = {
  name: 'bursts',
  table: 'deliveries',
  unit: 'delivery',
  baseline: 'ws',
  contenders: () => [...BY_WEBSOCKET, ...BY_STREAM],
  async run({ contender, size, startServer }) {
    const server = await startServer();
    await warmUp(server, size.seconds);
    const listeners = await openListeners(
      wiresOf(contender).listen,
      server.port,
      size.listeners,
      await askCursor(server),
    );
    const clients = await openHttpClients(server.port, POSTS_PER_BURST);
    const post = httpRequest('POST', '/messages', POST);
    const write = async (bursts: number) => {
      for (let nth = 0; nth < bursts; nth++) {
        listeners.noteSent(POSTS_PER_BURST);
        await Promise.all([...clients.map(async (client) => client.request(post)), listeners.allDelivered()]);
        await sleep(REST_MS);
      }
      return listeners.takeLatencies();
    };
    const bursts = Math.ceil(size.seconds * BURSTS_PER_SECOND);
    try {
      await write(Math.ceil(bursts / 3));
      return await measure(server, async () => write(bursts));
    } finally {
      for (const client of clients) client.close();
      listeners.close();
    }
  },
};
