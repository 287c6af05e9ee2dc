/** Posts to a server that has many messages already: whether they cost the same. */
import { httpRequest } from '../load/http-clients.ts';
import { measureRequests } from '../load/requests.ts';
import { POST } from './scenario.ts';
import type { Scenario, Size } from './scenario.ts';

const SIZES = [1_000, 100_000, 1_000_000];
const POSTS_PER_SECOND = 1_000;

export const storedMessages: Scenario = {
  name: 'stored-messages',
  table: 'scale',
  unit: 'post',
  rounds: 2,
  contenders: withStored,
  run: async ({ contender: { at: stored = 0 }, size: { seconds }, startServer }) =>
    measureRequests(
      await startServer({ stored }),
      httpRequest('POST', '/messages', POST),
      Math.ceil(seconds * POSTS_PER_SECOND),
    ),
};

/** This server with more and more messages. */
export function withStored({ stored }: Size) {
  return SIZES.filter((at) => at <= stored).map((at) => ({
    label: `since, ${at.toLocaleString('en')}`,
    server: 'since',
    at,
  }));
}
