/** What comes through a WebSocket, as far as the page would break by another kind of value. */
import { isMessage } from '../frontend-shared/link/is-message.js';
import { isFieldProblems } from '../frontend-shared/link/parse.js';
/** @import { ServerEnvelope } from '../protocol/envelope.ts' */

/** @type {Record<string, (message: Record<string, unknown>) => boolean>} */
const FORMS = {
  message: isMessage,
  accepted: () => true,
  rejected: ({ status, code, detail, errors = [], retryAfter = 0 }) =>
    [status, retryAfter].every(Number.isFinite) &&
    [code, detail].every((text) => typeof text === 'string') &&
    isFieldProblems(errors),
  'caught-up': ({ room, since }) => typeof room === 'string' && typeof since === 'string',
  reset: ({ room }) => typeof room === 'string',
  typing: ({ room, user }) => typeof room === 'string' && typeof user === 'string',
  presence: ({ room, online }) => typeof room === 'string' && Number.isSafeInteger(online),
};

/** @type {(data: unknown) => ServerEnvelope | undefined} undefined also for commands that are for newer pages */
export function parseEnvelope(data) {
  const envelope = parseJson(String(data));
  if (typeof envelope !== 'object' || envelope === null) return undefined;
  const { command, message } = /** @type {Record<string, unknown>} */ (envelope);
  if (typeof command !== 'string' || !Object.hasOwn(FORMS, command)) return undefined;
  if (typeof message !== 'object' || message === null) return undefined;
  const isWellFormed = FORMS[command]?.(/** @type {Record<string, unknown>} */ (message));
  return isWellFormed ? /** @type {ServerEnvelope} */ (envelope) : undefined;
}

/** @type {(text: string) => unknown} */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // something between here and the server says something else
  }
}
