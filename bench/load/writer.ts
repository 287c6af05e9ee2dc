/** One connection that writes messages, evenly or as fast as it is answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openWire } from './wires.ts';
import type { Wire } from './wires.ts';

export interface Writer {
  /** Write the message that often, in one piece. */
  send(count: number): void;
  /** @returns once so many were answered in all; @throws Error when the connection ends */
  answered(count: number): Promise<void>;
  close(): void;
}

/** Nobody writes there, so that what comes to it are answers. */
const QUIET_ROOM = '0&room=quiet';

export async function openWriter(
  wire: Wire,
  port: number,
  message: object,
  onAnswers: (count: number) => void = () => {},
): Promise<Writer> {
  const frame = wire.post?.(message);
  if (frame === undefined) throw new Error('nothing can be written by this wire');
  let answers = 0;
  let asked = Infinity;
  let done = Promise.withResolvers<void>();
  done.promise.catch(() => {}); // nobody may be waiting when the connection ends
  let lost: Error | undefined; // also while nothing is awaited: then the next who waits is told
  let onLost = (error: Error) => {
    lost ??= error;
    done.reject(error);
  };
  const onMessages = (count: number) => {
    answers += count;
    onAnswers(count);
    if (answers >= asked) done.resolve();
  };
  const socket = await openWire(wire, port, QUIET_ROOM, onMessages, (error) => onLost(error));
  return {
    send(count) {
      socket.write(count === 1 ? frame : Buffer.concat(Array.from({ length: count }, () => frame)));
    },
    async answered(count) {
      if (answers >= count) return;
      if (lost !== undefined) throw lost;
      done = Promise.withResolvers();
      asked = count;
      return done.promise;
    },
    close() {
      onLost = () => {};
      socket.destroy();
    },
  };
}

/** @param write told how many messages are due now, as often as some are */
export async function pace(perSecond: number, seconds: number, write: (due: number) => void): Promise<void> {
  const start = performance.now();
  const all = Math.ceil(seconds * perSecond);
  let written = 0;
  while (written < all) {
    const due = Math.min(Math.floor(((performance.now() - start) * perSecond) / 1000) + 1, all) - written;
    if (due > 0) write(due);
    written += Math.max(due, 0);
    await sleep(Math.max(start + (written * 1000) / perSecond - performance.now(), 1));
  }
}
