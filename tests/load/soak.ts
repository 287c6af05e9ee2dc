/**
 * Whether memory grows with connections that come and go: `npm run soak`, or `npm run soak -- 240` for so many seconds, at
 * most 600. Prints resident memory as it goes, and its slope after the first quarter, in which everything warms up.
 */
import { open, post, startChild, websocketHead } from './child.ts';

const DEFAULT_SECONDS = 60;
const MOST_SECONDS = 600;
/** Connections of each kind that come and go together. */
const TOGETHER = 25;
const SAMPLE_MS = 2_000;

const seconds = Math.min(Number(process.argv[2] ?? DEFAULT_SECONDS), MOST_SECONDS);
if (!(seconds > 0)) throw new Error('The number of seconds must be above 0');

const server = await startChild({ RATE_LIMIT: 'off', NODE_OPTIONS: '--max-semi-space-size=4' });
const { port } = server;
const kinds = [
  websocketHead('room=soak'),
  ['GET /messages?as=sse HTTP/1.1'],
  ['GET /messages?as=ndjson&since=0 HTTP/1.1'],
  ['GET /messages?limit=10 HTTP/1.1'],
];
const samples: { second: number; rss: number; heap: number }[] = [];
const start = performance.now();
const elapsed = () => (performance.now() - start) / 1000;
let opened = 0;
let nextSample = 0;
while (elapsed() < seconds) {
  const sockets = await Promise.all(
    kinds.flatMap((head) => Array.from({ length: TOGETHER }, async () => open(port, head, () => {}))),
  );
  // One that is held, and given up: it has no first bytes to wait for.
  const held = Array.from({ length: TOGETHER }, async () => {
    const stop = new AbortController();
    const asked = fetch(`http://127.0.0.1:${port}/messages?room=nobody-${opened}&since=0&wait=5`, {
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 50);
    await asked.catch(() => {});
  });
  opened += sockets.length + held.length;
  await post(port, { user: 'soak', message: `after ${opened}`, room: 'soak' });
  await Promise.all(held);
  for (const socket of sockets) socket.destroy();
  if (performance.now() - start < nextSample) continue;
  nextSample += SAMPLE_MS;
  const rss = (await server.metric('process_resident_memory_bytes')) / 1e6;
  const heap = (await server.metric('nodejs_heap_size_used_bytes')) / 1e6;
  samples.push({ second: elapsed(), rss, heap });
  process.stderr.write(
    `${elapsed().toFixed(0)} s: ${opened} connections, ${rss.toFixed(0)} MB, heap ${heap.toFixed(0)} MB\n`,
  );
}
await server.stop();

const warm = samples.filter(({ second }) => second > seconds / 4);
const perMinute = (of: 'rss' | 'heap') => (slope(warm.map((one) => [one.second, one[of]])) * 60).toFixed(2);
process.stdout.write(
  `${opened} connections in ${seconds} s; resident memory ${perMinute('rss')} MB/min, heap ${perMinute('heap')} MB/min\n`,
);

/** By least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0);
  return over / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
}
