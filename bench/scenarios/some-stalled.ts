/** As steady, but one in ten connections reads nothing: what those cost, and whether the others feel it. */
import { measureEvenly } from './evenly.ts';
import type { Scenario } from './scenario.ts';

const MESSAGES_PER_SECOND = 100;
const STALLED_SHARE = 0.1;

export const someStalled: Scenario = {
  name: 'some-stalled',
  table: 'deliveries',
  unit: 'delivery',
  baseline: 'ws',
  contenders: () => ['since', 'ws'].map((server) => ({ label: server, server })),
  run: async ({ contender, size: { listeners, seconds }, startServer }) =>
    measureEvenly(await startServer(), contender, {
      listeners,
      seconds,
      perSecond: MESSAGES_PER_SECOND,
      stalled: Math.ceil(listeners * STALLED_SHARE),
    }),
};
