/** One's own messages that wait for their time, with a way to withdraw each. */
import { fetchScheduled, withdraw } from '../link/directory-api.js';
import { isNotFound } from '../link/http.js';
import { toPlainLine } from '../room/rich-text.js';
import { toSoon } from '../room/time-words.js';
import { words } from '../words.js';
/** @import { ScheduledMessage } from '../../protocol/envelope.ts' */

/** Milliseconds after a message was due until it is looked for among those that wait no more. */
const RELEASED_AFTER_MS = 2_000;
/** Milliseconds: timers take no more than 24 days, and a page is asleep for most of a long one anyway. */
const LOOK_WITHIN_MS = 60 * 60 * 1000;

/**
 * @param {object} parts
 * @param {HTMLDetailsElement} parts.root
 * @param {HTMLTemplateElement} parts.template of one of them
 * @param {(news: string) => void} parts.announce
 * @param {(reason: string) => void} parts.explain
 * @param {() => void} parts.onEmpty the last was withdrawn here: the focus needs a place
 * @returns {{ load: () => Promise<void> }} never rejects
 */
export function createWaitingList({ root, template, announce, explain, onEmpty }) {
  const summary = /** @type {HTMLElement} */ (root.querySelector('summary'));
  const list = /** @type {HTMLElement} */ (root.querySelector('ul'));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function load() {
    try {
      draw((await fetchScheduled()).toSorted((a, b) => (a.sendAt < b.sendAt ? -1 : 1)));
    } catch {
      // Whether the server is there is told elsewhere; it is asked again with the next reason to.
    }
  }

  /** @type {(waiting: readonly ScheduledMessage[]) => void} */
  function draw(waiting) {
    summary.textContent = words.later.waiting(waiting.length);
    root.hidden = waiting.length === 0;
    list.replaceChildren(...waiting.map(toItem));
    clearTimeout(timer);
    const [next] = waiting;
    if (!next) return;
    const dueMs = Date.parse(next.sendAt) - Date.now() + RELEASED_AFTER_MS;
    timer = setTimeout(() => void load(), Math.min(Math.max(dueMs, RELEASED_AFTER_MS), LOOK_WITHIN_MS));
  }

  /** @type {(waiting: ScheduledMessage) => HTMLElement} */
  function toItem({ scheduled, sendAt, room, message }) {
    const item = /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
    const said = { time: toSoon(sendAt, new Date()), room: `#${room}`, text: toPlainLine(message) };
    for (const [name, text] of Object.entries(said)) {
      const part = item.querySelector(`[data-${name}]`);
      if (part) part.textContent = text;
    }
    const button = /** @type {HTMLButtonElement} */ (item.querySelector('button'));
    button.addEventListener('click', () => {
      button.disabled = true;
      void takeBack(scheduled, said.time).finally(() => (button.disabled = false));
    });
    return item;
  }

  /** @type {(scheduled: string, time: string) => Promise<void>} */
  async function takeBack(scheduled, time) {
    const at = [...list.children].findIndex((item) => item.contains(document.activeElement));
    try {
      await withdraw(scheduled);
      announce(words.later.withdrawn(time));
      explain('');
    } catch (error) {
      explain(isNotFound(error) ? words.later.sent : words.later.unreachable);
    }
    await load();
    if (root.hidden) onEmpty();
    else if (at !== -1) list.querySelectorAll('button')[Math.min(at, list.children.length - 1)]?.focus();
  }

  return { load };
}
