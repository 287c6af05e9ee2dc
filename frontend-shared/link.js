/** A link is one way for messages to travel. The pages differ in their link, and in nothing else. */
import { Refused } from './http.js';
import { fetchMessages } from './messages-api.js';
/** @import { Message } from '../protocol/envelope.ts' */
/** @import { Answer, Command } from './commands-api.js' */
/** @import { Delivery, Outgoing } from './outgoing.js' */
/** @import { PageLife } from './page-life.js' */

/**
 * @typedef {{ name: 'connecting' }
 *   | { name: 'live', travel: string }
 *   | { name: 'waiting', until: number }
 *   | { name: 'trying' }
 *   | { name: 'signed-out' }} LinkState
 *   Connecting: nothing was wrong so far. Live: everything is here, and comes as it happens; `travel` says how, for
 *   people. Waiting: the server is not reached, and `until` (milliseconds since 1970) nothing is tried. Trying: being
 *   tried again after a failure. Signed out: the server lets nobody read without a sign-in, and nothing is tried.
 */
/**
 * @typedef {object} LinkParts
 * @property {string} room
 * @property {PageLife} life
 * @property {(messages: readonly Message[]) => void} onMessages new or changed, in any order
 * @property {() => void} onReset the cursor was gone: what was shown may be of another journal
 * @property {(state: LinkState) => void} onState
 * @property {(user: string) => void} onTyping somebody else is writing
 * @property {(online: number) => void} onPresence how many are in the room
 */
/**
 * @typedef {object} Link
 * @property {() => void} check something suggests that the connection broke: find out now
 * @property {(outgoing: Outgoing) => Promise<Delivery>} send never rejects
 * @property {(command: Command) => Promise<Answer>} request never rejects
 * @property {(user: string) => void} tellTyping where that can be told
 * @property {() => void} stop
 */
/** @typedef {(parts: LinkParts) => Link} OpenLink */

/** @type {(error: unknown) => boolean} an identity that the server has forgotten was renewed before this is said */
export const isSignedOut = (error) => error instanceof Refused && error.problem.status === 401;

/** @typedef {{ since: string | undefined }} Position How far this page has read; undefined before its first answer. */

/**
 * Ask once what came since, over HTTP. Takes in the answer, and moves the position: this answer is complete, which the
 * answer to a post never is.
 * @param {Pick<LinkParts, 'room' | 'onMessages' | 'onReset'>} parts
 * @param {Position} position
 * @param {{ waitS: number, signal: AbortSignal }} options `waitS`: how long the server may hold it
 * @returns {Promise<{ count: number, more: boolean }>} `more`: it was cut, ask again at once
 * @throws {import('./http.js').Unreachable | Refused}
 */
export async function ask({ room, onMessages, onReset }, position, { waitS, signal }) {
  const { since } = position;
  try {
    const answer = await fetchMessages(since === undefined ? { room } : { room, since, wait: waitS }, signal);
    onMessages(answer.messages);
    position.since = answer.next ?? since;
    // Without a cursor "more" means history, which is asked for when somebody scrolls there.
    return { count: answer.messages.length, more: answer.more && since !== undefined };
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.status !== 410 || since === undefined) throw error;
    position.since = undefined;
    onReset();
    return { count: 0, more: true };
  }
}
