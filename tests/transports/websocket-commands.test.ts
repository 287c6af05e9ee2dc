/** What a client says on a WebSocket, and how it is answered. */
import { describe, expect, it } from 'vitest';
import { MAX_ROOMS_PER_CONNECTION } from '../../backend/limits.ts';
import { identify, poll, post } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { ServerEnvelope } from '../../protocol/envelope.ts';
import type { WsClient } from '../harness/ws-client.ts';

const start = () => startTestServer({ journal: 'memory' });

async function startChat() {
  const { url } = await start();
  const client = await connectWs(url);
  await client.untilCaughtUp();
  return { url, client };
}

/** @returns the next envelope that does not tell who is there */
async function next(client: WsClient): Promise<ServerEnvelope> {
  for (;;) {
    const envelope = await client.next();
    if (envelope.command !== 'presence') return envelope;
  }
}

describe('send-message', () => {
  it('is accepted with the message, which everyone in the room is sent too', async () => {
    const { url, client } = await startChat();
    const other = await connectWs(url);
    await other.untilCaughtUp();
    const { command, message } = await client.ask('send-message', { user: 'Azin', message: 'hi' }, 'k');
    expect(command).toBe('accepted');
    expect(message).toMatchObject({ id: 1, seq: 1, room: 'lobby', user: 'Azin', message: 'hi', key: 'k' });
    expect(await client.nextOf('message')).toEqual(message);
    expect(await other.nextOf('message')).toEqual(message);
    expect((await poll(url)).messages).toEqual([message]);
  });

  it('goes to the room it names, whatever the connection follows', async () => {
    const { url, client } = await startChat();
    await client.ask('send-message', { user: 'Azin', message: 'elsewhere', room: 'attic' });
    await client.ask('send-message', { user: 'Azin', message: 'here' });
    expect(await client.nextOf('message')).toMatchObject({ message: 'here', room: 'lobby' });
    expect((await poll(url, { room: 'attic' })).messages).toMatchObject([{ message: 'elsewhere' }]);
  });

  it('needs no key, and has none in its answer then', async () => {
    const { client } = await startChat();
    client.send('send-message', { user: 'Azin', message: 'hi' });
    const answers = [await next(client), await next(client)];
    const accepted = answers.find(({ command }) => command === 'accepted');
    expect(accepted).toBeDefined();
    expect(accepted).not.toHaveProperty('key');
    expect(accepted?.message).not.toHaveProperty('key');
  });

  it('is answered in the order it was sent, accepted or rejected', async () => {
    const { client } = await startChat();
    const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);
    for (const [index, key] of keys.entries()) {
      client.send('send-message', { user: index % 3 === 0 ? '' : 'Azin', message: 'hi' }, key);
    }
    const answered: ServerEnvelope[] = [];
    while (answered.length < keys.length) {
      const envelope = await client.next();
      if (envelope.command === 'accepted' || envelope.command === 'rejected') answered.push(envelope);
    }
    expect(answered.map(({ key }) => key)).toEqual(keys);
    expect(answered.map(({ command }) => command)).toEqual(
      keys.map((_, index) => (index % 3 === 0 ? 'rejected' : 'accepted')),
    );
  });
});

describe('the commands of the author', () => {
  it('edit, react to and delete the message', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    const client = await connectWs(url, { token });
    const { id } = await post(url, 'one', { token });
    expect(await client.ask('edit-message', { id, message: 'two' })).toMatchObject({
      command: 'accepted',
      message: { id, message: 'two' },
    });
    expect(await client.ask('react', { id, reaction: '👍' })).toMatchObject({ message: { reactions: { '👍': 1 } } });
    expect((await client.ask('unreact', { id, reaction: '👍' })).message).not.toHaveProperty('reactions');
    expect(await client.ask('delete-message', { id })).toMatchObject({ message: { id, deleted: true, message: '' } });
  });

  it.each([
    ['edit-message', { id: 1, message: 'two' }],
    ['delete-message', { id: 1 }],
    ['react', { id: 1, reaction: '👍' }],
    ['unreact', { id: 1, reaction: '👍' }],
  ])('%s needs an identity', async (command, message) => {
    const { url, client } = await startChat();
    await post(url, 'one');
    const rejected = { command: 'rejected', message: { code: 'identity-required', status: 401 } };
    expect(await client.ask(command, message)).toMatchObject(rejected);
  });
});

describe('what cannot be carried out', () => {
  it.each<[text: string, code: string]>([
    ['', 'malformed-json'],
    ['hi', 'malformed-json'],
    ['{', 'malformed-json'],
    ['\0', 'malformed-json'],
    ['null', 'malformed-json'],
    ['[]', 'malformed-json'],
    ['1', 'malformed-json'],
    ['"send-message"', 'malformed-json'],
    ['{}', 'invalid-message'],
    ['{"command":1}', 'invalid-message'],
    ['{"command":"shout","message":{}}', 'invalid-message'],
    ['{"command":"__proto__","message":{}}', 'invalid-message'],
    ['{"command":"constructor","message":{}}', 'invalid-message'],
    ['{"command":"toString"}', 'invalid-message'],
    ['{"command":"release-message","message":{}}', 'invalid-message'],
    ['{"command":"schedule-message","message":{}}', 'invalid-message'],
    ['{"command":"withdraw-message","message":{}}', 'invalid-message'],
    ['{"command":"Send-Message","message":{"user":"a","message":"b"}}', 'invalid-message'],
    ['{"command":"send-message"}', 'invalid-message'],
    ['{"command":"send-message","message":null}', 'invalid-message'],
    ['{"command":"send-message","message":"hi"}', 'invalid-message'],
    ['{"command":"send-message","message":[]}', 'invalid-message'],
    ['{"command":"send-message","message":{"user":"a","message":"\\ud800"}}', 'invalid-message'],
    ['{"command":"send-message","key":"","message":{"user":"a","message":"b"}}', 'invalid-message'],
    ['{"command":"send-message","key":7,"message":{"user":"a","message":"b"}}', 'invalid-message'],
    ['{"command":"send-message","key":null,"message":{"user":"a","message":"b"}}', 'invalid-message'],
    ['{"command":"send-message","key":"a b","message":{"user":"a","message":"b"}}', 'invalid-message'],
    ['{"command":"subscribe"}', 'invalid-message'],
    ['{"command":"subscribe","message":{"room":"!"}}', 'invalid-message'],
    ['{"command":"subscribe","message":{"room":"lobby","since":"x"}}', 'invalid-cursor'],
    ['{"command":"subscribe","message":{"room":"lobby","since":-1}}', 'invalid-cursor'],
    ['{"command":"subscribe","message":{"room":"lobby","since":1.5}}', 'invalid-cursor'],
    ['{"command":"subscribe","message":{"room":"lobby","since":null}}', 'invalid-'],
    ['{"command":"subscribe","message":{"room":"lobby","since":[0]}}', 'invalid-'],
    ['{"command":"subscribe","message":{"room":"lobby","since":{"toString":1,"valueOf":1}}}', 'invalid-'],
    ['{"command":"unsubscribe","message":{"room":7}}', 'invalid-message'],
    ['{"command":"edit-message","message":{"id":"1","message":"x"}}', 'invalid-message'],
    ['{"command":"delete-message","message":{"id":0}}', 'invalid-message'],
    ['{"command":"react","message":{"id":1,"reaction":"x"}}', 'invalid-message'],
    ['{"command":"typing","key":"k","message":{}}', 'invalid-message'],
  ])('is rejected, and the connection stays: %s', async (text, code) => {
    const { client, url } = await startChat();
    client.socket.send(text);
    const { command, message } = await next(client);
    expect(command).toBe('rejected');
    expect(message).toMatchObject({ code: expect.stringContaining(code) as string });
    for (const field of ['type', 'title', 'status', 'detail']) expect(message).toHaveProperty(field);
    expect(JSON.stringify(message)).not.toMatch(/\bat .*:\d+|node_modules|[A-Z]\w+Error/);
    expect(await client.ask('send-message', { user: 'Azin', message: 'still here' })).toMatchObject({
      command: 'accepted',
    });
    expect((await poll(url)).messages).toHaveLength(1);
  });

  it('may be nested without end', async () => {
    const { client } = await startChat();
    for (const deep of ['['.repeat(60_000), `{"command":${'['.repeat(30_000)}${']'.repeat(30_000)}}`]) {
      client.socket.send(deep);
      expect((await next(client)).command).toBe('rejected');
    }
  });

  it('is answered with its key, and the fields that are wrong', async () => {
    const { client } = await startChat();
    const { command, message } = await client.ask('send-message', { user: '', message: 7 }, 'k');
    expect(command).toBe('rejected');
    expect(message).toMatchObject({ code: 'invalid-message', errors: [{ field: 'user' }, { field: 'message' }] });
    expect(await client.ask('shout', {}, 'known')).toMatchObject({ command: 'rejected' });
  });

  it('does not keep what it does not know', async () => {
    const { client } = await startChat();
    client.socket.send(
      '{"command":"send-message","x":1,"__proto__":{"a":1},"message":{"user":"a","message":"b","id":9}}',
    );
    expect(await client.nextOf('accepted')).toMatchObject({ id: 1, message: 'b' });
    expect(Object.prototype).not.toHaveProperty('a');
  });
});

describe('rooms on one connection', () => {
  it('are followed from their own cursors, and told apart by the room in each message', async () => {
    const { url, client } = await startChat();
    await post(url, { message: 'a1', room: 'attic' });
    const { seq } = await post(url, { message: 'a2', room: 'attic' });
    await post(url, { message: 'a3', room: 'attic' });
    expect(await client.ask('subscribe', { room: 'attic', since: seq })).toMatchObject({
      command: 'accepted',
      message: { room: 'attic' },
    });
    const { messages } = await client.untilCaughtUp('attic');
    expect(messages.map(({ message }) => message)).toEqual(['a3']);
    for (const [room, message] of [
      ['attic', 'a4'],
      ['lobby', 'l1'],
      ['attic', 'a5'],
    ] as const) {
      await post(url, { room, message });
      expect(await client.nextOf('message')).toMatchObject({ room, message });
    }
  });

  it('give their newest without a cursor, and take a cursor as text or number', async () => {
    const { url, client } = await startChat();
    const { seq } = await post(url, { message: 'a1', room: 'attic' });
    const { since } = await poll(url);
    await post(url, { message: 'a2', room: 'attic' });
    for (const [from, expected] of [
      [{}, 2],
      [{ since: seq }, 1],
      [{ since: `${seq}` }, 1],
      [{ since }, 1],
    ] as const) {
      await client.ask('subscribe', { room: 'attic', ...from });
      expect((await client.untilCaughtUp('attic')).messages).toHaveLength(expected);
    }
  });

  it('is refused beyond a hundred rooms, until one is left; those that are followed stay', async () => {
    const { client } = await startChat();
    for (let nth = 1; nth < MAX_ROOMS_PER_CONNECTION; nth++) await client.ask('subscribe', { room: `room-${nth}` });
    const refused = await client.ask('subscribe', { room: 'one-more' });
    expect(refused).toMatchObject({ command: 'rejected', message: { code: 'rate-limited', status: 429 } });
    await client.ask('send-message', { user: 'Azin', message: 'still here', room: 'room-1' });
    expect(await client.nextOf('message')).toMatchObject({ message: 'still here' });
    expect((await client.ask('subscribe', { room: 'room-1' })).command).toBe('accepted');
    await client.ask('unsubscribe', { room: 'room-2' });
    expect((await client.ask('subscribe', { room: 'one-more' })).command).toBe('accepted');
  });

  it('answer the subscription before anything of the room comes', async () => {
    const { url, client } = await startChat();
    await post(url, { message: 'a1', room: 'attic' });
    client.send('subscribe', { room: 'attic', since: 0 }, 'k');
    const commands = [await next(client), await next(client), await next(client)].map(({ command }) => command);
    expect(commands).toEqual(['accepted', 'message', 'caught-up']);
  });

  it('are reset where the cursor is gone, after the answer', async () => {
    const { url, client } = await startChat();
    await post(url, { message: 'a1', room: 'attic' });
    client.send('subscribe', { room: 'attic', since: '1-other' }, 'k');
    expect(await next(client)).toMatchObject({ command: 'accepted', key: 'k' });
    expect(await next(client)).toEqual({ command: 'reset', message: { room: 'attic', code: 'cursor-gone' } });
    expect(await next(client)).toMatchObject({ command: 'message', message: { message: 'a1' } });
    expect(await next(client)).toMatchObject({ command: 'caught-up', message: { room: 'attic' } });
  });

  it('say no more once they are left', async () => {
    const { url, client } = await startChat();
    await client.ask('subscribe', { room: 'attic' });
    await client.untilCaughtUp('attic');
    const posting = Promise.all(Array.from({ length: 30 }, () => post(url, { message: 'noise', room: 'attic' })));
    expect(await client.ask('unsubscribe', { room: 'attic' })).toMatchObject({ message: { room: 'attic' } });
    const left = client.received.length;
    await posting;
    await post(url, { message: 'late', room: 'attic' });
    await post(url, 'in the lobby');
    while ((await client.nextOf('message')).message !== 'in the lobby');
    const after = client.received.slice(left).filter(({ command }) => command === 'message');
    expect(after).toMatchObject([{ message: { message: 'in the lobby' } }]);
  });

  it('can be left also where they are not followed, and the first one too', async () => {
    const { url, client } = await startChat();
    expect(await client.ask('unsubscribe', { room: 'never' })).toMatchObject({ command: 'accepted' });
    await client.ask('unsubscribe', { room: 'lobby' });
    await post(url, 'unheard');
    await client.ask('subscribe', { room: 'attic' });
    await post(url, { message: 'heard', room: 'attic' });
    expect(await client.nextOf('message')).toMatchObject({ message: 'heard' });
  });

  it('are a hundred at most', async () => {
    const { client } = await startChat();
    for (let index = 1; index < 100; index++) {
      expect((await client.ask('subscribe', { room: `room-${index}` })).command).toBe('accepted');
    }
    const refused = { command: 'rejected', message: { code: 'rate-limited' } };
    expect(await client.ask('subscribe', { room: 'one-more' })).toMatchObject(refused);
    expect((await client.ask('subscribe', { room: 'room-1' })).command).toBe('accepted');
  });
});

describe('a silent peer', () => {
  async function startSilence(autoPong: boolean) {
    const clock = createClock();
    const { url } = await startTestServer({ journal: 'memory', clock });
    const client = await connectWs(url, { client: { autoPong } });
    await client.untilCaughtUp();
    const pinged = () => new Promise((resolve) => client.socket.once('ping', resolve));
    return { clock, url, client, pinged };
  }

  it('is pinged after 30 s, and cut when it does not answer in 10 s', async () => {
    const { clock, client, pinged } = await startSilence(false);
    const ping = pinged();
    clock.advance(30_000);
    await ping;
    clock.advance(9_000);
    expect(await client.ask('typing', { user: 'Azin' })).toMatchObject({ command: 'accepted' });
    // That was heard; the next ping is not answered by anything.
    const second = pinged();
    clock.advance(30_000);
    await second;
    clock.advance(10_000);
    expect(await client.closed).toMatchObject({ code: 1006 });
  });

  it('that answers stays, for hours', async () => {
    const { clock, client, pinged, url } = await startSilence(true);
    for (let round = 0; round < 20; round++) {
      const ping = pinged();
      clock.advance(30_000);
      await ping;
      // Sent after the pong, so answered after it was heard.
      expect((await client.ask('unsubscribe', { room: 'never' })).command).toBe('accepted');
    }
    await post(url, 'still there');
    expect(await client.nextOf('message')).toMatchObject({ message: 'still there' });
  });
});
