/** Many WebSockets that read: what came is counted, and timed, without being looked at. */
import { randomBytes } from 'node:crypto';
import { FrameCounter } from './frames.ts';
import { connectRaw } from './raw-socket.ts';
import type { Socket } from 'node:net';

export interface Listeners {
  /** To be called right before the next messages are sent. */
  noteSent(count: number): void;
  /** Resolves when everyone has every message that was sent. */
  allDelivered(): Promise<void>;
  /** @returns milliseconds from sending to arrival of each delivery since the last time this was asked */
  takeLatencies(): Float64Array;
  close(): void;
}

/** Handshakes under way together: fewer than wait for being accepted on any system. */
const CONNECT_TOGETHER = 50;

/** @param since cursor that they join at, so that no older message is sent to them */
export async function openListeners(port: number, count: number, since: string): Promise<Listeners> {
  const sentAt: number[] = [];
  const latencies: number[] = [];
  let missing = 0;
  let delivered = Promise.withResolvers<void>();
  let onLost = (error: Error) => delivered.reject(error);

  const openOne = async () => {
    let received = 0;
    return openWebSocket(
      port,
      since,
      (messages) => {
        const now = performance.now();
        for (let nth = 0; nth < messages; nth++) latencies.push(now - (sentAt[received++] ?? now));
        missing -= messages;
        if (missing <= 0) delivered.resolve();
      },
      (error) => onLost(error),
    );
  };

  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const next = Math.min(CONNECT_TOGETHER, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: next }, openOne))));
  }
  return {
    noteSent(messages) {
      if (missing <= 0) delivered = Promise.withResolvers();
      missing += messages * count;
      const now = performance.now();
      for (let nth = 0; nth < messages; nth++) sentAt.push(now);
    },
    allDelivered: async () => delivered.promise,
    takeLatencies: () => Float64Array.from(latencies.splice(0)),
    close() {
      onLost = () => {};
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * @param onMessages told how many messages have come, as often as some have
 * @returns the socket once the server has agreed, ready to be written frames to
 */
export async function openWebSocket(
  port: number,
  since: string,
  onMessages: (count: number) => void,
  onLost: (error: Error) => void,
): Promise<Socket> {
  const frames = new FrameCounter();
  const opened = Promise.withResolvers<void>();
  let head: string | undefined = '';
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
        if (!head.startsWith('HTTP/1.1 101')) opened.reject(new Error(head.slice(0, head.indexOf('\r\n'))));
        head = undefined;
        opened.resolve();
      }
      const messages = frames.take(bytes, length, at);
      if (messages > 0) onMessages(messages);
    },
    (error) => {
      opened.reject(error);
      onLost(error);
    },
  );
  socket.write(
    `GET /messages?since=${since} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  await opened.promise;
  return socket;
}
