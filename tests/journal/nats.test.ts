import { basename } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { openJournal } from '../../backend/journal/nats.ts';
import { canRunNats, startNats } from '../harness/nats.ts';
import { describeJournal } from './contract.ts';
import type { NatsNode } from '../harness/nats.ts';

const isPossible = canRunNats('the journal on NATS');

let node: NatsNode;

describe.runIf(isPossible)('on a real server', () => {
  beforeAll(async () => {
    node = await startNats(afterAll);
  });

  describeJournal('nats', {
    isDurable: true,
    async openJournal({ dataDir, log }) {
      return openJournal({ dataDir, log, nats: { url: node.url, stream: basename(dataDir), replicas: 1 } });
    },
  });
});
