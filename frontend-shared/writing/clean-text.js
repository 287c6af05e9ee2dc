/** What is pasted or dropped: text as one would have typed it, and nothing but text. */
import { insertText } from './insert-text.js';
import { words } from '../words.js';

/** Control characters but tab and line feed: terminals and old documents leave them behind, and no message may have them. */
// oxlint-disable-next-line no-control-regex -- these are what it is for
const CONTROLS = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g;

/** @type {(text: string) => string} */
export const cleanText = (text) =>
  text
    .replaceAll(/\r\n?|\u2028|\u2029|[\v\f]/g, '\n')
    .replaceAll(CONTROLS, '')
    .toWellFormed();

/** @type {(box: HTMLTextAreaElement, explain: (reason: string) => void) => void} */
export function cleanPastes(box, explain) {
  box.addEventListener('paste', (event) => {
    const pasted = event.clipboardData?.getData('text/plain') ?? '';
    if (pasted === '' && hasFiles(event.clipboardData)) {
      event.preventDefault();
      return explain(words.sending.onlyText);
    }
    const clean = cleanText(pasted);
    if (clean === pasted) return;
    event.preventDefault();
    insertText(box, clean);
  });
}

/** @type {(page: Document, explain: (reason: string) => void) => void} else the browser leaves the page to show the file */
export function refuseFiles(page, explain) {
  page.addEventListener('dragover', (event) => {
    if (hasFiles(event.dataTransfer)) event.preventDefault();
  });
  page.addEventListener('drop', (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    explain(words.sending.onlyText);
  });
}

/** @type {(data: DataTransfer | null) => boolean} */
const hasFiles = (data) => data?.types.includes('Files') ?? false;
