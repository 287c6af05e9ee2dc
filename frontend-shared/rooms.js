/** The rooms beside the conversation: which there are, a way to each, and a way to one that is not there yet. */
import { fetchRooms } from './directory-api.js';
import { toAddress, toRoom } from './room-name.js';
import { words } from './words.js';
/** @import { RoomSummary } from './directory-api.js' */
/** @import { PageLife } from './page-life.js' */

/** Milliseconds between two looks, while somebody looks. */
const LOOK_EVERY_MS = 10_000;

/**
 * @typedef {object} Rooms
 * @property {(room: string) => void} enter it is shown as the current one
 * @property {() => void} load
 * @property {(room: string) => void} noticed something was said in it
 */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list
 * @param {HTMLFormElement} parts.form to open one by its name
 * @param {PageLife} parts.life
 * @param {(room: string) => void} parts.onChosen
 * @param {(summary: RoomSummary) => void} parts.onCurrent what is known of the current one
 * @param {(reason: string) => void} parts.explain
 * @returns {Rooms}
 */
export function createRooms({ list, form, life, onChosen, onCurrent, explain }) {
  const input = /** @type {HTMLInputElement} */ (form.querySelector('input'));
  let current = '';
  /** @type {readonly RoomSummary[]} */
  let known = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function load() {
    clearTimeout(timer);
    try {
      known = await fetchRooms();
      draw();
      const summary = known.find(({ room }) => room === current);
      if (summary) onCurrent(summary);
    } catch {
      // The next look is soon; whether the server is there is told elsewhere.
    }
    clearTimeout(timer);
    timer = setTimeout(() => (life.isHidden() ? undefined : void load()), LOOK_EVERY_MS);
  }

  // One that nothing was said in yet exists for whoever is in it.
  function draw() {
    const names = known.map(({ room }) => room);
    if (current !== '' && !names.includes(current)) names.unshift(current);
    /** @type {Map<string, HTMLElement>} kept where they are, so that the focus is */
    const drawn = new Map([...list.querySelectorAll('a')].map((link) => [link.dataset['room'] ?? '', link]));
    const items = names.map((room) => drawn.get(room)?.parentElement ?? toItem(room));
    if (items.some((item, index) => list.children[index] !== item) || items.length !== list.children.length) {
      const focused = document.activeElement;
      list.replaceChildren(...items);
      if (focused instanceof HTMLElement && list.contains(focused)) focused.focus();
    }
    for (const link of list.querySelectorAll('a')) {
      if (link.dataset['room'] === current) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  /** @type {(room: string) => HTMLElement} */
  function toItem(room) {
    const link = document.createElement('a');
    link.href = toAddress(room);
    link.dataset['room'] = room;
    link.textContent = room;
    const item = document.createElement('li');
    item.append(link);
    return item;
  }

  list.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    // With a key held it is for another tab, and that is the browser's.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onChosen(link.dataset['room'] ?? '');
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (input.value.trim() === '') return;
    const room = toRoom(input.value);
    input.toggleAttribute('aria-invalid', room === undefined);
    if (room === undefined) return explain(words.rooms.badName);
    input.value = '';
    explain('');
    onChosen(room);
  });
  life.listen((event) => event === 'shown' && void load());

  return {
    load: () => void load(),
    noticed: (room) => known.some((one) => one.room === room) || void load(),
    enter(room) {
      current = room;
      draw();
    },
  };
}
