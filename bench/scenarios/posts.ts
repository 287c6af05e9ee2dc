/** 50 HTTP connections post one message after the other, and nobody reads: what a post costs by itself. */
import { httpRequest } from '../load/http-clients.ts';
import { measureRequests } from '../load/requests.ts';
import { POST } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const POSTS_PER_SECOND = 4_000;

export const posts: Scenario = {
  name: 'posts',
  table: 'requests',
  unit: 'post',
  baseline: 'express',
  contenders: () => ['since', 'express'].map((server) => ({ label: server, server })),
  run: async ({ size: { seconds }, startServer }) =>
    measureRequests(await startServer(), httpRequest('POST', '/messages', POST), Math.ceil(seconds * POSTS_PER_SECOND)),
};
