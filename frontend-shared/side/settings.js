/** The settings of the page, folded away beside the rooms. */
import { playChime } from './chime.js';
import { words } from '../words.js';
/** @import { Preference, Preferences } from './preferences.js' */

/**
 * @param {object} parts
 * @param {HTMLButtonElement} parts.button
 * @param {HTMLElement} parts.panel each of its switches is named by the preference, and one element tells what came of it
 * @param {Preferences} parts.preferences
 * @returns {{ toggle: () => void }}
 */
export function createSettings({ button, panel, preferences }) {
  const told = /** @type {HTMLElement} */ (panel.querySelector('[data-told]'));
  const switches = [...panel.querySelectorAll('input')];

  function redraw() {
    for (const one of switches) one.checked = preferences.has(/** @type {Preference} */ (one.name));
  }

  /** @type {(open: boolean) => void} */
  function fold(open) {
    told.textContent = '';
    panel.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    redraw();
  }

  /** @type {(preference: Preference, isOn: boolean) => Promise<void>} */
  async function change(preference, isOn) {
    const refusal = preference === 'notifications' && isOn ? await askToNotify() : '';
    told.textContent = refusal;
    preferences.set(preference, isOn && refusal === '');
    redraw();
    // What one has just asked for is heard at once; and from a click on, the browser lets the page be heard.
    if (preference === 'sound' && isOn) playChime();
  }

  panel.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement) void change(/** @type {Preference} */ (target.name), target.checked);
  });
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    fold(false);
    button.focus();
  });
  // Another tab may have changed them.
  addEventListener('storage', redraw);

  return { toggle: () => fold(panel.hidden !== false) };
}

/** @returns {Promise<string>} why it cannot be; empty when it can */
async function askToNotify() {
  if (!('Notification' in globalThis) || !isSecureContext) return words.settings.noNotifications;
  const permission = await Notification.requestPermission();
  return permission === 'granted' ? '' : words.settings.refused;
}
