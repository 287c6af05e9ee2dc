import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBackoff, delayMs } from '../../frontend-shared/link/backoff.js';
import { retryAfterMs } from '../../frontend-shared/link/http.js';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('delayMs', () => {
  it('is anything from nothing to a ceiling that doubles, and never more than the cap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 500, max: 60_000 }),
        chance,
        (failures, capMs, random) => {
          const delay = delayMs(failures, { capMs }, () => random);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(Math.min(capMs, 500 * 2 ** (failures - 1)));
        },
      ),
    );
  });

  it('spreads over the whole range, so that those who left together do not come back together', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7].map((failures) => delayMs(failures, { capMs: 30_000 }, () => 1));
    expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    expect(delayMs(7, { capMs: 30_000 }, () => 0)).toBe(0);
  });

  it('never comes before the time that the server asked for, however few the failures', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 600_000 }),
        chance,
        (failures, asked, random) => {
          const delay = delayMs(failures, { capMs: 10_000, retryAfterMs: asked }, () => random);
          expect(delay).toBeGreaterThanOrEqual(asked);
          expect(delay).toBeLessThanOrEqual(asked * 1.25);
        },
      ),
    );
  });
});

it('is back to the first delay after one success', () => {
  const backoff = createBackoff(() => 1);
  const delays = [1, 2, 3].map(() => backoff.afterFailure(30_000));
  backoff.reset();
  expect([...delays, backoff.afterFailure(30_000)]).toEqual([500, 1_000, 2_000, 500]);
});

describe('retryAfterMs', () => {
  const now = Date.parse('2026-11-22T06:53:00.000Z');

  it('reads seconds and dates, and nothing from what is neither', () => {
    expect(retryAfterMs('7', now)).toBe(7_000);
    expect(retryAfterMs(' 0 ', now)).toBe(0);
    expect(retryAfterMs('Sun, 22 Nov 2026 06:53:30 GMT', now)).toBe(30_000);
    expect(retryAfterMs('Sun, 22 Nov 2026 06:52:30 GMT', now)).toBe(0);
    expect([null, '', 'soon'].map((header) => retryAfterMs(header, now))).toEqual([undefined, undefined, undefined]);
  });
});
