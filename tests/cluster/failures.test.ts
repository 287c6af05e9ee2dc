import { describe, expect, it } from 'vitest';
import { canRun } from '../harness/programs.ts';
import { surviveFailures } from './failures.ts';

/** `npm run test:cluster` runs it at length. */
const isLong = process.env['CLUSTER_TEST'] === 'long';
const KINDS = ['leader', 'server', 'node'] as const;
const KILLS = isLong ? 10 : 3;
const EVERY_MS = isLong ? 10_000 : 6_000;
/** Starting six processes on a busy machine takes a while. */
const TIMEOUT_MS = 90_000 + 2 * KILLS * EVERY_MS;

describe.runIf(canRun('nats-server', 'a cluster whose parts are killed') && canRun('haproxy', 'the proxy'))(
  'a cluster',
  () => {
    it('loses and doubles nothing when its parts are killed one after the other', { timeout: TIMEOUT_MS }, async () => {
      const survived = await surviveFailures({
        kills: Array.from({ length: KILLS }, (_, nth) => KINDS[nth % KINDS.length]!),
        everyMs: EVERY_MS,
        downMs: EVERY_MS / 4,
        writers: 6,
        listeners: 6,
      });
      process.stdout.write(`cluster: ${JSON.stringify(survived)}\n`);
      expect(survived.acknowledged).toBeGreaterThan(100);
    });
  },
);
