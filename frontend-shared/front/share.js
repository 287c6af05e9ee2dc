/** Where others find the server: its addresses, to be copied, or to be read by a phone's camera. */
import { find } from '../elements.js';
import { words } from '../words.js';

/** @import { FrontDoor } from '../link/parse.js' */

/**
 * @typedef {object} Shared
 * @property {'open' | 'here' | 'alone' | 'unknown'} reach `here`: only this machine is let in; `alone`: it is in no network
 * @property {readonly string[]} addresses
 */

/** Milliseconds that "Copied" is to be read. */
const COPIED_MS = 2_000;

/** @type {(hostname: string) => boolean} as `location` has it */
const isLoopback = (hostname) => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

/**
 * What stands in the address bar is what works, behind whatever proxy; but on the machine itself it means another one to
 * everyone else.
 * @type {(told: FrontDoor, at: Pick<Location, 'hostname' | 'origin'>) => Shared}
 */
export function toShared({ isShared, addresses = [] }, { hostname, origin }) {
  if (!isLoopback(hostname)) return { reach: 'open', addresses: [`${origin}/`] };
  if (addresses.length > 0) return { reach: 'open', addresses };
  if (isShared === undefined) return { reach: 'unknown', addresses };
  return { reach: isShared ? 'alone' : 'here', addresses };
}

/** @type {(section: HTMLElement, shared: Shared) => void} */
export function showAddresses(section, { reach, addresses }) {
  section.ariaBusy = 'false';
  section.hidden = reach === 'unknown';
  if (reach === 'unknown') return;
  find('share-note', HTMLElement).textContent = words.door.reach[reach];
  const template = find('share-template', HTMLTemplateElement).content;
  const items = addresses.map((address) => {
    const item = /** @type {HTMLElement} */ (template.firstElementChild?.cloneNode(true));
    /** @type {HTMLElement} */ (item.querySelector('code')).textContent = address;
    item.dataset['address'] = address;
    return item;
  });
  section.querySelector('ul')?.replaceChildren(...items);
  section.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : null;
    const item = /** @type {HTMLElement | null | undefined} */ (button?.closest('li'));
    if (!button || !item) return;
    if (button.hasAttribute('data-copy')) void copy(button, /** @type {HTMLElement} */ (item.querySelector('code')));
    else showCode(section, item.dataset['address']);
  });
  showCode(section, addresses[0]);
}

/** @type {(section: HTMLElement, address: string | undefined) => void} */
function showCode(section, address) {
  const image = /** @type {HTMLImageElement} */ (section.querySelector('img'));
  for (const item of section.querySelectorAll('li')) {
    const show = /** @type {HTMLElement} */ (item.querySelector('[data-show]'));
    show.ariaPressed = String(item.dataset['address'] === address);
    show.hidden = section.querySelectorAll('li').length < 2; // with one there is nothing to choose
  }
  /** @type {HTMLElement} */ (image.parentElement).hidden = address === undefined;
  if (address === undefined) return;
  image.addEventListener('load', () => (image.hidden = false), { once: true });
  image.alt = words.door.codeOf(address);
  image.src = `/front/qr.svg?of=${encodeURIComponent(address)}`;
}

/** @type {(button: HTMLElement, code: HTMLElement) => Promise<void>} */
async function copy(button, code) {
  const isCopied = await write(code);
  if (!isCopied) return; // it is selected, for the person's own keys
  find('share-news', HTMLElement).textContent = words.door.copied;
  button.textContent = words.door.copied;
  setTimeout(() => {
    button.textContent = words.door.copy;
    find('share-news', HTMLElement).textContent = '';
  }, COPIED_MS);
}

/** @type {(code: HTMLElement) => Promise<boolean>} */
async function write(code) {
  getSelection()?.selectAllChildren(code);
  try {
    await navigator.clipboard.writeText(code.textContent ?? '');
    getSelection()?.removeAllRanges();
    return true;
  } catch {
    // Without TLS browsers give pages no clipboard, but for this old way: there is no other.
    // oxlint-disable-next-line typescript/no-deprecated
    return document.execCommand('copy');
  }
}
