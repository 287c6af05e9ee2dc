/** A conversation that goes on: 100 messages a second, and everyone reads. */
import { measureEvenly } from './evenly.ts';
import { BY_STREAM, BY_WEBSOCKET } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const MESSAGES_PER_SECOND = 100;

export const steady: Scenario = {
  name: 'steady',
  table: 'deliveries',
  unit: 'delivery',
  baseline: 'ws',
  contenders: () => [...BY_WEBSOCKET, ...BY_STREAM],
  run: async ({ contender, size: { listeners, seconds }, startServer }) =>
    measureEvenly(await startServer(), contender, { listeners, seconds, perSecond: MESSAGES_PER_SECOND }),
};
