/** Many post at once by HTTP, and everyone reads: the moment after a goal. Posts are part of the cost. */
import { measureBursts, POSTS_PER_BURST } from '../load/bursts.ts';
import { httpRequest, openHttpClients } from '../load/http-clients.ts';
import { openListeners } from '../load/listeners.ts';
import { warmUp } from '../load/requests.ts';
import { askCursor, BY_STREAM, BY_WEBSOCKET, POST, wiresOf } from './scenario.ts';
import type { Scenario } from './scenario.ts';

export const bursts: Scenario = {
  name: 'bursts',
  table: 'deliveries',
  unit: 'delivery',
  baseline: 'ws',
  contenders: () => [...BY_WEBSOCKET, ...BY_STREAM],
  async run({ contender, size, startServer }) {
    const server = await startServer();
    await warmUp(server, size.seconds);
    const { listen } = wiresOf(contender);
    const listeners = await openListeners(listen, server.port, size.listeners, await askCursor(server));
    const clients = await openHttpClients(server.port, POSTS_PER_BURST);
    const bytes = httpRequest('POST', '/messages', POST);
    const post = async () => Promise.all(clients.map(async ({ request }) => request(bytes)));
    try {
      return await measureBursts(server, listeners, post, size.seconds);
    } finally {
      for (const client of clients) client.close();
      listeners.close();
    }
  },
};
