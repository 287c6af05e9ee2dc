/** The front door: what Since is, the chat as it is right now, and where others find it. */
import { find } from './elements.js';
import { startGlimpse } from './glimpse.js';
import { fetchJson } from './http.js';
import { showAddresses, toShared } from './share.js';
import { translatePage } from './words.js';
/** @import { FrontDoor } from './share.js' */

/** Milliseconds. */
const PATIENCE_MS = 10_000;

translatePage(document);

try {
  const { body } = await fetchJson('/front/door', { timeoutMs: PATIENCE_MS });
  const told = /** @type {FrontDoor} */ (body);
  showAddresses(find('share', HTMLElement), toShared(told, location));
  // A closed server shows nothing to those who have not signed in, and this page signs nobody in.
  if (told.isOpen) startGlimpse(find('glimpse', HTMLElement));
  else find('glimpse', HTMLElement).hidden = true;
} catch {
  // Without the server there is nothing to look at, and the ways in are there all the same.
  for (const id of ['glimpse', 'share']) find(id, HTMLElement).hidden = true;
}
