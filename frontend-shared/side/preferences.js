/** What one likes of the page itself, in this browser. */
/** @import { Store } from '../storage.js' */

const PREFIX = 'since.likes.';
/** As long as nothing was said: nobody is called or interrupted who did not ask for it. */
const DEFAULTS = { notifications: false, sound: false, keys: true };

/** @typedef {keyof typeof DEFAULTS} Preference `keys`: single letters as shortcuts */

/**
 * @typedef {object} Preferences
 * @property {(preference: Preference) => boolean} has always as kept: another tab may have changed it
 * @property {(preference: Preference, on: boolean) => void} set
 */

/** @type {(store: Pick<Store, 'get' | 'set'>) => Preferences} */
export const createPreferences = (store) => ({
  has(preference) {
    const kept = store.get(PREFIX + preference);
    return kept === null ? DEFAULTS[preference] : kept === 'yes';
  },
  set: (preference, on) => store.set(PREFIX + preference, on ? 'yes' : 'no'),
});
