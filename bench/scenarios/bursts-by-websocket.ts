/** One WebSocket writes many messages at once, and everyone reads: what a program posts, or a class of pupils by way of one. */
import { measureBursts, POSTS_PER_BURST } from '../load/bursts.ts';
import { openListeners } from '../load/listeners.ts';
import { warmUp } from '../load/requests.ts';
import { openWriter } from '../load/writer.ts';
import { askCursor, BY_WEBSOCKET, POST, wiresOf } from './scenario.ts';
import type { Scenario } from './scenario.ts';

export const burstsByWebsocket: Scenario = {
  name: 'bursts-by-websocket',
  table: 'deliveries',
  unit: 'delivery',
  baseline: 'ws',
  contenders: () => BY_WEBSOCKET,
  async run({ contender, size, startServer }) {
    const server = await startServer();
    await warmUp(server, size.seconds);
    const wires = wiresOf(contender);
    const listeners = await openListeners(wires.listen, server.port, size.listeners, await askCursor(server));
    const writer = await openWriter(wires.write, server.port, POST);
    let written = 0;
    const post = async () => {
      writer.send(POSTS_PER_BURST);
      written += POSTS_PER_BURST;
      return writer.answered(written);
    };
    try {
      return await measureBursts(server, listeners, post, size.seconds);
    } finally {
      writer.close();
      listeners.close();
    }
  },
};
