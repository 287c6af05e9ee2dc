/**
 * What the keys do where one is not writing. Those of a single letter can be switched off, as people who speak to their
 * machine press them unawares.
 */

/**
 * @typedef {object} Shortcuts
 * @property {() => void} search
 * @property {() => void} write
 * @property {(by: 1 | -1) => void} stepRoom
 * @property {() => void} help
 */

/**
 * @param {Document} page
 * @param {Shortcuts} shortcuts
 * @param {() => boolean} hasSingleKeys
 */
export function listenForShortcuts(page, shortcuts, hasSingleKeys) {
  page.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || page.querySelector('dialog[open], :popover-open')) return;
    const act = actOf(event, hasSingleKeys() && !isForWriting(event.target));
    if (act === undefined) return;
    event.preventDefault();
    if (act === 'previousRoom') shortcuts.stepRoom(-1);
    else if (act === 'nextRoom') shortcuts.stepRoom(1);
    else shortcuts[act]();
  });
}

/**
 * @param {Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>} event
 * @param {boolean} mayBeSingle
 * @returns {'search' | 'write' | 'help' | 'previousRoom' | 'nextRoom' | undefined}
 */
export function actOf({ key, ctrlKey, metaKey, altKey, shiftKey }, mayBeSingle) {
  if (ctrlKey !== metaKey && !altKey && !shiftKey && key.toLowerCase() === 'k') return 'search';
  if (altKey && !ctrlKey && !metaKey && !shiftKey) {
    if (key === 'ArrowUp') return 'previousRoom';
    if (key === 'ArrowDown') return 'nextRoom';
  }
  if (!mayBeSingle || ctrlKey || metaKey || altKey) return undefined;
  if (key === '/') return 'search';
  if (key === '?') return 'help';
  return key === 'c' ? 'write' : undefined;
}

/** @type {(target: EventTarget | null) => boolean} a letter is a letter there */
const isForWriting = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('textarea, select, input:not([type="checkbox"], [type="button"])'));
