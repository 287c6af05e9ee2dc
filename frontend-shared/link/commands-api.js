/** Commands over HTTP: what a WebSocket carries as a frame is a request here. */
import { fetchJson, hasIdentity, Refused } from './http.js';
import { canRetry } from './outgoing.js';
import { parseMessage } from './parse.js';
/** @import { Message, Problem } from '../../protocol/envelope.ts' */

/** Milliseconds. A slow phone connection needs several seconds. */
const PATIENCE_MS = 10_000;

/**
 * @typedef {{ command: 'react' | 'unreact', message: { id: number, reaction: string } }
 *   | { command: 'edit-message', message: { id: number, message: string } }
 *   | { command: 'delete-message', message: { id: number } }} Command
 */
/**
 * @typedef {{ outcome: 'done', message: Message }
 *   | { outcome: 'refused', problem: Problem }
 *   | { outcome: 'failed' }} Answer
 *   Failed: it may or may not have been carried out; all commands are absolute, so asking again does no harm.
 */

/** @type {(command: Command) => Promise<Answer>} never rejects */
export async function sendCommand(command) {
  try {
    const { url, method, body } = toRequest(command);
    const answer = await fetchJson(url, {
      method,
      timeoutMs: PATIENCE_MS,
      // So that what was pressed just before the page is left still counts.
      keepalive: true,
      ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { outcome: 'done', message: parseMessage(answer.body) };
  } catch (error) {
    return toFailure(error);
  }
}

/**
 * Tell the others that one is writing.
 * @type {(room: string, user: string) => Promise<void>} never rejects: whoever writes on, tells it again
 */
export async function sendTyping(room, user) {
  try {
    if (!(await hasIdentity())) return; // without it one would be told of oneself
    await fetchJson('/typing', {
      method: 'POST',
      timeoutMs: PATIENCE_MS,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ room, user }),
    });
  } catch {
    // The others see what was written, all the same.
  }
}

/** @type {(error: unknown) => Exclude<Answer, { outcome: 'done' }>} */
function toFailure(error) {
  if (!(error instanceof Refused)) return { outcome: 'failed' };
  const { problem } = error;
  // Too fast or too full is told as it is: nobody wants a button that presses itself later.
  return canRetry(problem.status) && problem.status >= 500 ? { outcome: 'failed' } : { outcome: 'refused', problem };
}

/** @type {(command: Command) => { url: string, method: string, body?: object }} */
function toRequest({ command, message }) {
  const url = `/messages/${message.id}`;
  switch (command) {
    case 'react':
      return { url: `${url}/reactions/${encodeURIComponent(message.reaction)}`, method: 'PUT' };
    case 'unreact':
      return { url: `${url}/reactions/${encodeURIComponent(message.reaction)}`, method: 'DELETE' };
    case 'edit-message':
      return { url, method: 'PATCH', body: { message: message.message } };
    case 'delete-message':
      return { url, method: 'DELETE' };
    // no default
  }
}
