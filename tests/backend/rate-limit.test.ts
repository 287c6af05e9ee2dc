import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IDENTITIES_PER_ADDRESS, RATE_WINDOW_MS } from '../../backend/limits.ts';
import { createRateLimit } from '../../backend/rate-limit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refusal = { name: 'ChatError', code: 'rate-limited' };

describe('a limit of writes', () => {
  it('lets so many through and no more, and all again when its time is over', async () => {
    const limit = createRateLimit(3);
    const caller = { author: 'azin', address: '::1' };
    for (let round = 0; round < 3; round++) {
      for (let nth = 0; nth < 3; nth++) await limit.count(caller);
      vi.advanceTimersByTime(RATE_WINDOW_MS / 2);
      const refused = limit.count(caller);
      await expect(refused).rejects.toMatchObject({ ...refusal, retryAfter: RATE_WINDOW_MS / 2_000 });
      vi.advanceTimersByTime(RATE_WINDOW_MS / 2);
    }
  });

  it('counts each identity, and each address without one', async () => {
    const limit = createRateLimit(1);
    await limit.count({ author: 'azin', address: '::1' });
    await limit.count({ author: 'bela', address: '::1' });
    await limit.count({ address: '::1' });
    await limit.count({ address: '::2' });
    await expect(limit.count({ author: 'azin', address: '::3' })).rejects.toMatchObject(refusal);
    await expect(limit.count({ address: '::2' })).rejects.toMatchObject(refusal);
  });

  it('is not got around by an address that takes many identities', async () => {
    const limit = createRateLimit(1);
    for (let nth = 0; nth < IDENTITIES_PER_ADDRESS; nth++)
      await limit.count({ author: `author${nth}`, address: '::1' });
    await expect(limit.count({ author: 'one more', address: '::1' })).rejects.toMatchObject(refusal);
    await limit.count({ author: 'another', address: '::2' });
  });

  it('that is off lets everything through', async () => {
    const limit = createRateLimit(undefined);
    for (let nth = 0; nth < 1_000; nth++) await limit.count({ address: '::1' });
  });
});
