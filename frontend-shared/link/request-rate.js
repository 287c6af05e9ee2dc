/** How often is asked, as it is now: people may know what a page costs them. */

/** Requests that the mean is taken of. */
const COUNTED = 6;

/**
 * @typedef {object} RequestRate
 * @property {(nowMs: number, lastsS: number) => void} asked `lastsS`: for how long nothing more is asked if nothing happens
 * @property {() => number} everyS seconds from one request to the next
 */

/** @returns {RequestRate} */
export function createRequestRate() {
  /** @type {number[]} milliseconds */
  let times = [];
  let expectedS = 0;
  return {
    asked(nowMs, lastsS) {
      // After a rest, or in another manner, it says nothing of now.
      if (lastsS !== expectedS) times = [];
      expectedS = lastsS;
      times = [...times, nowMs].slice(-COUNTED);
    },
    everyS() {
      const [first] = times;
      const last = times.at(-1);
      if (first === undefined || last === undefined || times.length < COUNTED) return expectedS;
      return Math.min(expectedS, (last - first) / (times.length - 1) / 1000);
    },
  };
}
