/** The front door: what Since is, the chat as it is right now, and where others find it. */
import { createBackoff, UNWATCHED_CAP_MS } from '../link/backoff.js';
import { find } from '../elements.js';
import { startGlimpse } from './glimpse.js';
import { fetchJson } from '../link/http.js';
import { keepPage } from '../link/keep-page.js';
import { parseFrontDoor } from '../link/parse.js';
import { showAddresses, toShared } from './share.js';
import { translatePage } from '../words.js';

/** Milliseconds. */
const PATIENCE_MS = 10_000;

const glimpse = find('glimpse', HTMLElement);
const share = find('share', HTMLElement);
const backoff = createBackoff();

translatePage(document);
void show();

async function show() {
  try {
    const { body } = await fetchJson('/front/door', { timeoutMs: PATIENCE_MS });
    const told = parseFrontDoor(body);
    showAddresses(share, toShared(told, location));
    // A closed server shows nothing to those who have not signed in, and this page signs nobody in.
    glimpse.hidden = !told.isOpen;
    if (told.isOpen) startGlimpse(glimpse);
    keepPage();
  } catch {
    // Without the server there is nothing to look at, and the ways in are there all the same.
    glimpse.hidden = share.hidden = true;
    setTimeout(() => void show(), backoff.afterFailure(UNWATCHED_CAP_MS));
  }
}
