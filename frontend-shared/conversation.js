/** What is known of one room: gathered as it arrives, and drawn once a frame however much that was. */
import { merge, oldestId, toRows } from './timeline.js';
/** @import { Message } from '../protocol/envelope.ts' */
/** @import { Outgoing } from './outgoing.js' */
/** @import { Row, Shown } from './timeline.js' */

/** Milliseconds, where no frames are drawn: a hidden tab. */
const DRAW_WITHIN_MS = 250;

/**
 * @typedef {object} Conversation
 * @property {(messages: readonly Message[]) => void} take
 * @property {(messages: readonly Message[], isAll: boolean) => void} takeOlder what came before the oldest that is shown;
 *   `isAll`: and before that there is nothing
 * @property {() => void} caughtUp everything is here, but for what is older
 * @property {() => void} forget
 * @property {() => number | undefined} oldest the oldest id, also of what is not drawn yet
 * @property {(id: number) => Message | undefined} find also among those that are not shown
 * @property {(message: Message) => void} know to be found, and to be shown only in its place
 * @property {() => void} changed what is pending is not what it was
 */

/**
 * @param {object} parts
 * @param {() => readonly Outgoing[]} parts.pending
 * @param {(rows: readonly Row[]) => void} parts.draw
 * @returns {Conversation}
 */
export function createConversation({ pending, draw }) {
  /** @type {Shown} */
  let shown = new Map();
  /** @type {Message[]} */
  let arrived = [];
  /** @type {Shown} older than what is shown: a change may come of any message, and would stand beside strangers */
  let aside = new Map();
  /** Below this id nothing is shown before history has come there; undefined until the newest are here. */
  /** @type {number | undefined} */
  let floor;
  /** @type {(() => void) | undefined} set while a drawing is due */
  let cancelDrawing;

  function settle() {
    const least = floor ?? 0;
    shown = merge(
      shown,
      arrived.filter(({ id }) => id >= least),
    );
    aside = merge(
      aside,
      arrived.filter(({ id }) => id < least),
    );
    arrived = [];
  }

  function drawNow() {
    cancelDrawing?.();
    cancelDrawing = undefined;
    settle();
    draw(toRows(shown, pending()));
  }

  function changed() {
    if (cancelDrawing) return;
    const frame = requestAnimationFrame(drawNow);
    const timer = setTimeout(drawNow, DRAW_WITHIN_MS);
    cancelDrawing = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }

  return {
    changed,
    take(messages) {
      if (messages.length === 0) return;
      arrived.push(...messages);
      changed();
    },
    takeOlder(messages, isAll) {
      settle();
      const ids = new Set(messages.map(({ id }) => id));
      floor = isAll ? 0 : Math.min(floor ?? Infinity, ...ids);
      // What was put aside meanwhile may be newer than the page.
      arrived.push(...messages, ...[...aside.values()].filter(({ id }) => ids.has(id)));
      changed();
    },
    caughtUp() {
      settle();
      floor ??= oldestId(shown) ?? 0;
    },
    find(id) {
      settle();
      return shown.get(id) ?? aside.get(id);
    },
    know(message) {
      settle();
      if (!shown.has(message.id)) aside = merge(aside, [message]);
      changed();
    },
    forget() {
      shown = new Map();
      aside = new Map();
      floor = undefined;
      arrived = [];
      changed();
    },
    oldest() {
      settle();
      return oldestId(shown);
    },
  };
}
