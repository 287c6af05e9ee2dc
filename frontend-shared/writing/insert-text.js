/** Changes what stands in a box as if it had been typed, so that the box can undo it and everybody hears of it. */
/** @import { TextChange } from './formatting.js' */

/** @type {(box: HTMLTextAreaElement, change: TextChange) => void} */
export function changeText(box, { start, end, text, selectionStart, selectionEnd }) {
  box.focus();
  if (start !== end || text !== '') {
    box.setSelectionRange(start, end);
    if (!typeOver(text)) {
      box.setRangeText(text, start, end, 'end');
      box.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertReplacementText' }));
    }
  }
  box.setSelectionRange(selectionStart, selectionEnd);
}

/** @type {(box: HTMLTextAreaElement, text: string) => void} in the place of what is selected */
export function insertText(box, text) {
  const { selectionStart: start, selectionEnd: end } = box;
  const after = start + text.length;
  changeText(box, { start, end, text, selectionStart: after, selectionEnd: after });
}

/** @type {(text: string) => boolean} over what is selected where the focus is */
function typeOver(text) {
  // oxlint-disable-next-line typescript/no-deprecated -- nothing newer leaves a trace that Ctrl+Z can follow
  return text === '' ? document.execCommand('delete') : document.execCommand('insertText', false, text);
}
