/** How much one caller may write, whatever the transport. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ChatError } from './errors.ts';
import { RATE_WINDOW_MS } from './limits.ts';

export interface RateLimit {
  /** Count one write. @throws ChatError `rate-limited` when there were too many */
  count(client: string): Promise<void>;
}

/** @param perWindow writes in `RATE_WINDOW_MS`; undefined is no limit */
export function createRateLimit(perWindow: number | undefined): RateLimit {
  if (perWindow === undefined) return { count: async () => {} };
  const limiter = new RateLimiterMemory({ points: perWindow, duration: RATE_WINDOW_MS / 1000 });
  return {
    async count(client) {
      try {
        await limiter.consume(client);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        const retryAfter = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
        throw new ChatError('rate-limited', `Too many writes; try again in ${retryAfter} s.`, { retryAfter });
      }
    },
  };
}
