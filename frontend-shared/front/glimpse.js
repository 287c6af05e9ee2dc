/** A look at the newest messages of a room, kept up to date while it is looked at. Nothing can be written here. */
import { createBackoff, WATCHED_CAP_MS } from '../link/backoff.js';
import { drawText } from '../room/draw-text.js';
import { find } from '../elements.js';
import { isGone } from '../link/http.js';
import { fetchMessages, HOLD_S } from '../link/messages-api.js';
import { pause } from '../link/pause.js';
import { toHue, toInitials } from '../room/person.js';
import { toExactTime, toShortDate } from '../room/time-words.js';
/** @import { Message } from '../../protocol/envelope.ts' */

const ROOM = 'lobby';
const SHOWN = 5;
/** Milliseconds between two questions: this is a look at the chat, and however much is said, five are shown. */
const SPACING_MS = 1_000;

/**
 * The newest of those that were known and those that came, each at its newest state, in order of id.
 * @type {(known: readonly Message[], came: readonly Message[]) => Message[]}
 */
export function toGlimpse(known, came) {
  /** @type {Map<number, Message>} */
  const newest = new Map();
  for (const message of [...known, ...came]) {
    if (message.seq >= (newest.get(message.id)?.seq ?? 0)) newest.set(message.id, message);
  }
  const left = [...newest.values()].filter(({ deleted }) => !deleted);
  return left.toSorted((a, b) => a.id - b.id).slice(-SHOWN);
}

/** @type {(section: HTMLElement) => void} */
export function startGlimpse(section) {
  const list = /** @type {HTMLElement} */ (section.querySelector('ol'));
  const backoff = createBackoff();
  /** @type {Message[]} */
  let shown = [];
  /** Ends the listening. */
  let listening = new AbortController();
  let willDraw = false;

  /** Once a frame at most, however many come. @type {(came: readonly Message[]) => void} */
  const take = (came) => {
    shown = toGlimpse(shown, came);
    if (willDraw) return;
    willDraw = true;
    requestAnimationFrame(() => {
      willDraw = false;
      draw(list, shown);
      section.ariaBusy = 'false';
    });
  };

  // By polling, and as nobody: an open stream, and one who asks under a name, count as being in the room.
  /** @type {(signal: AbortSignal) => Promise<void>} */
  async function listen(signal) {
    /** @type {string | undefined} */
    let since;
    while (!signal.aborted) {
      const query = since === undefined ? { room: ROOM, limit: SHOWN } : { room: ROOM, since, wait: HOLD_S };
      try {
        const { messages, next } = await fetchMessages(query, signal, 'omit');
        if (signal.aborted) return;
        backoff.reset();
        if (since === undefined) shown = [];
        since = next;
        take(messages);
        await pause(SPACING_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        // Another journal, or one that was emptied: what was shown is of the past.
        if (isGone(error) && since !== undefined) since = undefined;
        else await pause(backoff.afterFailure(WATCHED_CAP_MS), signal);
      }
    }
  }

  const close = () => listening.abort();

  const open = () => {
    close();
    listening = new AbortController();
    void listen(listening.signal);
  };

  // Nobody looks at a hidden page; a shown one starts anew, as the newest few are all that is wanted.
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  addEventListener('pagehide', close);
  addEventListener('pageshow', ({ persisted }) => persisted && open());
  if (!document.hidden) open();
}

/** @type {(list: HTMLElement, messages: readonly Message[]) => void} */
function draw(list, messages) {
  const template = find('glimpse-template', HTMLTemplateElement).content;
  const there = new Map([...list.children].map((item) => [/** @type {HTMLElement} */ (item).dataset['id'], item]));
  const items = messages.map((message) => {
    const known = there.get(String(message.id));
    const item = /** @type {HTMLElement} */ (known ?? template.firstElementChild?.cloneNode(true));
    item.dataset['id'] = String(message.id);
    drawMessage(item, message);
    return item;
  });
  // Only what changed is moved: what is selected, or has the focus, stays.
  for (const [id, item] of there) if (!messages.some((message) => String(message.id) === id)) item.remove();
  for (const [index, item] of items.entries()) {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  }
}

/** @type {(item: HTMLElement, message: Message) => void} */
function drawMessage(item, { user, author, message, timestamp, color }) {
  /** @type {(name: string) => HTMLElement} */
  const part = (name) => /** @type {HTMLElement} */ (item.querySelector(`.${name}`));
  item.style.setProperty('--hue', String(toHue(author ?? user)));
  item.classList.toggle('has-color', color !== undefined);
  if (color === undefined) item.style.removeProperty('--color');
  else item.style.setProperty('--color', color);
  part('avatar').textContent = toInitials(user);
  part('glimpse-user').textContent = user;
  const time = /** @type {HTMLTimeElement} */ (part('glimpse-time'));
  time.dateTime = timestamp;
  time.title = toExactTime(timestamp);
  time.textContent = toShortDate(timestamp, new Date());
  drawText(part('glimpse-text'), message);
}
