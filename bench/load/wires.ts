/** The ways to listen, each as the bytes that open it and what tells its messages apart. */
import { randomBytes } from 'node:crypto';
import { clientFrame, FrameCounter } from './frames.ts';
import { connectRaw } from './raw-socket.ts';
import type { Socket } from 'node:net';

export interface Wire {
  /** @param since cursor that it joins at */
  path(since: string): string;
  /** Headers beside `Host`, each with its line break. */
  headers: string;
  status: string;
  createCounter(): Counter;
  /** Sent when the server has agreed. */
  hello?: Buffer;
  /** Frames that are no messages which must have come before it listens. */
  othersUntilReady: number;
  /** To be sent now and then, so that the server does not take it for dead. */
  alive?: Buffer;
  /** @returns a message on its way to the server, which answers it */
  post?(message: object): Buffer;
}

interface Counter {
  take(bytes: Buffer, length: number, at?: number): number;
  readonly others: number;
}

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n`;
const BRACE = 0x7b;
/** Milliseconds, fewer than any server waits for a sign of life. */
const SAY_ALIVE_EVERY_MS = 15_000;
/** An empty pong, masked. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

const websocket = {
  path: (since) => `/messages?since=${since}`,
  headers: UPGRADE,
  status: '101',
  createCounter: () => new FrameCounter(),
  othersUntilReady: 0,
  alive: PONG,
  post: (message) => clientFrame(JSON.stringify({ command: 'send-message', message })),
} satisfies Wire;

const stream = { status: '200', createCounter: () => new BraceCounter() };

export const WIRES = {
  websocket,
  /** Engine.IO 4 by WebSocket alone: told who it is, it joins the default namespace and is told so. */
  'socket.io': {
    ...websocket,
    path: () => '/socket.io/?EIO=4&transport=websocket',
    hello: clientFrame('40'),
    othersUntilReady: 2,
    alive: clientFrame('3'),
    post: (message) => clientFrame(`420${JSON.stringify(['send-message', message])}`),
  },
  /** Its catch-up is over with one event that is no message. */
  sse: {
    ...stream,
    path: websocket.path,
    headers: 'Accept: text/event-stream\r\n',
    othersUntilReady: 0,
    createCounter: () => new BraceCounter(1),
  },
  ndjson: { ...stream, path: websocket.path, headers: 'Accept: application/x-ndjson\r\n', othersUntilReady: 0 },
} satisfies { [name: string]: Wire };

/**
 * @param onMessages told how many messages have come, as often as some have
 * @returns the socket once it listens
 */
export async function openWire(
  wire: Wire,
  port: number,
  since: string,
  onMessages: (count: number) => void,
  onLost: (error: Error) => void,
): Promise<Socket> {
  const counter = wire.createCounter();
  const opened = Promise.withResolvers<void>();
  let head: string | undefined = '';
  let isReady = false;
  const socket = await connectRaw(
    port,
    (bytes, length) => {
      let at = 0;
      if (head !== undefined) {
        const before = head.length;
        head += bytes.toString('latin1', 0, length);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) return;
        at = end + 4 - before;
        if (!head.startsWith(`HTTP/1.1 ${wire.status}`)) opened.reject(new Error(head.slice(0, head.indexOf('\r\n'))));
        head = undefined;
        if (wire.hello !== undefined) socket.write(wire.hello);
      }
      const messages = counter.take(bytes, length, at);
      if (!isReady && counter.others >= wire.othersUntilReady) {
        isReady = true;
        opened.resolve();
      }
      if (messages > 0) onMessages(messages);
    },
    (error) => {
      opened.reject(error);
      onLost(error);
    },
  );
  socket.write(`GET ${wire.path(since)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${wire.headers}\r\n`);
  await opened.promise;
  keepAlive(socket, wire);
  return socket;
}

/** Also one that only writes, or that has stopped reading, says that it is there. */
export function keepAlive(socket: Socket, { alive }: Wire): void {
  if (alive === undefined) return;
  const saying = setInterval(() => socket.write(alive), SAY_ALIVE_EVERY_MS);
  socket.once('close', () => clearInterval(saying));
}

/** Counts the messages of a stream: a message of a run is flat JSON, and has one brace that opens. */
export class BraceCounter implements Counter {
  readonly others = 0;
  #toSkip: number;

  /** @param skip how many of the first are no messages */
  constructor(skip = 0) {
    this.#toSkip = skip;
  }

  take(bytes: Buffer, length: number, at = 0): number {
    const come = bytes.subarray(at, length);
    let messages = 0;
    for (let found = come.indexOf(BRACE); found !== -1; found = come.indexOf(BRACE, found + 1)) {
      if (this.#toSkip > 0) this.#toSkip--;
      else messages++;
    }
    return messages;
  }
}
