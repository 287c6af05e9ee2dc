/** Bytes in the place of WebSocket frames, cut anywhere: answered or closed by a code that says why, and no one else feels it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { call } from '../harness/api.ts';
import { clientFrame, connectRaw, HANDSHAKE, OPCODE } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import { FIELDS, oddObject, oddText } from './untrusted.ts';
import type { RawSocket } from '../harness/raw-socket.ts';

const COMMANDS = ['send-message', 'edit-message', 'delete-message', 'react', 'subscribe', 'unsubscribe', 'typing', 'x'];
const ANSWERS = ['message', 'caught-up', 'reset', 'accepted', 'rejected', 'typing', 'presence'];
/** The server's own codes, and those of a client's goodbye, which come back as they were. 1004 to 1006 are never sent. */
const mayClose = (code: number) =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);

const command = fc
  .record({ command: fc.constantFrom(...COMMANDS), message: oddObject(FIELDS), key: fc.constantFrom('k', undefined) })
  .map((one) => Buffer.from(JSON.stringify(one)));
const payload = fc.oneof(
  { arbitrary: command, weight: 4 },
  oddText.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes)),
);
/** One message, whole or in pieces that may be amid a character. */
const message = fc.tuple(payload, fc.array(fc.nat(60), { maxLength: 4 })).map(([bytes, cuts]) => {
  const pieces = cut(bytes, cuts);
  return Buffer.concat(
    pieces.map((piece, index) =>
      clientFrame(piece, {
        opcode: index === 0 ? OPCODE.text : OPCODE.continuation,
        isFinal: index === pieces.length - 1,
      }),
    ),
  );
});
const control = fc
  .tuple(fc.constantFrom(OPCODE.ping, OPCODE.pong), fc.uint8Array({ maxLength: 125 }))
  .map(([opcode, bytes]) => clientFrame(Buffer.from(bytes), { opcode }));
const closing = fc
  .oneof(fc.integer({ min: 0, max: 65_535 }), fc.constantFrom(1000, 1001, 1005, 1006, 1015, 3000, 4999))
  .map((code) => {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16BE(code);
    return clientFrame(bytes, { opcode: OPCODE.close });
  });
const wrong = fc
  .record({
    opcode: fc.nat(15),
    isFinal: fc.boolean(),
    isMasked: fc.boolean(),
    reserved: fc.constantFrom(0, 0, 0, 0x10, 0x20, 0x40),
    claimedLength: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined }),
    bytes: fc.uint8Array({ maxLength: 200 }),
  })
  .map(({ bytes, claimedLength, ...options }) =>
    clientFrame(Buffer.from(bytes), { ...options, ...(claimedLength !== undefined && { claimedLength }) }),
  );
const bytes = fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.from(some));

const anything = fc.array(fc.oneof({ arbitrary: message, weight: 4 }, control, wrong, closing, bytes), {
  maxLength: 12,
});
const cuts = fc.array(fc.nat(300), { maxLength: 8 });

/** @param sizes of the pieces in front of the last */
function cut(whole: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(whole.subarray(at, at + size));
    at += size;
  }
  return [...pieces, whole.subarray(at)];
}

/** Send it in pieces, with its handshake in front. */
async function pour(raw: RawSocket, whole: Buffer, sizes: readonly number[]): Promise<void> {
  const head = Buffer.from(`${['GET /messages HTTP/1.1', ...HANDSHAKE, ''].join('\r\n')}\r\n`);
  for (const piece of cut(Buffer.concat([head, whole]), sizes)) {
    raw.send(piece);
    await nextTurn();
  }
}

async function pourAll(...sent: Parameters<typeof pour>): Promise<void> {
  await pour(...sent);
  sent[0].socket.end();
}

/** @returns the frames until the end; each is as a server's must be */
async function framesUntilEnd(raw: RawSocket): Promise<{ opcode: number; payload: Buffer }[]> {
  expect((await raw.response()).status).toBe(101);
  const frames: { opcode: number; payload: Buffer }[] = [];
  for (;;) {
    // The end may come amid nothing, but never amid a frame.
    const frame = await raw.frame().catch(String);
    if (typeof frame === 'string') {
      expect(frame).toBe('Error: the connection ended after ""');
      return frames;
    }
    expect(frame.isFinal).toBe(true);
    expect([OPCODE.text, OPCODE.close, OPCODE.ping, OPCODE.pong]).toContain(frame.opcode);
    if (frame.opcode === OPCODE.text)
      expect(ANSWERS).toContain((JSON.parse(frame.payload.toString()) as { command: string }).command);
    frames.push(frame);
  }
}

it('whatever is sent is answered, or closed by a code that says why, and others are served meanwhile', async () => {
  const { url, port } = await startTestServer({ journal: 'memory' });
  const other = await connectWs(url);
  await fc.assert(
    fc.asyncProperty(anything, cuts, async (frames, sizes) => {
      const raw = await connectRaw(port);
      const [received] = await Promise.all([framesUntilEnd(raw), pourAll(raw, Buffer.concat(frames), sizes)]);
      const closes = received.filter(({ opcode }) => opcode === OPCODE.close);
      expect(closes.length).toBeLessThan(2);
      for (const { payload: reason } of closes) {
        // A goodbye without a code is answered without one.
        if (reason.length > 0) expect([reason.readUInt16BE(0), mayClose(reason.readUInt16BE(0))]).toContain(true);
        expect(received.at(-1)?.opcode).toBe(OPCODE.close);
      }
      expect((await other.ask('unsubscribe', { room: 'nobody' })).command).toBe('accepted');
      raw.socket.destroy();
    }),
    { numRuns: 300 },
  );
  // Of all of them nothing is left.
  for (;;) {
    const { text } = await call(url, '/metrics');
    if (/chat_connections\{transport="websocket"\} 1\n/.test(text)) break;
    await nextTurn();
  }
});

it('what is as it should be is answered once for each command, however it is cut', async () => {
  const { port } = await startTestServer({ journal: 'memory' });
  const end = Buffer.concat([
    clientFrame(JSON.stringify({ command: 'unsubscribe', key: 'the-end', message: {} })),
    clientFrame(Buffer.from([3, 232]), { opcode: OPCODE.close }),
  ]);
  const commands = fc.array(
    fc.oneof(
      command.map((one) => [clientFrame(one)]),
      control.map((one) => [one]),
    ),
    { maxLength: 15 },
  );
  await fc.assert(
    fc.asyncProperty(commands, cuts, async (frames, sizes) => {
      const raw = await connectRaw(port);
      const [received] = await Promise.all([
        framesUntilEnd(raw),
        pour(raw, Buffer.concat([...frames.flat(), end]), sizes),
      ]);
      const sent = frames.flat().filter((frame) => (frame[0] ?? 0) === 0x81).length;
      const answers = received
        .filter(({ opcode }) => opcode === OPCODE.text)
        .map((one) => JSON.parse(one.payload.toString()) as { command: string; key?: string });
      const answered = answers.filter((one) => one.command === 'accepted' || one.command === 'rejected');
      // Signs of writing without a key are the only commands that need no answer.
      expect(answered.length).toBeLessThanOrEqual(sent + 1);
      expect(answered.at(-1)).toMatchObject({ command: 'accepted', key: 'the-end' });
      expect(received.at(-1)?.payload.readUInt16BE(0)).toBe(1000);
      raw.socket.destroy();
    }),
    { numRuns: 200 },
  );
});
