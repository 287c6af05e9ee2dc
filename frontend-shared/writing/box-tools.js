/** What every box one writes in has: marks by keys, completion, how much is left, and clean text where something is pasted. */
import { cleanPastes } from './clean-text.js';
import { offerCompletions } from './completion.js';
import { toggleFormat } from './formatting.js';
import { changeText } from './insert-text.js';
import { createLengthMeter } from './text-length.js';
/** @import { Format } from './formatting.js' */

/** @type {Readonly<Record<string, Format>>} */
const KEYS = { b: 'strong', i: 'em', u: 'u', e: 'code' };
/** There Ctrl moves the caret. */
const isMac = /Mac OS X/.test(navigator.userAgent);

/**
 * @typedef {object} BoxParts
 * @property {HTMLElement} offers the list of what can be completed; one for all boxes
 * @property {() => readonly string[]} names
 * @property {(said: string) => void} announce
 * @property {(reason: string) => void} explain
 */
/** @typedef {(box: HTMLTextAreaElement, meter: HTMLElement) => { redraw: () => void }} DressBox `redraw` when the text was put there */

/** @type {(parts: BoxParts) => DressBox} */
export const createBoxTools =
  ({ offers, names, announce, explain }) =>
  (box, meter) => {
    offerCompletions(box, { list: offers, names, announce });
    cleanPastes(box, explain);
    box.addEventListener('keydown', (event) => {
      const format = formatOf(event);
      if (!format) return;
      event.preventDefault();
      formatBox(box, format);
    });
    return createLengthMeter({ box, meter, announce });
  };

/** @type {(box: HTMLTextAreaElement, format: Format) => void} what is selected in it */
export const formatBox = (box, format) =>
  changeText(box, toggleFormat(box.value, box.selectionStart, box.selectionEnd, format));

/** @type {(event: KeyboardEvent) => Format | undefined} */
function formatOf({ key, ctrlKey, metaKey, altKey, shiftKey, isComposing }) {
  const isMeant = (isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey) && !altKey && !shiftKey && !isComposing;
  return isMeant ? KEYS[key.toLowerCase()] : undefined;
}

/** @type {(format: Format) => { key: string, isMac: boolean }} the letter that does the same */
export const keyOf = (format) => ({
  key:
    Object.keys(KEYS)
      .find((key) => KEYS[key] === format)
      ?.toUpperCase() ?? '',
  isMac,
});
