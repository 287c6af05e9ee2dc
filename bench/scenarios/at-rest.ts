/** Many connections on which nothing happens: the memory that each takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openListeners } from '../load/listeners.ts';
import { askCursor, BY_WEBSOCKET, wiresOf } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** Opened and closed before, so that what is made once is not counted. */
const WARM_UP = 100;
/** Milliseconds for what only opening took to be given back. */
const SETTLE_MS = 1_000;

export const atRest: Scenario = {
  name: 'at-rest',
  table: 'rest',
  unit: 'connection',
  baseline: 'ws',
  compares: 'kilobytes',
  rounds: 2,
  contenders: () => BY_WEBSOCKET,
  async run({ contender, size: { connections }, startServer }) {
    const server = await startServer({ collectsGarbage: true });
    const { listen } = wiresOf(contender);
    const since = await askCursor(server);
    const open = async (count: number) => openListeners(listen, server.port, count, since);
    const settle = async () => {
      await sleep(SETTLE_MS);
      return server.residentBytes();
    };
    const first = await open(Math.min(WARM_UP, connections));
    first.close();
    const before = await settle();
    const all = await open(connections);
    try {
      return { kilobytes: ((await settle()) - before) / connections / 1000 };
    } finally {
      all.close();
    }
  },
};
