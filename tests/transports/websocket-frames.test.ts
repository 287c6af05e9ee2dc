/** WebSocket frames that no browser sends: each is answered with the close code that names what is wrong with it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { poll, post } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { clientFrame, connectRaw, HANDSHAKE, OPCODE } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import type { RawFrame, RawSocket } from '../harness/raw-socket.ts';

const MAX_MESSAGE_BYTES = 65_536;

const start = () => startTestServer({ journal: 'memory' });

/** @returns a socket whose handshake is done and that has caught up */
async function open(port: number): Promise<RawSocket> {
  const raw = await connectRaw(port);
  expect((await raw.upgrade()).status).toBe(101);
  expect(await nextEnvelope(raw, 'caught-up')).toMatchObject({ message: { room: 'lobby' } });
  return raw;
}

interface Envelope {
  command: string;
  key?: string;
  message: Record<string, unknown>;
}

/** @returns the next text frame of this command; others are passed over */
async function nextEnvelope(raw: RawSocket, command: string): Promise<Envelope> {
  for (;;) {
    const { opcode, payload } = await raw.frame();
    if (opcode === OPCODE.close) throw new Error(`closed with ${payload.readUInt16BE(0)}`);
    if (opcode !== OPCODE.text) continue;
    const envelope = JSON.parse(payload.toString()) as Envelope;
    if (envelope.command === command) return envelope;
  }
}

/** @returns the next frame of this kind; others are passed over */
async function nextFrame(raw: RawSocket, opcode: number): Promise<RawFrame> {
  for (;;) {
    const frame = await raw.frame();
    if (frame.opcode === opcode) return frame;
  }
}

const command = (name: string, message: object, key?: string) => JSON.stringify({ command: name, key, message });

const sending = (message: string, key = 'k') => command('send-message', { user: 'Azin', message }, key);

/** A command of exactly so many bytes. */
function commandOf(bytes: number): string {
  const text = command('send-message', { user: 'Azin', message: 'large', padding: '' });
  return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
}

/** @returns `text` in frames of at most `size` bytes */
function fragments(text: string | Buffer, size: number, opcode: number = OPCODE.text): Buffer[] {
  const bytes = Buffer.from(text as string);
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) =>
    clientFrame(bytes.subarray(index * size, (index + 1) * size), {
      opcode: index === 0 ? opcode : OPCODE.continuation,
      isFinal: index === count - 1,
    }),
  );
}

describe('a frame', () => {
  it.each<[what: string, frames: Buffer[], code: number]>([
    ['that is not masked', [clientFrame(sending('x'), { isMasked: false })], 1002],
    ['that is not masked and empty', [clientFrame('', { isMasked: false })], 1002],
    ['that is an unmasked ping', [clientFrame('', { opcode: OPCODE.ping, isMasked: false })], 1002],
    ['with the first reserved bit', [clientFrame(sending('x'), { reserved: 0x40 })], 1002],
    ['with the second reserved bit', [clientFrame(sending('x'), { reserved: 0x20 })], 1002],
    ['with the third reserved bit', [clientFrame('', { opcode: OPCODE.ping, reserved: 0x10 })], 1002],
    ['of an unknown kind', [clientFrame('x', { opcode: 3 })], 1002],
    ['of an unknown kind of control', [clientFrame('x', { opcode: 11 })], 1002],
    ['that goes on with nothing', [clientFrame('x', { opcode: OPCODE.continuation })], 1002],
    ['that begins amid another', [clientFrame('{', { isFinal: false }), clientFrame('}')], 1002],
    ['that is a ping in pieces', [clientFrame('', { opcode: OPCODE.ping, isFinal: false })], 1002],
    ['that is a ping of 126 bytes', [clientFrame('x'.repeat(126), { opcode: OPCODE.ping })], 1002],
    ['that closes with one byte', [clientFrame('x', { opcode: OPCODE.close })], 1002],
    ['that closes with 1005', [clientFrame(Buffer.from([3, 237]), { opcode: OPCODE.close })], 1002],
    ['that closes with 999', [clientFrame(Buffer.from([3, 231]), { opcode: OPCODE.close })], 1002],
    [
      'that closes for no reason in UTF-8',
      [clientFrame(Buffer.from([3, 232, 255, 255]), { opcode: OPCODE.close })],
      1007,
    ],
    ['that is binary', [clientFrame(sending('x'), { opcode: OPCODE.binary })], 1003],
    ['that is binary and empty', [clientFrame('', { opcode: OPCODE.binary })], 1003],
    ['that is binary in pieces', fragments(sending('x'), 10, OPCODE.binary), 1003],
    ['that only begins to be binary', fragments(sending('x'), 10, OPCODE.binary).slice(0, 1), 1003],
    ['that is not UTF-8', [clientFrame(Buffer.from([0x22, 0xff, 0x22]))], 1007],
    ['with half a character', [clientFrame(Buffer.from('"😀"').subarray(0, 4))], 1007],
    ['with an encoded surrogate', [clientFrame(Buffer.from([0xed, 0xa0, 0x80]))], 1007],
    ['with too long a form', [clientFrame(Buffer.from([0xc0, 0xaf]))], 1007],
    ['whose pieces are not UTF-8', fragments(Buffer.from([0x22, 0xff, 0x22]), 1), 1007],
  ])('%s is refused', async (_what, frames, code) => {
    const { port, url } = await start();
    const raw = await open(port);
    for (const frame of frames) raw.send(frame);
    expect(await raw.closeCode()).toBe(code);
    await raw.ended;
    expect((await poll(url)).messages).toEqual([]);
  });

  it.each<[what: string, length: bigint]>([
    ['65,537 bytes', 65_537n],
    ['2^31 bytes', 2n ** 31n],
    ['2^32 bytes', 2n ** 32n],
    ['2^53 bytes', 2n ** 53n],
    ['2^63 - 1 bytes', 2n ** 63n - 1n],
    ['2^64 - 1 bytes', 2n ** 64n - 1n],
  ])('of %s is refused as soon as its length is known', async (_what, claimedLength) => {
    const { port } = await start();
    for (const opcode of [OPCODE.text, OPCODE.binary]) {
      const raw = await open(port);
      const maskAndNothing = 4;
      const head = clientFrame('', { opcode, claimedLength });
      raw.send(head.subarray(0, head.length - maskAndNothing));
      expect(await raw.closeCode()).toBe(1009);
      await raw.ended;
    }
  });

  it('may have 65,536 bytes, also in pieces', async () => {
    const { port } = await start();
    const raw = await open(port);
    raw.send(clientFrame(commandOf(MAX_MESSAGE_BYTES)));
    expect((await nextEnvelope(raw, 'accepted')).message).toMatchObject({ message: 'large' });
    for (const frame of fragments(commandOf(MAX_MESSAGE_BYTES), 1_000)) raw.send(frame);
    expect((await nextEnvelope(raw, 'accepted')).message).toMatchObject({ message: 'large' });
  });

  it('is refused when it makes a message in pieces too large, before the piece is there', async () => {
    const { port } = await start();
    const raw = await open(port);
    const [first = Buffer.alloc(0)] = fragments('x'.repeat(120_000), 60_000);
    const second = clientFrame('', { opcode: OPCODE.continuation, claimedLength: 5_537n });
    raw.send(Buffer.concat([first, second]));
    expect(await raw.closeCode()).toBe(1009);
  });

  it('is refused as soon as its first bytes are wrong, not when it is complete', async () => {
    const { port } = await start();
    for (const options of [{ isMasked: false }, { reserved: 0x40 }]) {
      const raw = await open(port);
      raw.send(clientFrame('', { ...options, claimedLength: 60_000n }));
      expect(await raw.closeCode()).toBe(1002);
    }
  });

  it('may come byte by byte, with pings between its pieces', async () => {
    const { port } = await start();
    const raw = await open(port);
    const ping = clientFrame('are you there', { opcode: OPCODE.ping });
    const bytes = Buffer.concat(fragments(sending('a 😀 in pieces'), 7).flatMap((piece) => [piece, ping]));
    for (const byte of bytes) {
      raw.send(Buffer.from([byte]));
      await nextTurn();
    }
    let pongs = 0;
    for (let text = ''; !text.includes('"accepted"');) {
      const { opcode, payload } = await raw.frame();
      text = payload.toString();
      if (opcode !== OPCODE.pong) continue;
      expect(text).toBe('are you there');
      pongs++;
    }
    expect(pongs).toBeGreaterThan(5);
  });

  it('is answered by a pong with the same bytes', async () => {
    const { port } = await start();
    const raw = await open(port);
    const bytes = Buffer.from(Array.from({ length: 125 }, (_, index) => index * 2));
    raw.send(clientFrame(bytes, { opcode: OPCODE.ping }));
    expect(await nextFrame(raw, OPCODE.pong)).toEqual({ isFinal: true, opcode: OPCODE.pong, payload: bytes });
    raw.send(clientFrame('unasked for', { opcode: OPCODE.pong }));
    raw.send(clientFrame('', { opcode: OPCODE.ping }));
    expect((await nextFrame(raw, OPCODE.pong)).payload).toEqual(Buffer.alloc(0));
  });

  it('is neither masked nor in pieces when the server sends it', async () => {
    const { port, url } = await start();
    const raw = await open(port);
    const posted = await post(url, 'x'.repeat(4_000));
    for (;;) {
      // A masked one would not be read as text here.
      const { isFinal, opcode, payload } = await raw.frame();
      expect([isFinal, opcode]).toEqual([true, OPCODE.text]);
      const envelope = JSON.parse(payload.toString()) as Envelope;
      if (envelope.command !== 'message') continue;
      expect(envelope.message).toEqual(posted);
      return;
    }
  });
});

describe('a flood', () => {
  it('of fragments is cut', async () => {
    const { port } = await start();
    for (const size of [0, 1]) {
      const raw = await open(port);
      raw.send(clientFrame('x'.repeat(size), { isFinal: false }));
      const piece = clientFrame('x'.repeat(size), { opcode: OPCODE.continuation, isFinal: false });
      raw.send(Buffer.concat(Array.from({ length: 20_000 }, () => piece)));
      expect(await raw.closeCode()).toBe(1008);
      await raw.ended;
    }
  });

  it('of rejected commands is cut after a hundred', async () => {
    const { port } = await start();
    const raw = await open(port);
    for (let sent = 0; sent < 100; sent++) raw.send(clientFrame('not JSON'));
    for (let sent = 0; sent < 100; sent++) {
      expect((await nextEnvelope(raw, 'rejected')).message).toMatchObject({ code: 'malformed-json' });
    }
    raw.send(clientFrame(sending('still here')));
    expect((await nextEnvelope(raw, 'accepted')).message).toMatchObject({ message: 'still here' });
    raw.send(clientFrame('one more'));
    expect(await raw.closeCode()).toBe(1008);
    await raw.ended;
  });

  it('of rejected commands is counted in 10 s', async () => {
    const clock = createClock();
    const { port } = await startTestServer({ journal: 'memory', clock });
    const raw = await open(port);
    for (let round = 0; round < 3; round++) {
      for (let sent = 0; sent < 100; sent++) raw.send(clientFrame('{}'));
      for (let sent = 0; sent < 100; sent++) await nextEnvelope(raw, 'rejected');
      clock.advance(10_001);
    }
    raw.send(clientFrame(sending('still here')));
    expect((await nextEnvelope(raw, 'accepted')).message).toMatchObject({ message: 'still here' });
  });

  it('of commands is answered in order, each once', async () => {
    const { port } = await start();
    const raw = await open(port);
    const count = 3_000;
    const frames = Array.from({ length: count }, (_, index) => clientFrame(sending(`${index}`, `key-${index}`)));
    raw.send(Buffer.concat(frames));
    for (let index = 0; index < count; index++) {
      expect(await nextEnvelope(raw, 'accepted')).toMatchObject({
        key: `key-${index}`,
        message: { message: `${index}` },
      });
    }
  });

  it('of pings from one that takes no pongs is not answered without end', async () => {
    const { port } = await start();
    const raw = await open(port);
    raw.socket.pause();
    const ping = clientFrame('x'.repeat(125), { opcode: OPCODE.ping });
    const pings = Buffer.concat(Array.from({ length: 500 }, () => ping));
    const rounds = 220; // more than the buffers of two sockets take
    for (let round = 0; round < rounds; round++) {
      await new Promise((resolve) => raw.socket.write(pings, resolve));
    }
    raw.send(clientFrame(sending('after the flood')));
    raw.socket.resume();
    let pongs = 0;
    for (;;) {
      const { opcode, payload } = await raw.frame();
      if (opcode === OPCODE.pong) pongs++;
      else if (payload.toString().includes('"accepted"')) break;
    }
    expect(pongs).toBeLessThan(rounds * 500);
  });
});

describe('a closing peer', () => {
  it('is answered, and cut', async () => {
    const { port } = await start();
    const raw = await open(port);
    raw.send(clientFrame(Buffer.from([3, 232]), { opcode: OPCODE.close }));
    expect(await raw.closeCode()).toBe(1000);
    await raw.ended;
  });

  it('is not listened to any more', async () => {
    const { port, url } = await start();
    const raw = await open(port);
    const close = clientFrame(Buffer.from([3, 232]), { opcode: OPCODE.close });
    raw.send(Buffer.concat([clientFrame(sending('before')), close, clientFrame(sending('after'))]));
    await raw.closeCode();
    await raw.ended;
    await post(url, 'last');
    expect((await poll(url)).messages.map(({ message }) => message)).toEqual(['before', 'last']);
  });

  it('that keeps sending after its goodbye is cut', async () => {
    const { port } = await start();
    const raw = await open(port);
    raw.send(clientFrame(Buffer.from([3, 232]), { opcode: OPCODE.close }));
    await raw.closeCode();
    const junk = Buffer.alloc(65_536);
    const cut = new Promise((resolve) => raw.socket.once('close', resolve));
    const pour = () => {
      while (raw.socket.writable && raw.socket.write(junk));
      raw.socket.once('drain', pour);
    };
    pour();
    await cut;
  });

  it('that only ends its half of the connection is let go', async () => {
    const { port } = await start();
    const raw = await open(port);
    raw.socket.end();
    await raw.ended;
  });

  it('leaves its place to others', async () => {
    const { port } = await startTestServer({ journal: 'memory', maxConnections: 1 });
    const raw = await open(port);
    raw.socket.destroy();
    for (;;) {
      const next = await connectRaw(port);
      const { status } = await next.upgrade();
      if (status === 101) break;
      expect(status).toBe(503);
    }
  });

  it('that leaves amid the handshake leaves nothing behind', async () => {
    const { port, stop } = await startTestServer({ journal: 'memory', maxConnections: 20 });
    for (let count = 0; count < 60; count++) {
      const raw = await connectRaw(port);
      raw.send(['GET /messages HTTP/1.1', ...HANDSHAKE, '']);
      if (count % 3 === 0) raw.socket.end();
      else if (count % 3 === 1) raw.socket.destroy();
      else raw.socket.resetAndDestroy();
    }
    for (;;) {
      const raw = await connectRaw(port);
      if ((await raw.upgrade()).status === 101) break;
    }
    await stop();
  });
});
