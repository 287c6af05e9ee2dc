/** One WebSocket posts without waiting for each answer, and nobody reads. Beside it, as what it replaces, HTTP. */
import { httpRequest } from '../load/http-clients.ts';
import { measureRequests, WARM_UPS } from '../load/requests.ts';
import { openWriter } from '../load/writer.ts';
import { Durations } from '../statistics.ts';
import { BY_WEBSOCKET, measure, POST, wiresOf } from './scenario.ts';
import type { Contender, Scenario } from './scenario.ts';
import type { ServerProcess } from '../server-process.ts';

const POSTS_PER_SECOND = 10_000;
const BY_HTTP_PER_SECOND = 4_000;
/** Posts that wait for their answers at a time. */
const UNDER_WAY = 200;

export const postsByWebsocket: Scenario = {
  name: 'posts-by-websocket',
  table: 'requests',
  unit: 'post',
  baseline: 'express, HTTP',
  contenders: () => [...BY_WEBSOCKET, { label: 'express, HTTP', server: 'express', by: 'http' }],
  async run({ contender, size: { seconds }, startServer }) {
    const server = await startServer();
    if (contender.by === 'http') {
      const request = httpRequest('POST', '/messages', POST);
      return measureRequests(server, request, Math.ceil(seconds * BY_HTTP_PER_SECOND));
    }
    const count = Math.ceil(seconds * POSTS_PER_SECOND);
    await post(server, contender, Math.ceil(WARM_UPS * count));
    return measure(server, async () => post(server, contender, count));
  },
};

async function post(server: ServerProcess, contender: Contender, count: number): Promise<Durations> {
  const latencies = new Durations();
  const sentAt: number[] = [];
  const send = (most: number) => {
    const now = performance.now();
    const next = Math.min(most, count - sentAt.length);
    for (let nth = 0; nth < next; nth++) sentAt.push(now);
    if (next > 0) writer.send(next);
  };
  const writer = await openWriter(wiresOf(contender).write, server.port, POST, (answers) => {
    const now = performance.now();
    for (let nth = 0; nth < answers; nth++) latencies.add(now - (sentAt[latencies.count] ?? now));
    send(answers);
  });
  try {
    send(UNDER_WAY);
    await writer.answered(count);
    return latencies;
  } finally {
    writer.close();
  }
}
