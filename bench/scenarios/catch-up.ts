/** A client that was away for 100,000 messages comes back, and reads them all. */
import { headerOf } from '../load/answers.ts';
import { httpRequest, openHttpClients } from '../load/http-clients.ts';
import { openWire } from '../load/wires.ts';
import { askCursor, BY_STREAM, measureCpu, wiresOf } from './scenario.ts';
import type { Contender, Figures, Scenario } from './scenario.ts';
import type { ServerProcess } from '../server-process.ts';

const MESSAGES = 100_000;
const PAGE = 1_000;
/** After the first time, so that it is a second and more of CPU that is looked at. */
const TIMES = 3;

export const catchUp: Scenario = {
  name: 'catch-up',
  table: 'catch-up',
  unit: 'message',
  baseline: 'http, pages',
  contenders: () => [
    { label: 'since, pages', server: 'since', by: 'http' },
    { label: 'since, WebSocket', server: 'since' },
    ...BY_STREAM,
    { label: 'http, pages', server: 'http', by: 'http' },
    { label: 'express, pages', server: 'express', by: 'http' },
  ],
  async run({ contender, size, startServer }) {
    const server = await startServer({ stored: Math.min(MESSAGES, size.stored) });
    const total = Number.parseInt(await askCursor(server), 10);
    const read = contender.by === 'http' ? readPages : readStream;
    const measureReading = async (times: number) => {
      let bytes = 0;
      const { serverMicros, loadMicros } = await measureCpu(server, async () => {
        for (let nth = 0; nth < times; nth++) bytes += await read(server, contender, total);
      });
      return {
        cpuMicros: serverMicros / times / total,
        loadMicros: loadMicros / times / total,
        megabytes: bytes / serverMicros,
      } satisfies Figures;
    };
    const { cpuMicros: firstMicros } = await measureReading(1);
    return { ...(await measureReading(TIMES)), firstMicros };
  },
};

/** @returns bytes that came */
async function readPages({ port }: ServerProcess, _contender: Contender, total: number): Promise<number> {
  const [client] = await openHttpClients(port, 1);
  if (client === undefined) return 0;
  try {
    let bytes = 0;
    for (let since = 0; since < total;) {
      const answer = await client.request(httpRequest('GET', `/messages?since=${since}&limit=${PAGE}`));
      bytes += answer.bodyBytes;
      const next = Number.parseInt(headerOf(answer.head, 'next-since') ?? '', 10);
      if (!(next > since)) throw new Error(`A page after ${since} leads to ${next}`);
      since = next;
    }
    return bytes;
  } finally {
    client.close();
  }
}

async function readStream({ port }: ServerProcess, contender: Contender, total: number): Promise<number> {
  const all = Promise.withResolvers<void>();
  all.promise.catch(() => {}); // it may be lost before it is waited for
  let missing = total;
  // Also the event that ends the catch-up of SSE is counted; as the first, it stands for the last message.
  const onMessages = (count: number) => {
    missing -= count;
    if (missing <= 0) all.resolve();
  };
  const socket = await openWire(wiresOf(contender).listen, port, '0', onMessages, all.reject);
  await all.promise;
  socket.destroy();
  return socket.bytesRead;
}
