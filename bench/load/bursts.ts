/** Bursts: many messages at once to everyone, and the next when all have all of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { measure } from '../scenarios/scenario.ts';
import type { Figures } from '../scenarios/scenario.ts';
import type { ServerProcess } from '../server-process.ts';
import type { Listeners } from './listeners.ts';

export const POSTS_PER_BURST = 50;

const BURSTS_PER_SECOND = 8;
/** The first cost twice as much, and those after them a little more: what sends to so many is not compiled yet. */
const WARM_UPS = 30;
/** Milliseconds of rest after a burst has come to everyone. */
const REST_MS = 50;

/** @param post writes a burst, and waits until it is answered; @param seconds of a steady load that bursts stand for */
export async function measureBursts(
  server: ServerProcess,
  listeners: Listeners,
  post: () => Promise<unknown>,
  seconds: number,
): Promise<Figures> {
  const write = async (bursts: number) => {
    for (let nth = 0; nth < bursts; nth++) {
      listeners.noteSent(POSTS_PER_BURST);
      await Promise.all([post(), listeners.allDelivered()]);
      await sleep(REST_MS);
    }
    return listeners.takeLatencies();
  };
  await write(WARM_UPS);
  return measure(server, async () => write(Math.ceil(seconds * BURSTS_PER_SECOND)));
}
