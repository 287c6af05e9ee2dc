/** Readers that stop reading: each costs little memory and slows nobody, and misses nothing once it reads again. */
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { MAX_BACKLOG_BYTES, MAX_BATCH_CHARS, MAX_PIECE_CHARS, MAX_SLICE_BYTES } from '../../backend/limits.ts';
import { call } from '../harness/api.ts';
import { HANDSHAKE } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';

const COUNT = 1_000;
/** Written at a time. */
const TOGETHER = 100;
/** 16 kB each: together more than the system's own buffers hold. */
const FILLING = '😀'.repeat(3_900);

it.each([
  ['WebSocket', '/messages?since=0', HANDSHAKE],
  ['Server-Sent Events', '/messages?since=0&as=sse', ['Host: x']],
  ['NDJSON', '/messages?since=0&as=ndjson', ['Host: x']],
])('over %s', { timeout: 60_000 }, async (_name, path, headers) => {
  const { url, port } = await startTestServer({ journal: 'memory' });
  const stalled = connect(port, '127.0.0.1').pause();
  onTestFinished(() => void stalled.destroy());
  stalled.write([`GET ${path} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
  const reader = await connectWs(url, { since: 0 });
  const writer = await connectWs(url, { room: 'elsewhere' });
  await expect.poll(async () => countOf(url, 'chat_connections')).toBe(3);

  for (let sent = 0; sent < COUNT; sent += TOGETHER) {
    const texts = Array.from({ length: TOGETHER }, (_, nth) => `${sent + nth} ${FILLING}`);
    await Promise.all(texts.map((message) => writer.ask('send-message', { user: 'Azin', message, room: 'lobby' })));
  }
  for (let nth = 0; nth < COUNT; nth++)
    expect((await reader.nextOf('message')).message.startsWith(`${nth} `)).toBe(true);
  // What may be queued, and the last that was, however much changed at once: a batch, or a slice.
  const most = MAX_BACKLOG_BYTES + Math.max(4 * MAX_BATCH_CHARS, MAX_SLICE_BYTES + 4 * MAX_PIECE_CHARS);
  expect(await countOf(url, 'chat_backlog_bytes')).toBeLessThan(most);
  expect(await countOf(url, 'chat_backlog_connections')).toBe(1);

  const seen: number[] = [];
  let rest = '';
  const all = new Promise<void>((resolve) => {
    stalled.setEncoding('latin1').on('data', (text: string) => {
      rest += text;
      for (const [found, nth] of rest.matchAll(/"message":"(\d+) /g)) {
        seen.push(Number(nth));
        rest = rest.slice(rest.indexOf(found) + found.length);
      }
      if (seen.length >= COUNT) resolve();
    });
  });
  stalled.resume();
  await all;
  expect(seen).toEqual(Array.from({ length: COUNT }, (_, nth) => nth));
});

/** @returns the sum of a metric over its labels */
async function countOf(url: string, name: string): Promise<number> {
  const { text } = await call(url, '/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
