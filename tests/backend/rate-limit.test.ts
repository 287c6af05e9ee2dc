import { describe, expect, it } from 'vitest';
import {
  IDENTITIES_PER_ADDRESS,
  MAX_CLIENTS_COUNTED,
  RATE_WINDOW_MS,
  REQUESTS_PER_WRITE,
} from '../../backend/limits.ts';
import { createRateLimit } from '../../backend/rate-limit.ts';
import { createClock } from '../harness/clock.ts';

const refusal = expect.objectContaining({ name: 'ChatError', code: 'rate-limited' });

function start(perWindow: number | undefined) {
  const clock = createClock();
  return { clock, ...createRateLimit(perWindow, clock) };
}

describe('a limit of writes', () => {
  it('lets so many through and no more, and all again when its time is over', () => {
    const { count, clock } = start(3);
    const caller = { author: 'azin', address: '192.0.2.1' };
    for (let round = 0; round < 3; round++) {
      for (let nth = 0; nth < 3; nth++) count(caller);
      clock.advance(RATE_WINDOW_MS / 2);
      expect(() => count(caller)).toThrow(
        expect.objectContaining({ code: 'rate-limited', retryAfter: RATE_WINDOW_MS / 2_000 }),
      );
      clock.advance(RATE_WINDOW_MS / 2);
    }
  });

  it('counts each identity, and each address without one', () => {
    const { count } = start(1);
    count({ author: 'azin', address: '::1' });
    count({ author: 'bela', address: '::1' });
    count({ address: '::1' });
    count({ address: '192.0.2.2' });
    expect(() => count({ author: 'azin', address: '192.0.2.3' })).toThrow(refusal);
    expect(() => count({ address: '192.0.2.2' })).toThrow(refusal);
  });

  it('is not got around by an address that takes many identities', () => {
    const { count } = start(1);
    for (let nth = 0; nth < IDENTITIES_PER_ADDRESS; nth++) count({ author: `author${nth}`, address: '192.0.2.1' });
    expect(() => count({ author: 'one more', address: '192.0.2.1' })).toThrow(refusal);
    count({ author: 'another', address: '192.0.2.2' });
  });

  it('that is off lets everything through', () => {
    const { count, countRequest, countCommand } = start(undefined);
    for (let nth = 0; nth < 10_000; nth++) {
      count({ address: '192.0.2.1' });
      countRequest('192.0.2.1');
      countCommand({ author: 'azin', address: '192.0.2.1' });
    }
  });
});

describe('a limit of requests', () => {
  it('counts each address, but not this machine', () => {
    const { countRequest, clock } = start(1);
    const most = REQUESTS_PER_WRITE * IDENTITIES_PER_ADDRESS;
    for (let nth = 0; nth < most; nth++) countRequest('192.0.2.1');
    expect(() => countRequest('192.0.2.1')).toThrow(refusal);
    countRequest('192.0.2.2');
    for (let nth = 0; nth < 2 * most; nth++) countRequest('127.0.0.1');
    clock.advance(RATE_WINDOW_MS);
    countRequest('192.0.2.1');
  });

  it('counts the commands of an identity by itself, so that it does not use up those of its address', () => {
    const { countCommand } = start(1);
    for (let nth = 0; nth < REQUESTS_PER_WRITE; nth++) countCommand({ author: 'azin', address: '192.0.2.1' });
    expect(() => countCommand({ author: 'azin', address: '192.0.2.1' })).toThrow(refusal);
    countCommand({ author: 'bela', address: '192.0.2.1' });
    countCommand({ address: '192.0.2.1' });
  });

  it('remembers a bounded number of clients: of more, those that came first begin anew', () => {
    const { count } = start(1);
    count({ address: 'first' });
    for (let nth = 1; nth < MAX_CLIENTS_COUNTED; nth++) count({ address: `address${nth}` });
    expect(() => count({ address: 'first' })).toThrow(refusal);
    count({ address: 'one more' });
    count({ address: 'first' });
    expect(() => count({ address: 'one more' })).toThrow(refusal);
  });
});
