/** The text of a WebSocket message, read and written: an envelope with a command, and the answer to it. */
import { z } from 'zod';
import { parseWith } from '../commands/command.ts';
import { cursor as cursorField, key as keyField, room as roomField, DEFAULT_ROOM } from '../commands/fields.ts';
import { ChatError } from '../errors.ts';
import { typingBody } from './typing.ts';
import { toFrame } from './websocket-encoding.ts';
import type { Posted } from '../conversation/applier.ts';

const envelopeSchema = z.object({
  command: z.string('must be text'),
  key: keyField.exactOptional(),
  // Its fields are read by the command.
  message: z.looseObject({}, 'must be an object'),
});
/** What a client may send beside the commands of the table: what concerns the connection, and is journalled nowhere. */
export const CONNECTION_COMMANDS = {
  subscribe: z.object({ room: roomField.default(DEFAULT_ROOM), since: cursorField.exactOptional() }),
  unsubscribe: z.object({ room: roomField.default(DEFAULT_ROOM) }),
  typing: typingBody,
};
export type Envelope = z.infer<typeof envelopeSchema>;

/** @throws ChatError when it is no JSON object; what else it is, is not looked at yet */
export function parseText(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch (cause) {
    throw new ChatError('malformed-json', 'The frame is not JSON.', { cause });
  }
  throw new ChatError('malformed-json', 'The frame must hold a JSON object.');
}

/** @throws ChatError when it is no envelope; whether there is such a command is not looked at */
export function parseEnvelope(untrusted: object): Envelope {
  return parseWith(envelopeSchema, untrusted);
}

/** @returns the key to answer with, as far as one can be made out */
export function keyOf(untrusted: object): string | undefined {
  if (!('key' in untrusted)) return undefined;
  const result = keyField.safeParse(untrusted.key);
  return result.success ? result.data : undefined;
}

/** @returns what a command came to, as JSON */
export function toJson(posted: Posted): string {
  if ('message' in posted) return posted.message.json;
  const { id: scheduled, sendAt } = posted.scheduled;
  return JSON.stringify({ scheduled, sendAt });
}

/** @param message JSON */
export function answerFrame(command: 'accepted' | 'rejected', key: string | undefined, message: string): Buffer {
  const echoed = key === undefined ? '' : `"key":${JSON.stringify(key)},`;
  return toFrame(`{"command":"${command}",${echoed}"message":${message}}`);
}
