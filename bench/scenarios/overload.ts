/** A million deliveries a second are offered by one WebSocket: whether they are carried, and how late they come. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openListeners } from '../load/listeners.ts';
import { openWriter, pace } from '../load/writer.ts';
import { askCursor, POST, wiresOf } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** A million deliveries, where a thousand read. */
const MESSAGES_PER_SECOND = 1_000;
/** As long as 10 s, where a steady load lasts 2 s. */
const LONGER = 5;
/** Milliseconds after the last was offered; what has not come by then was not carried. */
const GRACE_MS = 500;
/** Milliseconds that a server may need to say what it took. */
const ANSWER_WITHIN_MS = 3_000;

export const overload: Scenario = {
  name: 'overload',
  table: 'deliveries',
  unit: 'delivery',
  baseline: 'ws',
  compares: 'carried',
  rounds: 2,
  contenders: () => ['since', 'ws', 'socket.io'].map((server) => ({ label: server, server })),
  async run({ contender, size: { listeners: count, seconds }, startServer }) {
    const server = await startServer();
    const wires = wiresOf(contender);
    const listeners = await openListeners(wires.listen, server.port, count, await askCursor(server));
    const writer = await openWriter(wires.write, server.port, POST);
    let offered = 0;
    const write = async () => {
      await pace(MESSAGES_PER_SECOND, seconds * LONGER, (due) => {
        listeners.noteSent(due);
        writer.send(due);
        offered += due * count;
      });
      await Promise.race([listeners.allDelivered(), sleep(GRACE_MS)]);
      return { carried: offered - listeners.missing(), latencies: listeners.takeLatencies() };
    };
    const before = await server.cpuMicros();
    const ownBefore = process.cpuUsage();
    try {
      const { carried, latencies } = await write();
      const { user, system } = process.cpuUsage(ownBefore);
      const after = await Promise.race([server.cpuMicros(), sleep(ANSWER_WITHIN_MS)]);
      // It has read more than it can send in a minute, and does nothing else until then.
      if (after === undefined) await server.kill();
      return {
        ...(after !== undefined && { cpuMicros: (after - before) / carried }),
        loadMicros: (user + system) / carried,
        carried: (carried / offered) * 100,
        p50Ms: latencies.quantile(0.5),
        p99Ms: latencies.quantile(0.99),
      };
    } finally {
      writer.close();
      listeners.close();
    }
  },
};
