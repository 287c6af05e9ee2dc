/** How long a start takes, from the first line that is run to the first request that is taken. */
import { withStored } from './stored-messages.ts';
import type { Scenario } from './scenario.ts';

export const start: Scenario = {
  name: 'start',
  table: 'scale',
  unit: 'start',
  compares: 'startSeconds',
  rounds: 3,
  contenders: withStored,
  async run({ contender: { at: stored = 0 }, startServer }) {
    const server = await startServer({ stored });
    return { startSeconds: server.startSeconds };
  },
};
