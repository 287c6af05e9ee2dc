import { basename } from 'node:path';
import { describe } from 'vitest';
import { openJournal } from '../../backend/journal/nats.ts';
import { shareNats } from '../harness/nats.ts';
import { canRun } from '../harness/programs.ts';
import { describeJournal } from './contract.ts';

const isPossible = canRun('nats-server', 'the journal on NATS');

describe.runIf(isPossible)('on a real server', () => {
  const nats = shareNats();

  describeJournal('nats', {
    isDurable: true,
    async openJournal({ dataDir, log }) {
      return openJournal({ dataDir, log, nats: { url: nats().url, stream: basename(dataDir), replicas: 1 } });
    },
  });
});
