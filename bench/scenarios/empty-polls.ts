/** 50 HTTP connections ask what came since the newest message, and nothing has. */
import { httpRequest } from '../load/http-clients.ts';
import { measureRequests } from '../load/requests.ts';
import { askCursor } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const POLLS_PER_SECOND = 5_000;

export const emptyPolls: Scenario = {
  name: 'empty-polls',
  table: 'requests',
  unit: 'poll',
  baseline: 'express',
  contenders: () => ['since', 'express'].map((server) => ({ label: server, server })),
  async run({ size: { seconds }, startServer }) {
    const server = await startServer();
    const poll = httpRequest('GET', `/messages?since=${await askCursor(server)}`);
    return measureRequests(server, poll, Math.ceil(seconds * POLLS_PER_SECOND));
  },
};
