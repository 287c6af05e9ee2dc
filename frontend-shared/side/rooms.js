/** The rooms beside the conversation: which there are, what is new in them, and a way to one that is not there yet. */
import { fetchRooms } from '../link/directory-api.js';
import { isGone } from '../link/http.js';
import { fetchMessages } from '../link/messages-api.js';
import { createRoomList } from './room-list.js';
import { toRoom } from './room-name.js';
import { words } from '../words.js';
import { mark } from '../writing/composer.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { RoomSummary } from '../link/parse.js' */
/** @import { PageLife } from '../link/page-life.js' */
/** @import { ReadMarks } from '../room/read-marks.js' */
/** @import { Unread, UnreadRooms } from './unread.js' */

/** Milliseconds between two looks, while somebody looks. */
const LOOK_EVERY_MS = 10_000;
/** Milliseconds in a hidden tab, for those who want to be told there. Browsers let its timers run once a minute. */
const GLANCE_EVERY_MS = 60_000;
/** Rooms that are asked for what is new, of one look: those that something was said in last. */
const ASKED_AT_A_LOOK = 3;
/** The same, for one who comes, or comes back: much may have been said meanwhile. */
const ASKED_AT_RETURN = 50;
/** Changes in one answer; reactions to older messages are among them. */
const ASKED_CHANGES = 200;

/** @type {Unread} */
const NOTHING = { count: 0, isMentioned: false };

/**
 * @typedef {object} Rooms
 * @property {(room: string) => void} enter it is shown as the current one
 * @property {() => void} load
 * @property {(room: string) => void} noticed something was said in it
 * @property {(by: number) => void} step to the next one in the list, or the one before
 * @property {() => void} redraw what is read, or unread, has changed
 * @property {() => void} forget it is another journal, with rooms and numbers of its own
 */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.list
 * @param {HTMLFormElement} parts.form to open one by its name
 * @param {PageLife} parts.life
 * @param {Pick<ReadMarks, 'lastRead' | 'rooms'>} parts.marks
 * @param {UnreadRooms} parts.unread
 * @param {() => boolean} parts.isWatchful whether to look while nobody sees it
 * @param {(room: string) => void} parts.onChosen
 * @param {(summary: RoomSummary) => void} parts.onCurrent what is known of the current one
 * @param {(mentioning: readonly Message[]) => void} parts.onNews in other rooms; those that speak to this person
 * @param {(unread: Unread) => void} parts.onUnread in all rooms, when it has been counted anew
 * @param {(reason: string) => void} parts.explain
 * @returns {Rooms}
 */
export function createRooms(parts) {
  const { form, life, marks, unread, explain } = parts;
  const input = /** @type {HTMLInputElement} */ (form.querySelector('input'));
  const list = createRoomList(parts.list, parts.onChosen);
  let current = '';
  /** @type {Map<string, boolean>} whether it was this person's own when it was first seen here */
  const own = new Map();
  /** Of earlier visits: shown until the server has told which there are still. */
  const remembered = new Set(marks.rooms());
  for (const room of remembered) own.set(room, true);
  /** @type {readonly RoomSummary[]} */
  let known = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isFirst = true;
  /** Counts the journals there were: what was asked for in one of them says nothing of the next. */
  let journal = 0;

  /** @type {(most?: number, isAnew?: boolean) => Promise<void>} */
  async function load(most = ASKED_AT_RETURN, isAnew = false) {
    const of = journal;
    clearTimeout(timer);
    try {
      const found = await fetchRooms();
      if (of !== journal) return;
      known = found;
      for (const { room } of known) remembered.delete(room);
      for (const room of remembered) own.delete(room);
      remembered.clear();
      redraw();
      const summary = known.find(({ room }) => room === current);
      if (summary) parts.onCurrent(summary);
      await askForNews(most, isAnew);
    } catch {
      // The next look is soon; whether the server is there is told elsewhere.
    }
    clearTimeout(timer);
    timer = setTimeout(lookAgain, life.isHidden() ? GLANCE_EVERY_MS : LOOK_EVERY_MS);
  }

  function lookAgain() {
    if (!life.isHidden() || parts.isWatchful()) void load(ASKED_AT_A_LOOK);
  }

  // Only where something changed since one was there, so a quiet chat costs one request a look, however many rooms it has.
  /** @type {(most: number, isAnew: boolean) => Promise<void>} */
  async function askForNews(most, isAnew) {
    const of = journal;
    const changed = known.flatMap(({ room, seq }) => {
      // What is said in the current one is heard; but not before it was known that its ids begin anew.
      const since = room === current && !isAnew ? undefined : unread.sinceOf({ room, seq });
      return since === undefined ? [] : [{ room, since }];
    });
    for (const { room, since } of changed.slice(0, most)) {
      const { messages, next } = await fetchNews(room, since);
      if (of !== journal) return;
      const mentioning = unread.take(room, messages, Number.parseInt(next ?? '0', 10));
      // What was said before this page was opened is seen in the list; nobody is called for it.
      if (!isFirst && room !== current) parts.onNews(mentioning);
      redraw();
    }
    if (changed.length <= most) isFirst = false;
  }

  function redraw() {
    const isShown = !life.isHidden();
    for (const { room } of known) if (!own.has(room)) own.set(room, marks.lastRead(room) !== undefined);
    const lines = orderRooms(own).map((room) => {
      const isCurrent = room === current;
      return { room, isCurrent, unread: isCurrent && isShown ? NOTHING : unread.of(room) };
    });
    list.draw(lines);
    parts.onUnread({
      count: lines.reduce((sum, line) => sum + line.unread.count, 0),
      isMentioned: lines.some((line) => line.unread.isMentioned),
    });
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (input.value.trim() === '') return;
    const room = toRoom(input.value);
    mark(input, room === undefined);
    if (room === undefined) return explain(words.rooms.badName);
    input.value = '';
    explain('');
    parts.onChosen(room);
  });
  life.listen((event) => {
    if (event === 'hidden') redraw();
    if (event === 'shown') void load();
  });

  return {
    load: () => void load(),
    noticed: (room) => known.some((one) => one.room === room) || void load(),
    enter(room) {
      current = room;
      // One that nothing was said in yet exists for whoever entered it.
      if (!own.has(room)) own.set(room, true);
      remembered.delete(room);
      redraw();
    },
    step: list.step,
    redraw,
    forget() {
      journal += 1;
      known = [];
      unread.forget();
      for (const room of own.keys()) if (room !== current) remembered.add(room);
      void load(ASKED_AT_RETURN, true);
    },
  };
}

/** @type {(room: string, since: number) => ReturnType<typeof fetchMessages>} */
async function fetchNews(room, since) {
  try {
    return await fetchMessages({ room, since: String(since), limit: ASKED_CHANGES }, undefined, 'omit');
  } catch (error) {
    if (!isGone(error)) throw error;
    // One such room is not to keep the others from being asked for.
    return fetchMessages({ room, limit: ASKED_CHANGES }, undefined, 'omit');
  }
}

/**
 * Those that one reads come first; all by their name, where they are found with the eyes closed. By what was said last they
 * would jump, and one that moved on being entered could not be stepped over.
 * @type {(own: ReadonlyMap<string, boolean>) => string[]}
 */
export const orderRooms = (own) =>
  [...own.keys()].toSorted((a, b) => Number(own.get(b)) - Number(own.get(a)) || byName.compare(a, b));

/** The same in all languages, as the names are of a-z only; and the tenth stands after the second. */
const byName = new Intl.Collator('en', { numeric: true });
