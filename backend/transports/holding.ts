/** Holding a request until there is something to say: what every way of asking again and again needs. */
import { LONG_POLL_TICK_MS } from '../limits.ts';
import { createDeadlines } from '../wheel.ts';
import { REQUEST_ID, sendProblem } from './exchange.ts';
import type { ServerResponse } from 'node:http';
import type { Asking } from './recent-typing.ts';
import type { Host } from './transport.ts';

export interface Held {
  response: ServerResponse;
  /** Of the one who asks. */
  address: string;
  room: string;
  after: number;
  waitS: number;
  /** Where it is also to be answered when someone types. */
  asking?: Asking | undefined;
}

export interface Holding {
  /**
   * Call `release` once, when the room has a change above `after`, someone types and that is asked for, the time is up or
   * the server stops; not at all when the client is gone by then.
   * @returns what ends it without calling `release`
   * @throws ChatError `overloaded` or `rate-limited` when there are too many connections
   */
  hold(held: Held, release: () => void): () => void;
  /** Release all that are held; from now on none is held. */
  stop(): void;
}

export function createHolding({ feed, clock, failures }: Pick<Host, 'feed' | 'clock' | 'failures'>): Holding {
  const deadlines = createDeadlines(clock, LONG_POLL_TICK_MS);
  const held = new Set<() => void>();
  let isStopped = false;

  return {
    hold({ response, address, room, after, waitS, asking }, release) {
      // It left while its token or its cursor was checked, so its `close` has passed already.
      if (response.req.socket.destroyed) return () => {};
      if (isStopped) {
        release();
        return () => {};
      }
      const leave = feed.takePlace('longpoll', address);
      const end = () => {
        cancelChange();
        cancelTyping?.();
        cancelDeadline();
        held.delete(finish);
        response.off('close', end);
        leave();
      };
      const finish = () => {
        end();
        try {
          release();
        } catch (error) {
          const requestId = failures.note(error, { transport: 'http' });
          sendProblem(response, error, { [REQUEST_ID]: requestId });
        }
      };
      const cancelChange = feed.onceChanged(room, after, finish);
      const cancelTyping = asking && feed.recentTyping.once(room, asking, finish);
      const cancelDeadline = deadlines.after(waitS * 1000, finish);
      held.add(finish);
      response.once('close', end);
      return end;
    },
    stop() {
      isStopped = true;
      for (const finish of held) finish();
      deadlines.stop();
    },
  };
}
