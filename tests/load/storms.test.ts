/** Bursts that would cost too much if each change went to each listener by itself. */
import { expect, it } from 'vitest';
import { identify, poll, post, write } from '../harness/api.ts';
import { startServerProcess } from '../harness/process.ts';
import { createRandom } from '../harness/random.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import { systemClock } from '../../backend/clock.ts';
import type { Message } from '../../protocol/envelope.ts';

const TIMEOUT_MS = 180_000;

it(
  'gives a message that changed 1,000 times while one was away to that one once',
  { timeout: TIMEOUT_MS },
  async () => {
    const { url } = await startTestServer();
    const { token } = await identify(url);
    const away = await connectWs(url);
    const { since } = await away.untilCaughtUp();
    away.drop();
    const writer = await connectWs(url, { token, room: 'elsewhere' });
    const { id } = await post(url, 'edit 0', { token });
    const edits = Array.from({ length: 1_000 }, (_, index) =>
      writer.ask('edit-message', { id, message: `edit ${index + 1}` }),
    );
    expect((await Promise.all(edits)).every(({ command }) => command === 'accepted')).toBe(true);
    const { messages } = await (await connectWs(url, { since })).untilCaughtUp();
    expect(messages.map(({ message, seq }) => [message, seq])).toEqual([['edit 1000', id + 1_000]]);
    expect((await poll(url, { since })).messages).toEqual(messages);
  },
);

it(
  'sends far fewer than 1,000,000 frames when 1,000 like one message with 1,000 listening',
  { timeout: TIMEOUT_MS },
  async () => {
    const { url } = await startServerProcess();
    const { id } = await post(url, 'like me');
    const tokens: string[] = [];
    while (tokens.length < 1_000) {
      const some = await Promise.all(Array.from({ length: 50 }, () => identify(url)));
      tokens.push(...some.map(({ token }) => token));
    }
    const crowd = [];
    for (let at = 0; at < tokens.length; at += 50) {
      crowd.push(
        ...(await Promise.all(tokens.slice(at, at + 50).map((token) => connectWs(url, { token, since: id })))),
      );
    }
    for (const client of crowd) client.send('react', { id, reaction: '👍' });
    await Promise.all(
      crowd.map(async (client) => {
        for (let last = 0; last < 1_000;) {
          const { seq, reactions } = await client.nextOf('message');
          expect(seq).toBeGreaterThan(last);
          last = reactions?.['👍'] ?? 0;
        }
      }),
    );
    const frames = crowd.reduce(
      (sum, { received }) => sum + received.filter(({ command }) => command === 'message').length,
      0,
    );
    expect(frames).toBeLessThan(200_000);
    const newest = crowd.map(
      ({ received }) => received.findLast(({ command }) => command === 'message')?.message as Message,
    );
    expect(new Set(newest.map(({ seq }) => seq))).toEqual(new Set([id + 1_000]));
  },
);

it(
  'lets 10,000 scheduled for one second out in due order, and others post meanwhile',
  { timeout: TIMEOUT_MS },
  async () => {
    const random = createRandom(10_000);
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const { url } = await startTestServer({ clock });
    const due = Date.now() + 3_600_000;
    const people = await Promise.all(Array.from({ length: 100 }, () => identify(url)));
    await Promise.all(
      people.map(async ({ token }, person) => {
        const client = await connectWs(url, { token, room: 'elsewhere' });
        const answers = Array.from({ length: 100 }, (_, index) => {
          const ms = Math.floor(random() * 1_000);
          const message = {
            user: 'Azin',
            message: `${ms} ${person} ${index}`,
            room: 'plans',
            sendAt: new Date(due + ms).toISOString(),
          };
          return client.ask('send-message', message);
        });
        expect((await Promise.all(answers)).every(({ command }) => command === 'accepted')).toBe(true);
        await client.close();
      }),
    );
    const other = await connectWs(url);
    const listener = await connectWs(url, { room: 'plans', since: 0 });
    aheadMs = 3_602_000;
    // The server asks the clock on the wall again when anything is scheduled.
    const { token } = await identify(url);
    await write(
      url,
      '/messages',
      { user: 'Bela', message: 'x', sendAt: new Date(clock.now() + 86_400_000).toISOString() },
      { token },
    );
    const released: Message[] = [];
    const hearing = (async () => {
      while (released.length < 10_000) released.push(await listener.nextOf('message'));
    })();
    const between: number[] = [];
    while (released.length < 10_000) {
      const { message } = await other.ask('send-message', { user: 'Cora', message: 'still here' });
      between.push((message as Message).id);
    }
    await hearing;
    const keys = released.map(({ message, id }) => ({ ms: Number(message.split(' ')[0]), id }));
    expect(keys).toEqual(keys.toSorted((one, other) => one.ms - other.ms || one.id - other.id));
    const [first, last] = [released[0]!.id, released.at(-1)!.id];
    // One after another, each answered before the next: they would all come after, if the releases held them up.
    expect(between.filter((id) => id > first && id < last).length).toBeGreaterThan(20);
  },
);
