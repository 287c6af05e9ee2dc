/** Many connections that read: what came is counted, and timed, without being looked at. */
import { Durations } from '../statistics.ts';
import { openWire } from './wires.ts';
import type { Socket } from 'node:net';
import type { Wire } from './wires.ts';

export interface Listeners {
  readonly sockets: readonly Socket[];
  /** To be called right before the next messages are sent. */
  noteSent(count: number): void;
  /** Resolves when everyone has every message that was sent. */
  allDelivered(): Promise<void>;
  /** @returns deliveries that are still to come */
  missing(): number;
  /** @returns milliseconds from sending to arrival of each delivery since the last time this was asked */
  takeLatencies(): Durations;
  close(): void;
}

/** Handshakes under way together: fewer than wait for being accepted on any system. */
const CONNECT_TOGETHER = 50;

/** @param since cursor that they join at, so that no older message is sent to them */
export async function openListeners(wire: Wire, port: number, count: number, since: string): Promise<Listeners> {
  const sentAt: number[] = [];
  let latencies = new Durations();
  let missing = 0;
  let delivered = Promise.withResolvers<void>();
  delivered.promise.catch(() => {}); // nobody may be waiting when a connection ends
  let lost: Error | undefined; // also while nothing is awaited: then the next who waits is told
  let onLost = (error: Error) => {
    lost ??= error;
    delivered.reject(error);
  };

  const openOne = async () => {
    let received = 0;
    const onMessages = (messages: number) => {
      const now = performance.now();
      for (let nth = 0; nth < messages; nth++) latencies.add(now - (sentAt[received++] ?? now));
      missing -= messages;
      if (missing <= 0) delivered.resolve();
    };
    return openWire(wire, port, since, onMessages, (error) => onLost(error));
  };

  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const next = Math.min(CONNECT_TOGETHER, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: next }, openOne))));
  }
  return {
    sockets,
    noteSent(messages) {
      if (missing <= 0) delivered = Promise.withResolvers();
      delivered.promise.catch(() => {});
      missing += messages * count;
      const now = performance.now();
      for (let nth = 0; nth < messages; nth++) sentAt.push(now);
    },
    async allDelivered() {
      if (lost !== undefined) throw lost;
      return delivered.promise;
    },
    missing: () => missing,
    takeLatencies() {
      const taken = latencies;
      latencies = new Durations();
      return taken;
    },
    close() {
      onLost = () => {};
      for (const socket of sockets) socket.destroy();
    },
  };
}
