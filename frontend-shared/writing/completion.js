/**
 * Offers names and emoji for the word that is being written. The focus stays in the box, and nothing is chosen before a
 * person chooses: so Enter sends, whatever is offered.
 */
import { offerEmoji, offerNames, toAsked, toClosed, toTaken } from './completing.js';
import { bringIntoView } from '../elements.js';
import { loadEmoji } from './emoji.js';
import { changeText } from './insert-text.js';
import { words } from '../words.js';
/** @import { Asked, Offer } from './completing.js' */

/** Pixels. */
const GAP = 4;

/**
 * @typedef {object} CompletionParts
 * @property {HTMLElement} list with the attribute `popover`, and the role `listbox`; one for all boxes
 * @property {() => readonly string[]} names those who are most likely meant first
 * @property {(said: string) => void} announce
 */

/** @type {(box: HTMLTextAreaElement, parts: CompletionParts) => void} */
export function offerCompletions(box, { list, names, announce }) {
  /** @type {Asked | undefined} */
  let asked;
  /** @type {readonly Offer[]} none while nothing is open */
  let offers = [];
  let chosen = -1;
  /** What was closed by a person stays closed. @type {number | undefined} where it began */
  let dismissed;

  box.setAttribute('aria-autocomplete', 'list');
  box.setAttribute('aria-haspopup', 'listbox');

  async function look() {
    const at = box.selectionStart === box.selectionEnd ? box.selectionStart : -1;
    const now = at === -1 ? undefined : toAsked(box.value, at);
    asked = now;
    if (now?.start !== dismissed) dismissed = undefined;
    if (!now || dismissed !== undefined) return close();
    const found = now.kind === 'name' ? offerNames(now.query, names()) : await findEmoji(now.query);
    // Emoji may have come late, when something else is being written.
    if (asked === now && document.activeElement === box) show(found);
  }

  /** @type {(found: readonly Offer[]) => void} */
  function show(found) {
    if (found.length === 0) return close();
    const wasOpen = offers.length > 0;
    if (found.length !== offers.length) announce(words.offers.count(found.length));
    offers = found;
    list.replaceChildren(...found.map(toOption));
    list.ariaLabel = words.offers.name;
    choose(-1);
    if (!wasOpen) {
      list.showPopover();
      box.setAttribute('aria-controls', list.id);
      document.addEventListener('scroll', follow, { capture: true, passive: true });
    }
    place(list, box);
  }

  function close() {
    if (offers.length === 0) return;
    offers = [];
    chosen = -1;
    list.hidePopover();
    box.removeAttribute('aria-activedescendant');
    box.removeAttribute('aria-controls');
    document.removeEventListener('scroll', follow, { capture: true });
  }

  /** @type {(event: Event) => void} */
  function follow({ target }) {
    if (target !== list) place(list, box);
  }

  /** @type {(index: number) => void} -1 for none */
  function choose(index) {
    chosen = index;
    for (const [at, option] of [...list.children].entries()) {
      option.setAttribute('aria-selected', String(at === index));
      if (at !== index) continue;
      bringIntoView(option, list);
      box.setAttribute('aria-activedescendant', option.id);
    }
    if (index === -1) box.removeAttribute('aria-activedescendant');
  }

  /** @type {(index: number) => void} */
  function take(index) {
    const offer = offers[index];
    const word = asked;
    close();
    if (offer && word) changeText(box, toTaken(word, box.value, box.selectionEnd, offer));
  }

  /** @type {(offer: Offer, index: number) => HTMLElement} */
  function toOption({ sign, label }, index) {
    const option = document.createElement('div');
    option.id = `${list.id}-${index}`;
    option.setAttribute('role', 'option');
    const [left, right] = [document.createElement('span'), document.createElement('bdi')];
    left.ariaHidden = 'true';
    left.textContent = sign;
    right.textContent = label;
    option.append(left, right);
    // The box keeps the focus, and with it the on-screen keyboard.
    option.addEventListener('pointerdown', (event) => event.preventDefault());
    option.addEventListener('click', () => take(index));
    return option;
  }

  /** @type {(event: KeyboardEvent) => boolean} whether the key was meant for what is offered */
  function press({ key, shiftKey }) {
    const { length } = offers;
    if (key === 'ArrowDown') choose((chosen + 1) % length);
    else if (key === 'ArrowUp') choose((Math.max(chosen, 0) - 1 + length) % length);
    else if (key === 'Enter' && chosen !== -1) take(chosen);
    else if (key === 'Tab' && !shiftKey) take(Math.max(chosen, 0));
    else if (key === 'Escape') {
      dismissed = asked?.start;
      close();
    } else return false;
    return true;
  }

  box.addEventListener(
    'keydown',
    (event) => {
      if (offers.length === 0 || event.isComposing || !press(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
  box.addEventListener('input', (event) => {
    if (event instanceof InputEvent && event.data === ':') void closeWord();
    void look();
  });
  // The caret may be moved away from the word.
  box.addEventListener('keyup', ({ key }) => {
    if (/^(?:Arrow(?:Left|Right)|Home|End)$/.test(key)) void look();
  });
  box.addEventListener('click', () => void look());
  box.addEventListener('blur', close);

  async function closeWord() {
    const caret = box.selectionEnd;
    if (!/:[^\s:]+:$/.test(box.value.slice(0, caret))) return;
    const all = await loadEmoji().catch(() => []);
    const change = box.selectionEnd === caret ? toClosed(box.value, caret, all) : undefined;
    if (change) changeText(box, change);
  }
}

/** @type {(query: string) => Promise<Offer[]>} */
async function findEmoji(query) {
  // Without them one can still write.
  return offerEmoji(query, await loadEmoji().catch(() => []));
}

/** @type {(list: HTMLElement, box: HTMLElement) => void} above the box, where no on-screen keyboard is; never out of the window */
function place(list, box) {
  const anchor = box.getBoundingClientRect();
  const { width, height } = list.getBoundingClientRect();
  const left = Math.max(GAP, Math.min(anchor.left, innerWidth - width - GAP));
  const above = anchor.top - height - GAP;
  list.style.setProperty('left', `${left}px`);
  list.style.setProperty('top', `${above >= GAP ? above : anchor.bottom + GAP}px`);
}
