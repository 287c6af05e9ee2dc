/** What is measured, in the order of the report: one line a scenario. */
import { atRest } from './at-rest.ts';
import { bursts } from './bursts.ts';
import { burstsByWebsocket } from './bursts-by-websocket.ts';
import { catchUp } from './catch-up.ts';
import { connections } from './connections.ts';
import { emptyPolls } from './empty-polls.ts';
import { heldPolls } from './held-polls.ts';
import { latency } from './latency.ts';
import { overload } from './overload.ts';
import { posts } from './posts.ts';
import { postsByWebsocket } from './posts-by-websocket.ts';
import { slowReaders } from './slow-readers.ts';
import { someStalled } from './some-stalled.ts';
import { start } from './start.ts';
import { steady } from './steady.ts';
import { storedMessages } from './stored-messages.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = [
  steady,
  someStalled,
  bursts,
  burstsByWebsocket,
  overload,
  latency,
  posts,
  postsByWebsocket,
  emptyPolls,
  heldPolls,
  catchUp,
  slowReaders,
  atRest,
  connections,
  storedMessages,
  start,
];
