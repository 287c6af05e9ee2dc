/** How messages come to this browser. The pages differ in their link, and in nothing else. */
import { isGone, Refused } from './http.js';
import { fetchMessages } from './messages-api.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Answer, Command } from './commands-api.js' */
/** @import { Delivery, Outgoing } from './outgoing.js' */
/** @import { PageLife } from './page-life.js' */

/**
 * @typedef {{ by: 'polling' | 'fallback', everyS: number } | { by: 'socket' }} Travel
 *   How messages come, and for polling how many seconds lie between two requests as it is now. Fallback: polling, as no
 *   WebSocket can be opened.
 */
/**
 * @typedef {{ name: 'connecting' }
 *   | { name: 'catching-up' }
 *   | { name: 'live', travel: Travel }
 *   | { name: 'waiting', until: number }
 *   | { name: 'trying' }
 *   | { name: 'signed-out' }} LinkState
 *   Connecting: nothing was wrong so far. Catching up: what was missed is on its way, or it is being found out whether
 *   anything was. Live: everything is here, and comes as it happens. Waiting: the server is not reached, and `until`
 *   (milliseconds since 1970) nothing is tried. Trying: being tried again after a failure. Signed out: the server lets
 *   nobody read without a sign-in, and nothing is tried.
 */

/** @typedef {{ since: string | undefined }} Position How far has been read; undefined before the first answer. */

/**
 * @typedef {object} ListenParts
 * @property {string} room
 * @property {PageLife} life of whoever shows this room
 * @property {Position} position where to read on; it is moved, when everything up to there has been given
 * @property {(messages: readonly Message[]) => void} onMessages new or changed, in any order
 * @property {(from: string | undefined, to: string) => void} onMoved the position was, and is
 * @property {() => void} onReset the cursor was gone: what was given may be of another journal
 * @property {(state: LinkState) => void} onState
 * @property {(user: string) => void} onTyping somebody else is writing
 * @property {(online: number) => void} onPresence how many are in the room
 */
/**
 * @typedef {object} Listening
 * @property {() => void} check something suggests that the connection broke: find out now
 * @property {(user: string) => void} tellTyping where that can be told
 * @property {() => void} stop
 */
/**
 * @typedef {object} Link
 * @property {(parts: ListenParts) => Listening} listen to one more room
 * @property {(outgoing: Outgoing) => Promise<Delivery>} send never rejects
 * @property {(command: Command) => Promise<Answer>} request never rejects
 * @property {() => void} close also what is listened to
 */
/** @typedef {(life: PageLife) => Link} OpenLink `life` of all who use it */

/** @type {(error: unknown) => boolean} an identity that the server has forgotten was renewed before this is said */
export const isSignedOut = (error) => error instanceof Refused && error.problem.status === 401;

/**
 * Ask once what came since, over HTTP. Takes in the answer, and moves the position: this answer is complete, which the
 * answer to a post never is.
 * @param {Pick<ListenParts, 'room' | 'position' | 'onMessages' | 'onMoved' | 'onReset'>} parts
 * @param {{ waitS: number, signal: AbortSignal, typing?: number | undefined }} options `waitS`: how long the
 *   server may hold it. `typing`: see `fetchMessages`; undefined where nobody is there to see it
 * @returns {Promise<{ count: number, more: boolean, typists: readonly string[], nextTyping?: number }>} `more`: it was cut,
 *   ask again at once
 * @throws {import('./http.js').Unreachable | Refused | import('./parse.js').NotUnderstood}
 */
export async function ask({ room, position, onMessages, onMoved, onReset }, { waitS, signal, typing }) {
  const { since } = position;
  try {
    const query = { room, ...(since !== undefined && { since, wait: waitS }), ...(typing !== undefined && { typing }) };
    const answer = await fetchMessages(query, signal);
    signal.throwIfAborted(); // what moved the position meanwhile is not to be moved back
    onMessages(answer.messages);
    if (answer.next !== undefined) {
      position.since = answer.next;
      onMoved(since, answer.next);
    }
    // Without a cursor "more" means history, which is asked for when somebody scrolls there.
    return { ...answer, count: answer.messages.length, more: answer.more && since !== undefined };
  } catch (error) {
    if (!isGone(error) || since === undefined) throw error;
    position.since = undefined;
    onReset();
    return { count: 0, more: true, typists: [] };
  }
}
