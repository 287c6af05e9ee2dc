/** Who is writing just now. The clock is moved by hand. */
import { expect, it } from 'vitest';
import { poll } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { WsClient } from '../harness/ws-client.ts';

const start = async () => {
  const clock = createClock();
  const { url } = await startTestServer({ journal: 'memory', clock });
  return { clock, url };
};

/** @returns those who were told to be writing before a message came */
async function typingUntil(client: WsClient, text: string): Promise<string[]> {
  const users: string[] = [];
  for (;;) {
    const envelope = await client.next();
    if (envelope.command === 'typing') users.push(envelope.message.user);
    if (envelope.command === 'message' && envelope.message.message === text) return users;
  }
}

const say = (client: WsClient, message: string, room = 'lobby') =>
  client.ask('send-message', { user: 'X', message, room });

it('is told to the others in the room, and not to the one who writes', async () => {
  const { clock, url } = await start();
  const [azin, bela] = [await connectWs(url), await connectWs(url)];
  const elsewhere = await connectWs(url, { room: 'attic' });
  await azin.ask('typing', { user: ' Azin ' });
  clock.advance(200);
  expect(await bela.nextOf('typing')).toEqual({ room: 'lobby', user: 'Azin' });
  await say(azin, 'done');
  await say(azin, 'done', 'attic');
  expect(await typingUntil(azin, 'done')).toEqual([]);
  expect(await typingUntil(elsewhere, 'done')).toEqual([]);
});

it('is answered only when it has a key', async () => {
  const { url } = await start();
  const azin = await connectWs(url);
  azin.send('typing', { user: 'Azin' });
  expect(await azin.ask('typing', { user: 'Azin' }, 'k-1')).toMatchObject({ command: 'accepted', key: 'k-1' });
  await say(azin, 'done');
  await typingUntil(azin, 'done');
  expect(azin.received.filter(({ command }) => command === 'accepted')).toHaveLength(2);
});

it.each([
  {},
  { user: '' },
  { user: 'x'.repeat(41) },
  { user: '\u202ex' },
  { user: 5 },
  { user: 'Azin', room: 'Attic' },
  null,
  'Azin',
  [],
])('refuses %j', async (message) => {
  const { url } = await start();
  const azin = await connectWs(url);
  expect(await azin.ask('typing', message)).toMatchObject({
    command: 'rejected',
    message: { code: 'invalid-message' },
  });
});

it('is told once a second at most, however often it is said', async () => {
  const { clock, url } = await start();
  const [azin, bela] = [await connectWs(url), await connectWs(url)];
  for (let count = 0; count < 50; count++) await azin.ask('typing', { user: 'Azin' });
  clock.advance(500);
  for (let count = 0; count < 50; count++) await azin.ask('typing', { user: 'Azin' });
  clock.advance(200);
  await say(azin, 'first');
  expect(await typingUntil(bela, 'first')).toEqual(['Azin']);
  clock.advance(1_000);
  await azin.ask('typing', { user: 'Azin' });
  clock.advance(200);
  await say(azin, 'second');
  expect(await typingUntil(bela, 'second')).toEqual(['Azin']);
});

it('makes few frames when a crowd writes at once', async () => {
  const { clock, url } = await start();
  const watcher = await connectWs(url);
  const crowd = await Promise.all(Array.from({ length: 200 }, () => connectWs(url)));
  await Promise.all(crowd.map((client, index) => client.ask('typing', { user: `U${index}` })));
  clock.advance(200);
  await say(watcher, 'done');
  const told = await typingUntil(watcher, 'done');
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThanOrEqual(20);
  expect(new Set(told).size).toBe(told.length);
});

it('is stored nowhere and moves no cursor', async () => {
  const { clock, url } = await start();
  const { since } = await poll(url);
  const [azin, bela] = [await connectWs(url), await connectWs(url)];
  await azin.ask('typing', { user: 'Azin' });
  clock.advance(200);
  await bela.nextOf('typing');
  expect(await poll(url)).toMatchObject({ since, messages: [] });
  const later = await connectWs(url, { since: 0 });
  await say(azin, 'done');
  expect(await typingUntil(later, 'done')).toEqual([]);
});
