/** One WebSocket writes evenly, and all others read: a conversation that goes on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { clientFrame } from '../load/frames.ts';
import { openListeners, openWebSocket } from '../load/listeners.ts';
import { askCursor, measure, POST } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const MESSAGES_PER_SECOND = 100;
/** Of the time that is measured. */
const WARM_UP_SHARE = 1 / 3;

export const steady: Scenario = {
  name: 'steady',
  unit: 'delivery',
  async run(server, { listeners: count, seconds }) {
    const since = await askCursor(server);
    const listeners = await openListeners(server.port, count, since);
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => {});
    const writer = await openWebSocket(server.port, since, () => {}, lost.reject);
    const frame = clientFrame(JSON.stringify({ command: 'send-message', message: POST }));
    const write = async (forSeconds: number) => {
      const start = performance.now();
      for (let nth = 0; nth < Math.ceil(forSeconds * MESSAGES_PER_SECOND); nth++) {
        const waitMs = start + (nth * 1000) / MESSAGES_PER_SECOND - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        listeners.noteSent(1);
        writer.write(frame);
      }
      await Promise.race([listeners.allDelivered(), lost.promise]);
      return listeners.takeLatencies();
    };
    try {
      await write(seconds * WARM_UP_SHARE);
      return await measure(server, async () => write(seconds));
    } finally {
      writer.destroy();
      listeners.close();
    }
  },
};
