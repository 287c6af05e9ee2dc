/** Floods over a WebSocket, by one that does not care for the answers: bounded in what it costs, and nobody else waits. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { call, post } from '../harness/api.ts';
import { clientFrame, connectRaw, HANDSHAKE, OPCODE } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { RawSocket } from '../harness/raw-socket.ts';

const start = () => startTestServer({ journal: 'memory' });

async function open(port: number, offers: readonly string[] = []): Promise<RawSocket> {
  const raw = await connectRaw(port);
  const { status, headers } = await raw.upgrade('/messages', [...HANDSHAKE, ...offers]);
  expect(status).toBe(101);
  expect(headers.has('sec-websocket-extensions')).toBe(false);
  expect(headers.has('sec-websocket-protocol')).toBe(false);
  return raw;
}

const times = (count: number, frame: Buffer) => Buffer.concat(Array.from({ length: count }, () => frame));
const command = (name: string, message: object, key?: string) =>
  clientFrame(JSON.stringify({ command: name, key, message }));
const empty = { opcode: OPCODE.continuation, isFinal: false };

const FLOODS: Readonly<Record<string, Buffer>> = {
  pings: times(20_000, clientFrame('x'.repeat(125), { opcode: OPCODE.ping })),
  pongs: times(20_000, clientFrame('', { opcode: OPCODE.pong })),
  'empty fragments': Buffer.concat([clientFrame('{', { isFinal: false }), times(20_000, clientFrame('', empty))]),
  'fragments of one byte': Buffer.concat([
    clientFrame('{', { isFinal: false }),
    times(20_000, clientFrame('x', empty)),
  ]),
  'fragments between pings': times(
    5_000,
    Buffer.concat([clientFrame('', empty), clientFrame('', { opcode: OPCODE.ping })]),
  ),
  'signs of writing': times(20_000, command('typing', { user: 'Mallory' })),
  'rooms to follow and leave': times(
    3_000,
    Buffer.concat([command('subscribe', { room: 'a' }), command('unsubscribe', { room: 'a' })]),
  ),
  'commands that are refused': times(20_000, clientFrame('{}')),
  'commands without a key': times(20_000, clientFrame('')),
  brackets: times(100, clientFrame('['.repeat(60_000))),
};

describe('a flood', () => {
  it.each(Object.entries(FLOODS))(
    'of %s keeps nobody else waiting, and leaves nothing behind',
    async (_what, flood) => {
      const { url, port } = await start();
      const other = await connectWs(url);
      await other.untilCaughtUp();
      const raw = await open(port);
      raw.socket.pause(); // no answer is taken
      raw.socket.on('error', () => {}); // it may be cut
      raw.socket.write(flood);
      for (let round = 0; round < 20; round++) {
        const { id } = await post(url, `round ${round}`);
        expect((await other.nextOf('message')).id).toBe(id);
        expect((await other.ask('unsubscribe', { room: 'nobody' })).command).toBe('accepted');
      }
      raw.socket.destroy();
      for (;;) {
        const { text } = await call(url, '/metrics');
        if (text.includes('chat_connections{transport="websocket"} 1\n')) break;
        await nextTurn();
      }
    },
  );

  it('of what waits to be read is stopped at the socket, not kept in memory', async () => {
    const { port, url } = await start();
    const raw = await open(port);
    raw.socket.pause();
    // Commands that are answered, in far more bytes than the sockets of both ends take.
    const part = times(2_000, command('subscribe', { room: 'a' }, 'k'));
    let sent = 0;
    for (let round = 0; round < 400 && sent - raw.socket.writableLength < 48e6; round++) {
      sent += part.length;
      if (!raw.socket.write(part) && raw.socket.writableLength > 32e6) break;
      await nextTurn();
    }
    await post(url, 'still served');
    // The server has stopped reading: what was sent waits at the sender's.
    expect(raw.socket.writableLength).toBeGreaterThan(16e6);
    raw.socket.destroy();
  });
});

describe('an offer to compress', () => {
  it.each([
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate, permessage-bzip2',
    'x-webkit-deflate-frame',
  ])('is not taken, so that nothing sent can grow: %s', async (offer) => {
    const { port } = await start();
    const raw = await open(port, [
      `Sec-WebSocket-Extensions: ${offer}`,
      'Sec-WebSocket-Protocol: chat, __proto__, constructor',
    ]);
    // "A megabyte of zeros" in a few bytes, as RFC 7692 would have it.
    raw.send(clientFrame(Buffer.from('62f8ff1f040000000000', 'hex'), { reserved: 0x40 }));
    expect(await raw.closeCode()).toBe(1002);
  });
});

describe('what one connection has sent in part', () => {
  it('is no part of what another sends', async () => {
    const { port, url } = await start();
    const [idle, half, whole] = [await open(port), await open(port), await open(port)];
    const frame = command('send-message', { user: 'Azin', message: 'in two parts' });
    for (const cut of [1, 3, 7, 40]) {
      half.send(frame.subarray(0, cut));
      await post(url, 'by then it has arrived');
      for (const other of [idle, whole]) {
        other.send(command('unsubscribe', { room: 'nobody' }, 'k'));
        for (let text = ''; !text.includes('"accepted"');) {
          const { opcode, payload } = await other.frame();
          expect(opcode).toBe(OPCODE.text);
          text = payload.toString();
        }
      }
      half.send(frame.subarray(cut));
    }
    await untilPosted(url, 'in two parts', 4);
  });
});

async function untilPosted(url: string, text: string, count: number): Promise<void> {
  for (;;) {
    const { json } = await call(url, '/messages');
    if ((json as { message: string }[]).filter(({ message }) => message === text).length === count) return;
    await nextTurn();
  }
}
