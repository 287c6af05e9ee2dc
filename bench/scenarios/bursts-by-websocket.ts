/** One WebSocket writes many messages at once, and everyone reads: what a program posts, or a class of pupils by way of one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openListeners } from '../load/listeners.ts';
import { warmUp } from '../load/requests.ts';
import { openWriter } from '../load/writer.ts';
import { askCursor, BY_WEBSOCKET, measure, POST, wiresOf } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const POSTS_PER_BURST = 50;
const BURSTS_PER_SECOND = 2;
/** Milliseconds of rest after a burst has come to everyone. */
const REST_MS = 50;

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
    const write = async (bursts: number) => {
      for (let nth = 0; nth < bursts; nth++) {
        listeners.noteSent(POSTS_PER_BURST);
        writer.send(POSTS_PER_BURST);
        written += POSTS_PER_BURST;
        await Promise.all([writer.answered(written), listeners.allDelivered()]);
        await sleep(REST_MS);
      }
      return listeners.takeLatencies();
    };
    const bursts = Math.ceil(size.seconds * BURSTS_PER_SECOND);
    try {
      await write(Math.ceil(bursts / 3));
      return await measure(server, async () => write(bursts));
    } finally {
      writer.close();
      listeners.close();
    }
  },
};
