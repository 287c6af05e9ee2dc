/**
 * Tells the other tabs of what this one has sent: one that is cut off from the server would see its own person's text leave
 * what waits, and hear of the message only when it is back. What was sent has left the outbox; telling of it sends nothing.
 */
import { isMessage } from './is-message.js';
/** @import { Message } from '../../protocol/envelope.ts' */

/**
 * @param {string} name the same in all tabs of one person
 * @param {(message: Message) => void} onSent by another tab
 * @returns {(message: Message) => void} tell the others
 */
export function openSentNews(name, onSent) {
  try {
    const channel = new BroadcastChannel(name);
    channel.addEventListener('message', ({ data }) => isMessage(data) && onSent(data));
    // A channel reaches this origin only.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    return (message) => channel.postMessage(message);
  } catch {
    return () => {}; // there is none, or it is forbidden to this site: what was sent comes when the tab is back
  }
}
