/** Lets the tabs of a browser know of each other whether one of them is looked at. */
/** @import { PageLife } from '../link/page-life.js' */

/** Held while a tab is looked at. */
const LOCK = 'since.looked-at';

/** @type {(locks: LockManager | undefined, life: PageLife) => void} `locks`: undefined where the page does not come over TLS */
export function tellLookedAt(locks, life) {
  let release = () => {};
  function update() {
    release();
    if (life.isHidden() || !locks) return;
    const { promise, resolve } = Promise.withResolvers();
    release = () => resolve(undefined);
    // Where a browser may store nothing it gives no locks either.
    locks.request(LOCK, { mode: 'shared' }, () => promise).catch(() => {});
  }
  life.listen((event) => {
    if (event === 'shown' || event === 'hidden') update();
  });
  update();
}

/** @type {(locks: LockManager | undefined) => Promise<boolean>} */
export async function isLookedAt(locks) {
  const { held = [] } = (await locks?.query().catch(() => undefined)) ?? {};
  return held.some(({ name }) => name === LOCK);
}
