/** The same conversation among few and many: whether a delivery costs the same. */
import { measureEvenly } from './evenly.ts';
import type { Scenario } from './scenario.ts';

const SIZES = [10, 100, 1_000, 5_000];
/** So that a message of its own is a write of its own, also where the slowest server serves the most. */
const MOST_PER_SECOND = 100;
const DELIVERIES_PER_SECOND = 50_000;

export const connections: Scenario = {
  name: 'connections',
  table: 'scale',
  unit: 'delivery',
  rounds: 2,
  contenders: ({ connections }) =>
    SIZES.filter((at) => at <= connections).flatMap((at) =>
      ['since', 'ws'].map((server) => ({ label: `${server}, ${at.toLocaleString('en')}`, server, at })),
    ),
  async run({ contender, size: { seconds }, startServer }) {
    const listeners = contender.at ?? 1;
    const perSecond = Math.min(MOST_PER_SECOND, DELIVERIES_PER_SECOND / listeners);
    return measureEvenly(await startServer(), contender, { listeners, seconds, perSecond });
  },
};
