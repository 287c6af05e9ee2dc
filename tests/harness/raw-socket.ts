/** Bytes by hand over TCP: requests that no client library would send, and WebSocket frames that no browser would. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Socket } from 'node:net';

export interface RawResponse {
  status: number;
  /** By name in small letters; one that came twice is joined by a comma. */
  headers: ReadonlyMap<string, string>;
  body: string;
}

export interface RawFrame {
  isFinal: boolean;
  opcode: number;
  payload: Buffer;
}

export interface RawSocket {
  readonly socket: Socket;
  /** @param bytes text is sent as Latin-1, byte for byte; each line of an array ends in CR LF */
  send(bytes: string | Buffer | readonly string[]): void;
  /** @param options `hasBody`: false for the answer to HEAD. @throws Error when it is closed before */
  response(options?: { hasBody?: boolean }): Promise<RawResponse>;
  /** Finish the handshake of a WebSocket. @param path with its query */
  upgrade(path?: string, headers?: readonly string[]): Promise<RawResponse>;
  frame(): Promise<RawFrame>;
  /** @returns the code of the close frame; frames before it are passed over */
  closeCode(): Promise<number>;
  /** Resolves once the other end has sent all that it will. */
  readonly ended: Promise<void>;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A key as RFC 6455 has it in its example. */
export const HANDSHAKE: readonly string[] = [
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** @returns once it is connected; it is cut when the test ends */
export async function connectRaw(port: number): Promise<RawSocket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  const arrived = createArrived(socket);
  await once(socket, 'connect');
  const send: RawSocket['send'] = (bytes) => {
    if (Buffer.isBuffer(bytes)) socket.write(bytes);
    else socket.write(typeof bytes === 'string' ? bytes : `${bytes.join('\r\n')}\r\n`, 'latin1');
  };
  const response: RawSocket['response'] = async ({ hasBody = true } = {}) => {
    const head = (await arrived.until('\r\n\r\n')).toString('latin1').trimEnd();
    const [first = '', ...lines] = head.split('\r\n');
    const headers = readHeaders(lines);
    const status = Number(first.split(' ')[1]);
    const isEmpty = !hasBody || status < 200 || status === 204 || status === 304;
    const body = isEmpty ? '' : await readBody(headers);
    return { status, headers, body };
  };
  const readBody = async (headers: ReadonlyMap<string, string>): Promise<string> => {
    const length = headers.get('content-length');
    if (length !== undefined) return (await arrived.take(Number(length))).toString('utf8');
    if (headers.get('transfer-encoding') !== 'chunked') return (await arrived.rest()).toString('utf8');
    const parts: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await arrived.until('\r\n')).toString('latin1'), 16);
      const part = await arrived.take(size + 2);
      if (size === 0) return Buffer.concat(parts).toString('utf8');
      parts.push(part.subarray(0, size));
    }
  };
  const frame = async (): Promise<RawFrame> => {
    const [first = 0, second = 0] = await arrived.take(2);
    const short = second & 0x7f;
    const length =
      short < 126 ? short : Number(BigInt(`0x${(await arrived.take(short === 126 ? 2 : 8)).toString('hex')}`));
    return { isFinal: (first & 0x80) !== 0, opcode: first & 0x0f, payload: await arrived.take(length) };
  };
  return {
    socket,
    send,
    response,
    async upgrade(path = '/messages', headers = HANDSHAKE) {
      send([`GET ${path} HTTP/1.1`, ...headers, '']);
      return response();
    },
    frame,
    async closeCode() {
      for (;;) {
        const { opcode, payload } = await frame();
        if (opcode === OPCODE.close) return payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      }
    },
    ended: arrived.ended,
  };
}

export interface FrameOptions {
  opcode?: number;
  isFinal?: boolean;
  isMasked?: boolean;
  /** Reserved bits, as they stand in the first byte: 0x40, 0x20, 0x10. */
  reserved?: number;
  /** Written as the length in the place of the true one. */
  claimedLength?: bigint;
}

/** @returns a frame as a client sends it, or as it must not */
export function clientFrame(
  payload: string | Buffer,
  { opcode = OPCODE.text, isFinal = true, isMasked = true, reserved = 0, claimedLength }: FrameOptions = {},
): Buffer {
  const bytes = Buffer.from(payload as string); // of a Buffer it is a copy
  const mask = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  const first = (isFinal ? 0x80 : 0) | reserved | opcode;
  const head = Buffer.concat([Buffer.from([first]), lengthBytes(claimedLength ?? BigInt(bytes.length), isMasked)]);
  if (!isMasked) return Buffer.concat([head, bytes]);
  return Buffer.concat([head, mask, bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

function lengthBytes(length: bigint, isMasked: boolean): Buffer {
  const bit = isMasked ? 0x80 : 0;
  if (length < 126n) return Buffer.from([bit | Number(length)]);
  const is16Bit = length < 65_536n;
  const bytes = Buffer.alloc(is16Bit ? 3 : 9);
  bytes[0] = bit | (is16Bit ? 126 : 127);
  if (is16Bit) bytes.writeUInt16BE(Number(length), 1);
  else bytes.writeBigUInt64BE(length, 1);
  return bytes;
}

function readHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** What has arrived and was not taken yet. */
function createArrived(socket: Socket) {
  let bytes = Buffer.alloc(0);
  let isOver = false;
  let wake = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const tell = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  const finish = () => {
    isOver = true;
    ended.resolve();
    tell();
  };
  socket.on('data', (part: Buffer) => {
    bytes = Buffer.concat([bytes, part]);
    tell();
  });
  socket.on('end', finish);
  socket.on('close', finish);
  socket.on('error', () => {}); // told by the close that follows

  const cut = (length: number) => {
    const taken = bytes.subarray(0, length);
    bytes = bytes.subarray(length);
    return taken;
  };
  const more = () => {
    if (!isOver) return wake.promise;
    throw new Error(`the connection ended after ${JSON.stringify(bytes.toString('latin1'))}`);
  };
  return {
    async take(length: number): Promise<Buffer> {
      while (bytes.length < length) await more();
      return cut(length);
    },
    async until(mark: string): Promise<Buffer> {
      while (!bytes.includes(mark)) await more();
      return cut(bytes.indexOf(mark) + mark.length);
    },
    async rest(): Promise<Buffer> {
      await ended.promise;
      return cut(bytes.length);
    },
    ended: ended.promise,
  };
}
