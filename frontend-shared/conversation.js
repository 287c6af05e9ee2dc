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
 * @property {() => void} forget
 * @property {() => number | undefined} oldest the oldest id, also of what is not drawn yet
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
  /** @type {(() => void) | undefined} set while a drawing is due */
  let cancelDrawing;

  function settle() {
    shown = merge(shown, arrived);
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
    forget() {
      shown = new Map();
      arrived = [];
      changed();
    },
    oldest() {
      settle();
      return oldestId(shown);
    },
  };
}
