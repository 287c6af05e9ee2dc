/** The token of a server that asks for a sign-in. Whoever signs people in sends them here with `#access_token=...`. */

import { openStore } from '../storage.js';

const NAME = 'since.access-token';
const store = openStore(() => sessionStorage);

/**
 * Out of the address bar as soon as it is read: from there it would get into bookmarks, and onto screens.
 * @returns {boolean} whether there was one
 */
export function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('access_token');
  if (!token) return false;
  store.set(NAME, token);
  history.replaceState(history.state, '', location.pathname + location.search);
  return true;
}

/** @returns {string | undefined} undefined on a server that is open to all */
export function readToken() {
  return store.get(NAME) ?? undefined;
}

/**
 * Who a token is of, as far as it says: to keep apart what several people leave in one browser. It proves nothing, and the
 * server asks for proof.
 * @param {string | undefined} token
 * @returns {string} empty for none
 */
export function ownerOf(token) {
  if (token === undefined) return '';
  const [, payload = ''] = token.split('.');
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
    const claims = /** @type {{ iss?: unknown, sub?: unknown }} */ (JSON.parse(new TextDecoder().decode(bytes)));
    const { iss, sub } = claims;
    if (typeof sub === 'string') return JSON.stringify([iss, sub]);
  } catch {
    // Of a form that only the server knows.
  }
  return token;
}
