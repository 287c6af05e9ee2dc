/** Times that are told from now on, such as "3 min. ago", become others by and by. */
import { TIMES_EVERY_MS } from './reading-bounds.js';
/** @import { PageLife } from '../link/page-life.js' */

/** @type {(life: PageLife, refresh: () => void, onDay: () => void) => void} while somebody can see them; `onDay`: another day has begun */
export function keepTimesFresh(life, refresh, onDay) {
  let day = new Date().toDateString();
  function look() {
    if (life.isHidden()) return;
    refresh();
    const today = new Date().toDateString();
    if (today !== day) onDay();
    day = today;
  }
  setInterval(look, TIMES_EVERY_MS);
  life.listen((event) => event === 'shown' && look());
}
