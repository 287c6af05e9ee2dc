/** Which rooms there are. */
import { expect, it } from 'vitest';
import { call, identify, poll, post, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';

const start = async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  return { url, ...(await identify(url)) };
};
const roomsOf = async (url: string, query = '') => (await call(url, `/rooms${query}`)).json;

it('begins with no room at all', async () => {
  const { url } = await start();
  expect(await roomsOf(url)).toEqual([]);
});

it('counts messages, and gives the newest seq and who is there', async () => {
  const { url } = await start();
  await post(url, 'one');
  await post(url, 'two');
  await post(url, { message: 'three', room: 'attic' });
  await connectWs(url, { room: 'attic' });
  expect(await roomsOf(url)).toEqual([
    { room: 'attic', messages: 1, seq: 3, online: 1 },
    { room: 'lobby', messages: 2, seq: 2, online: 0 },
  ]);
});

it('puts the most recently active first, whatever the activity was', async () => {
  const { url, token } = await start();
  const { id } = await post(url, 'one', { token });
  await post(url, { message: 'two', room: 'attic' });
  await post(url, { message: 'three', room: 'cellar' });
  const names = async () => ((await roomsOf(url)) as { room: string }[]).map(({ room }) => room);
  expect(await names()).toEqual(['cellar', 'attic', 'lobby']);
  await write(url, `/messages/${id}/reactions/👍`, undefined, { method: 'PUT', token });
  expect(await names()).toEqual(['lobby', 'cellar', 'attic']);
});

it('does not count tombstones, and keeps the room', async () => {
  const { url, token } = await start();
  const { id } = await post(url, 'one', { token });
  await post(url, 'two', { token });
  await write(url, `/messages/${id}`, { message: 'edited' }, { method: 'PATCH', token });
  const remove = () => write(url, `/messages/${id}`, undefined, { method: 'DELETE', token });
  await remove();
  await remove();
  expect(await roomsOf(url)).toEqual([{ room: 'lobby', messages: 1, seq: 4, online: 0 }]);
  await write(url, '/messages/2', undefined, { method: 'DELETE', token });
  expect(await roomsOf(url)).toMatchObject([{ room: 'lobby', messages: 0 }]);
});

it('is not made by listening, nor by what is refused or still waits', async () => {
  const { url, token } = await start();
  await connectWs(url, { room: 'attic' });
  await poll(url, { room: 'cellar' });
  await write(url, '/messages', { user: 'Azin', message: '', room: 'roof' });
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  expect(
    (await write(url, '/messages', { user: 'Azin', message: 'x', room: 'garden', sendAt }, { token })).status,
  ).toBe(202);
  expect(await roomsOf(url)).toEqual([]);
});

it('gives as many as asked for', async () => {
  const { url } = await start();
  for (const room of ['a', 'b', 'c']) await post(url, { message: 'hi', room });
  expect(await roomsOf(url, '?limit=2')).toMatchObject([{ room: 'c' }, { room: 'b' }]);
  for (const query of [
    '?limit=0',
    '?limit=1001',
    '?limit=',
    '?limit=x',
    '?limit=1&limit=2',
    '?limit=-1',
    '?limit=1e1',
  ]) {
    expect([query, (await call(url, `/rooms${query}`)).status]).toEqual([query, 400]);
  }
});

it('is the same after a restart', async () => {
  const first = await startTestServer();
  await post(first.url, 'one');
  await post(first.url, { message: 'two', room: 'attic' });
  const before = await roomsOf(first.url);
  await first.stop();
  const { url } = await startTestServer({ dataDir: first.dataDir });
  expect(await roomsOf(url)).toEqual(before);
});

it.each(['a', '0', 'a-', 'a--b', '0'.repeat(40), 'constructor', 'tostring'])('takes %s for a room', async (room) => {
  const { url } = await start();
  expect(await post(url, { message: 'hi', room })).toMatchObject({ room });
  expect((await poll(url, { room })).messages).toHaveLength(1);
});

it.each(['', '-a', 'A', 'a'.repeat(41), 'a b', 'ä', 'a_b', '__proto__', 'a\n', '../a', '%61', 5, null])(
  'does not take %j for one',
  async (room) => {
    const { url } = await start();
    const { json } = await write(url, '/messages', { user: 'Azin', message: 'hi', room });
    expect(json).toMatchObject({ code: 'invalid-message', errors: [{ field: 'room' }] });
    const { status } = await call(url, `/messages?${new URLSearchParams({ room: String(room) })}`);
    expect(status).toBe(typeof room === 'string' ? 400 : 200);
  },
);
