/** A client that sends commands and does not take the answers. */
import { expect, it } from 'vitest';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';

it('is read no further for a while, and gets every answer in order once it reads again', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  // In a room that it does not follow: all that comes are answers.
  const client = await connectWs(url, { room: 'elsewhere' });
  await client.untilCaughtUp('elsewhere');
  client.socket.pause();
  const count = 1_000;
  const text = '😀'.repeat(3_990); // 16 kB each: more than the system's own buffers hold
  for (let index = 0; index < count; index++) {
    client.send('send-message', { user: 'Azin', message: `${text} ${index}` }, `key-${index}`);
  }
  const other = await connectWs(url);
  await other.untilCaughtUp();
  await other.ask('send-message', { user: 'Bo', message: 'nobody else waits' });

  client.socket.resume();
  for (let index = 0; index < count; index++) {
    const message = await client.nextOf('accepted');
    expect(message).toMatchObject({ key: `key-${index}` });
  }
});
