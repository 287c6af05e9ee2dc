/** How much one caller may write, whatever the transport. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ChatError } from './errors.ts';
import { IDENTITIES_PER_ADDRESS, RATE_WINDOW_MS } from './limits.ts';

export interface RateLimit {
  /** Count one write. @throws ChatError `rate-limited` when there were too many */
  count(caller: { author?: string; address: string }): Promise<void>;
}

/** @param perWindow writes in `RATE_WINDOW_MS`; undefined is no limit */
export function createRateLimit(perWindow: number | undefined): RateLimit {
  if (perWindow === undefined) return { count: async () => {} };
  const duration = RATE_WINDOW_MS / 1000;
  const byCaller = new RateLimiterMemory({ points: perWindow, duration });
  // Identities are free, so one address must not get around its limit by taking many.
  const byAddress = new RateLimiterMemory({ points: perWindow * IDENTITIES_PER_ADDRESS, duration });
  return {
    async count({ author, address }) {
      await consume(byCaller, author === undefined ? `address ${address}` : `author ${author}`);
      if (author !== undefined) await consume(byAddress, address);
    },
  };
}

async function consume(limiter: RateLimiterMemory, client: string): Promise<void> {
  try {
    await limiter.consume(client);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const retryAfter = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    throw new ChatError('rate-limited', `Too many writes; try again in ${retryAfter} s.`, { retryAfter });
  }
}
