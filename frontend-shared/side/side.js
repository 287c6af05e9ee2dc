/** Everything around the conversation: the rooms and what is new in them, the search, who is here, the keys, and the settings. */
import { createDrawer } from './drawer.js';
import { find } from '../elements.js';
import { tellLookedAt } from '../room/looked-at.js';
import { isOwn } from '../room/own-author.js';
import { drawOwnAvatar } from './own-avatar.js';
import { createPageTitle } from './page-title.js';
import { createPreferences } from './preferences.js';
import { drawUnread, toCount } from './room-list.js';
import { createRooms } from './rooms.js';
import { createSearch } from './search.js';
import { listenForShortcuts } from './shortcuts.js';
import { createTypists, toTypingWords } from './typists.js';
import { createUnread } from './unread.js';
import { words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { PageLife } from '../link/page-life.js' */
/** @import { ReadMarks } from '../room/read-marks.js' */
/** @import { Store } from '../storage.js' */

/**
 * @typedef {object} Side
 * @property {(room: string) => void} enter
 * @property {() => void} close what lies over the conversation in a narrow window
 * @property {() => void} load which rooms there are
 * @property {(room: string) => void} noticed something was said in a room
 * @property {(room: string, messages: readonly Message[], isLive: boolean) => void} heard in the current room; `isLive`:
 *   just now, and not before one came
 * @property {(user: string) => void} typing
 * @property {(online: number) => void} showOnline
 * @property {() => void} reset nothing of what was heard is known any more
 * @property {() => void} lost the server is not reached: who is here is not known
 * @property {() => void} found it is reached again
 * @property {() => void} forget nor of other rooms: it is another journal
 * @property {() => void} redraw what another tab has changed
 */

/**
 * @param {object} parts
 * @param {Store} parts.store shared by all tabs
 * @param {PageLife} parts.life
 * @param {ReadMarks} parts.marks
 * @param {(act: () => void, ms: number) => () => void} parts.later
 * @param {(reason: string) => void} parts.explain
 * @param {(room: string, id?: number) => void} parts.onChosen
 * @returns {Side}
 */
export function createSide({ store, life, marks, later, explain, onChosen }) {
  const here = find('here', HTMLElement);
  const log = find('log', HTMLElement);
  const message = find('message', HTMLTextAreaElement);
  const box = find('search', HTMLInputElement);
  const typing = find('typing', HTMLElement);
  const news = find('room-news', HTMLElement);
  const { locks } = /** @type {{ locks: LockManager | undefined }} */ (navigator);
  const preferences = createPreferences(store);
  const title = createPageTitle(document);
  let current = '';
  let isLost = false;

  const unread = createUnread({
    marks,
    isOwn: (one) => isOwn(store, one),
    name: () => store.get('since.name') ?? '',
  });
  const typists = createTypists({ later, onChange: (names) => void (typing.textContent = toTypingWords(names)) });
  const toggle = find('side-toggle', HTMLButtonElement);
  const drawer = createDrawer(toggle, find('side', HTMLElement));
  const rooms = createRooms({
    list: find('rooms', HTMLElement),
    form: find('open-room', HTMLFormElement),
    life,
    marks,
    unread,
    isWatchful,
    onChosen: choose,
    onCurrent: ({ online }) => showOnline(online),
    onNews: (mentioning) => void call(mentioning),
    onUnread(inAll) {
      title.showUnread(inAll.count);
      drawUnread(toggle, inAll);
    },
    explain,
  });
  createSearch({
    box,
    panel: find('results', HTMLElement),
    template: find('result-template', HTMLTemplateElement),
    room: () => current,
    onChosen: (found) => onChosen(found.room, found.id),
    onLeft: () => message.focus(),
  });
  tellLookedAt(locks, life);
  listenForShortcuts(
    document,
    { search, write: () => message.focus(), stepRoom: rooms.step, help: () => void showKeys() },
    () => preferences.has('keys'),
  );

  function isWatchful() {
    return preferences.has('notifications') || preferences.has('sound');
  }

  /** @type {(room: string) => void} */
  function choose(room) {
    onChosen(room);
    placeFocus();
  }

  // Where one was writing, one goes on; else the focus goes where there is something to be done. On a phone that would
  // bring up its keyboard, and hide what one came to read.
  function placeFocus() {
    if (document.activeElement === message) return;
    (matchMedia('(hover: hover)').matches ? message : log).focus({ preventScroll: true });
  }

  function search() {
    drawer.open();
    box.focus();
    box.select();
  }

  /** @type {(mentioning: readonly Message[]) => Promise<void>} */
  async function call(mentioning) {
    if (mentioning.length === 0 || !life.isHidden() || !isWatchful()) return;
    const part = await loadPart(() => import('./attention.js'));
    const attend = part?.createAttention({ store, preferences, locks, onChosen: ({ room, id }) => onChosen(room, id) });
    for (const one of mentioning) await attend?.(one);
  }

  async function toggleSettings() {
    const part = await loadPart(() => import('./settings.js'));
    settings ??= part?.createSettings({ button, panel: find('settings', HTMLElement), preferences });
    settings?.toggle();
  }

  async function showKeys() {
    const part = await loadPart(() => import('./shortcut-sheet.js'));
    part?.openShortcutSheet();
  }

  /**
   * What few need comes when it is wanted, and may not come without a network.
   * @template Part
   * @param {() => Promise<Part>} get
   * @returns {Promise<Part | undefined>}
   */
  const loadPart = (get) =>
    get().catch(() => {
      explain(words.page.notLoaded);
      return undefined;
    });

  /** @type {{ toggle: () => void } | undefined} */
  let settings;
  const button = find('settings-toggle', HTMLButtonElement);
  button.addEventListener('click', () => void toggleSettings());
  find('show-keys', HTMLButtonElement).addEventListener('click', () => void showKeys());
  find('skip', HTMLAnchorElement).addEventListener('click', (event) => {
    // The part of an address behind # names a message here.
    event.preventDefault();
    message.focus();
  });

  const avatar = find('own-avatar', HTMLElement);
  const drawAvatar = () => drawOwnAvatar(avatar, find('name', HTMLInputElement).value.trim(), store);
  // What is written there, and what is pressed: the boxes have taken it in when it comes here.
  for (const event of ['input', 'click']) find('composer', HTMLFormElement).addEventListener(event, drawAvatar);

  /** @type {(online: number) => void} */
  function showOnline(online) {
    here.hidden = isLost || online < 1;
    here.textContent = words.rooms.here(online);
  }

  return {
    enter(room) {
      const { count } = unread.of(room);
      // The first room is told by the title of the page.
      if (current !== '') {
        news.textContent =
          count === 0 ? words.rooms.entered(room) : words.rooms.enteredUnread(room, toCount(count), count === 1);
      }
      current = room;
      here.hidden = true;
      title.showRoom(room);
      rooms.enter(room);
      drawAvatar();
    },
    close: drawer.close,
    load: rooms.load,
    /** @param {string} told a room that was posted to from here: so one's public name may be known only now */
    noticed(told) {
      rooms.noticed(told);
      drawAvatar();
    },
    heard(room, messages, isLive) {
      for (const one of messages) typists.said(one);
      const mentioning = unread.take(room, messages);
      if (!life.isHidden()) return;
      rooms.redraw();
      if (isLive) void call(mentioning);
    },
    typing: typists.heard,
    showOnline,
    reset: typists.clear,
    lost() {
      isLost = true;
      here.hidden = true;
    },
    found() {
      if (!isLost) return;
      isLost = false;
      rooms.load();
    },
    forget: rooms.forget,
    redraw() {
      rooms.redraw();
      drawAvatar();
    },
  };
}
