/** How others see this person, beside the name they write: initials, and the colour they chose. */
import { setHue, toHue, toInitials } from '../room/person.js';
/** @import { Store } from '../storage.js' */

/** @type {(avatar: HTMLElement, user: string, store: Pick<Store, 'get'>) => void} `store`: shared by all tabs */
export function drawOwnAvatar(avatar, user, store) {
  const color = store.get('since.color');
  const author = store.get('since.author');
  avatar.textContent = toInitials(user);
  avatar.hidden = user === '';
  setHue(avatar, author === null ? undefined : toHue(author));
  avatar.classList.toggle('has-color', color !== null);
  if (color === null) avatar.style.removeProperty('--color');
  else avatar.style.setProperty('--color', color);
}
