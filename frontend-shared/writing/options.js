/** What else a message can have, folded away behind a button: a colour of one's own, and a time to come. */
import { toInstant, toLocal } from '../room/local-time.js';
import { words } from '../words.js';
/** @import { Store } from '../storage.js' */

const COLOUR = 'since.color';
const MINUTE_MS = 60_000;

/**
 * @typedef {object} Options
 * @property {() => { color?: string, sendAt?: string }} read
 * @property {() => string} fault why nothing can be sent like this; empty when all is well
 * @property {() => void} sent the time was for one message, the colour is for all
 * @property {(sendAt: string) => void} giveBack of a message that was refused
 */

/**
 * @param {object} parts
 * @param {HTMLButtonElement} parts.button
 * @param {HTMLElement} parts.panel
 * @param {HTMLInputElement} parts.colour
 * @param {HTMLButtonElement} parts.noColour
 * @param {HTMLInputElement} parts.time
 * @param {HTMLButtonElement} parts.noTime
 * @param {HTMLElement} parts.send its words say whether it is for now
 * @param {Store} parts.store
 * @returns {Options}
 */
export function createOptions({ button, panel, colour, noColour, time, noTime, send, store }) {
  const unchosen = colour.value;

  function redraw() {
    const color = store.get(COLOUR);
    colour.value = color ?? unchosen;
    noColour.hidden = color === null;
    noTime.hidden = time.value === '';
    send.textContent = time.value === '' ? words.composer.send : words.composer.sendLater;
    button.classList.toggle('is-used', time.value !== '');
  }

  /** @type {(open: boolean) => void} */
  function fold(open) {
    panel.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    time.min = toLocal(new Date(Date.now() + MINUTE_MS));
  }

  /** @type {(value: string) => void} */
  function setTime(value) {
    time.value = value;
    redraw();
  }

  button.addEventListener('click', () => fold(panel.hidden !== false));
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    fold(false);
    button.focus();
  });
  colour.addEventListener('input', () => {
    store.set(COLOUR, colour.value);
    redraw();
  });
  noColour.addEventListener('click', () => {
    store.remove(COLOUR);
    redraw();
    colour.focus();
  });
  time.addEventListener('input', redraw);
  noTime.addEventListener('click', () => {
    setTime('');
    time.focus();
  });
  redraw();

  return {
    read() {
      const color = store.get(COLOUR);
      const sendAt = toInstant(time.value);
      return { ...(color !== null && { color }), ...(sendAt !== undefined && { sendAt }) };
    },
    fault() {
      const sendAt = toInstant(time.value);
      // Half a date is no date, and sending at once would be the opposite of what was meant.
      if (time.validity.badInput) return words.sending.timeIncomplete;
      if (sendAt === undefined || Date.parse(sendAt) > Date.now()) return '';
      return words.sending.timeOver;
    },
    sent: () => setTime(''),
    giveBack(sendAt) {
      setTime(toLocal(new Date(sendAt)));
      fold(true);
    },
  };
}
