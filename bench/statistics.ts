/** The few numbers that stand for many. */

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param share from 0 to 1; between two values, what lies in between */
export function quantile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

const STEPS_PER_MS = 20;
const LONGEST_MS = 60_000;

/** Durations, counted by twentieths of a millisecond: ten million of them take no more memory than one. */
export class Durations {
  readonly #counts = new Uint32Array(LONGEST_MS * STEPS_PER_MS + 1);
  count = 0;

  add(ms: number): void {
    const step = Math.min(Math.max(Math.floor(ms * STEPS_PER_MS), 0), LONGEST_MS * STEPS_PER_MS);
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.count++;
  }

  /** @returns milliseconds, at most a twentieth off; NaN when there are none */
  quantile(share: number): number {
    let left = Math.max(Math.ceil(this.count * share), 1);
    const step = this.#counts.findIndex((count) => (left -= count) <= 0);
    return step === -1 ? NaN : (step + 0.5) / STEPS_PER_MS;
  }
}
