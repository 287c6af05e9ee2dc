/** How many are in a room. The clock is moved by hand. */
import { expect, it } from 'vitest';
import { call, identify, poll, post } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { RoomSummary } from '../../backend/conversation/store-tables.ts';
import type { WsClient } from '../harness/ws-client.ts';

const start = async () => {
  const clock = createClock();
  const { url } = await startTestServer({ journal: 'memory', clock });
  return { clock, url };
};

it('is told to those in the room when someone comes', async () => {
  const { clock, url } = await start();
  const azin = await connectWs(url);
  clock.advance(2_000);
  expect(await azin.nextOf('presence')).toEqual({ room: 'lobby', online: 1 });
  const bela = await connectWs(url);
  clock.advance(2_000);
  expect(await azin.nextOf('presence')).toEqual({ room: 'lobby', online: 2 });
  expect(await bela.nextOf('presence')).toEqual({ room: 'lobby', online: 2 });
});

it('is told when someone goes, in whatever way', async () => {
  const { clock, url } = await start();
  const azin = await connectWs(url);
  const bela = await connectWs(url);
  const cora = await connectWs(url);
  clock.advance(2_000);
  await azin.nextOf('presence');
  bela.drop();
  await untilOnline(url, 'lobby', 2);
  clock.advance(2_000);
  expect(await azin.nextOf('presence')).toMatchObject({ online: 2 });
  await cora.ask('unsubscribe', { room: 'lobby' });
  clock.advance(2_000);
  expect(await azin.nextOf('presence')).toMatchObject({ online: 1 });
});

it('is of each room by itself', async () => {
  const { clock, url } = await start();
  const azin = await connectWs(url);
  await azin.ask('subscribe', { room: 'attic' });
  await connectWs(url, { room: 'attic' });
  clock.advance(2_000);
  const told = [await azin.nextOf('presence'), await azin.nextOf('presence')];
  expect(told.toSorted((one, other) => one.online - other.online)).toEqual([
    { room: 'lobby', online: 1 },
    { room: 'attic', online: 2 },
  ]);
});

it('counts SSE and NDJSON as well, as long as they are open', async () => {
  const { clock, url } = await start();
  await post(url, 'hi');
  const azin = await connectWs(url);
  const leaving = new AbortController();
  for (const as of ['sse', 'ndjson']) await fetch(`${url}/messages?as=${as}`, { signal: leaving.signal });
  clock.advance(2_000);
  expect(await azin.nextOf('presence')).toEqual({ room: 'lobby', online: 3 });
  expect(await online(url, 'lobby')).toBe(3);
  leaving.abort();
  await untilOnline(url, 'lobby', 1);
  clock.advance(2_000);
  expect(await azin.nextOf('presence')).toEqual({ room: 'lobby', online: 1 });
});

it('counts identities that polled within the last minute, each once', async () => {
  const { clock, url } = await start();
  await post(url, 'hi');
  const { token } = await identify(url);
  const other = await identify(url);
  const asking = (token: string) => poll(url, {}, { headers: { authorization: `Bearer ${token}` } });
  await Promise.all([asking(token), asking(token), asking(other.token), poll(url)]);
  expect(await online(url, 'lobby')).toBe(2);
  clock.advance(59_000);
  expect(await online(url, 'lobby')).toBe(2);
  await asking(token);
  clock.advance(2_000);
  expect(await online(url, 'lobby')).toBe(1);
  clock.advance(60_000);
  expect(await online(url, 'lobby')).toBe(0);
});

it('makes few frames when a thousand come at once', { timeout: 60_000 }, async () => {
  const { clock, url } = await start();
  const watcher = await connectWs(url);
  const crowd: WsClient[] = [];
  while (crowd.length < 1_000) {
    crowd.push(...(await Promise.all(Array.from({ length: 100 }, () => connectWs(url)))));
    clock.advance(100); // a second in all
  }
  clock.advance(3_000);
  for (;;) if ((await watcher.nextOf('presence')).online === 1_001) break;
  const told = (client: WsClient) => client.received.filter(({ command }) => command === 'presence').length;
  expect(told(watcher)).toBeLessThanOrEqual(4);
  await Promise.all(crowd.map((client) => client.nextOf('presence')));
  expect(Math.max(...crowd.map(told))).toBeLessThanOrEqual(4);
  for (const client of crowd) client.drop();
  await untilOnline(url, 'lobby', 1);
});

it('is stored nowhere and moves no cursor', async () => {
  const { clock, url } = await start();
  const { since } = await poll(url);
  const azin = await connectWs(url);
  clock.advance(2_000);
  await azin.nextOf('presence');
  expect((await poll(url)).since).toBe(since);
});

async function online(url: string, name: string): Promise<number> {
  const { json } = await call(url, '/rooms');
  return (json as (RoomSummary & { online: number })[]).find(({ room }) => room === name)?.online ?? 0;
}

/** That a connection is gone is known once its socket is closed at the other end too. */
async function untilOnline(url: string, name: string, count: number): Promise<void> {
  await post(url, { message: 'so that there is a room', room: name });
  while ((await online(url, name)) !== count);
}
