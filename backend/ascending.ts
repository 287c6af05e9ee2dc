/** Looking up in numbers that ascend with gaps. Rooms share one seq, so where a number stands cannot be computed. */

/**
 * @param at gives the number at an index
 * @returns the index of the first of `count` ascending numbers that is above `value`; `count` where none is
 */
export function firstAbove(value: number, count: number, at: (index: number) => number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
