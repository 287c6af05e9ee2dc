/**
 * What the keys do where one is not writing: there a letter begins a message, as if one had been. Those of a single key can
 * be switched off, as people who speak to their machine press them unawares.
 */

/**
 * @typedef {object} Shortcuts
 * @property {() => void} search
 * @property {() => void} write what is pressed, or pasted, arrives where the focus goes
 * @property {(by: 1 | -1) => void} stepRoom
 * @property {() => void} help
 */
/** @typedef {'text' | 'control' | 'nothing'} Place What has the focus; nothing: no more than the page, or what is read. */

/**
 * @param {Document} page
 * @param {Shortcuts} shortcuts
 * @param {() => boolean} hasSingleKeys
 */
export function listenForShortcuts(page, shortcuts, hasSingleKeys) {
  page.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || page.querySelector('dialog[open], :popover-open')) return;
    const act = actOf(toPressed(event), placeOf(event.target), hasSingleKeys());
    if (act === undefined) return;
    if (act === 'write') return shortcuts.write();
    event.preventDefault();
    if (act === 'previousRoom') shortcuts.stepRoom(-1);
    else if (act === 'nextRoom') shortcuts.stepRoom(1);
    else shortcuts[act]();
  });
}

/** @typedef {Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>} Pressed */

/** @type {(event: KeyboardEvent) => Pressed} where AltGr writes a letter, it is told as Ctrl and Alt too */
function toPressed(event) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  const isGraph = event.getModifierState('AltGraph');
  return { key, metaKey, shiftKey, ctrlKey: ctrlKey && !isGraph, altKey: altKey && !isGraph };
}

/**
 * @param {Pressed} pressed
 * @param {Place} place
 * @param {boolean} hasSingleKeys
 * @returns {'search' | 'write' | 'help' | 'previousRoom' | 'nextRoom' | undefined}
 */
export function actOf({ key, ctrlKey, metaKey, altKey, shiftKey }, place, hasSingleKeys) {
  if (ctrlKey !== metaKey && !altKey && !shiftKey) {
    if (key.toLowerCase() === 'k') return 'search';
    if (key.toLowerCase() === 'v' && place === 'nothing') return 'write';
  }
  if (altKey && !ctrlKey && !metaKey && !shiftKey) {
    if (key === 'ArrowUp') return 'previousRoom';
    if (key === 'ArrowDown') return 'nextRoom';
  }
  if (!hasSingleKeys || place === 'text' || ctrlKey || metaKey || altKey) return undefined;
  if (key === '/') return 'search';
  if (key === '?') return 'help';
  return place === 'nothing' && isForText(key) ? 'write' : undefined;
}

/** @type {(key: string) => boolean} one sign, or the accent of the next; but the space bar scrolls */
const isForText = (key) => key === 'Dead' || ([...key].length === 1 && key !== ' ');

/** @type {(target: EventTarget | null) => Place} */
function placeOf(target) {
  if (!(target instanceof HTMLElement)) return 'control';
  if (target.matches('body, [role="log"], .message')) return 'nothing';
  const isText =
    target.isContentEditable || target.matches('textarea, select, input:not([type="checkbox"], [type="button"])');
  return isText ? 'text' : 'control';
}
