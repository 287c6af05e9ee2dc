/** Say something in a room, now or at a time to come. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ChatError } from '../errors.ts';
import { MAX_SCHEDULE_AHEAD_MS, MAX_SCHEDULED_PER_AUTHOR, RETRY_HOARD_S } from '../limits.ts';
import { defineCommand, requireAuthor } from './command.ts';
import { color, DEFAULT_ROOM, messageId, moment, room, text, user } from './fields.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { Accepted, Chat } from './command.ts';

/** What is kept of a message beside its text. */
export interface SentBody {
  user: string;
  room: string;
  color?: string;
  replyTo?: number;
}

interface ScheduledBody extends SentBody {
  scheduled: string;
  sendAt: string;
}

interface ReleasedBody extends ScheduledBody {
  /** The key that it was scheduled with. */
  key?: string;
}

const schema = z.object({
  user,
  message: text,
  room: room.default(DEFAULT_ROOM),
  color: color.exactOptional(),
  replyTo: messageId.exactOptional(),
  sendAt: moment.exactOptional(),
});

export const sendMessage = defineCommand<'send-message', z.infer<typeof schema>, SentBody>({
  name: 'send-message',
  schema,
  record({ message, sendAt, ...rest }, caller) {
    const body = caller.name === undefined ? rest : { ...rest, user: caller.name };
    if (sendAt === undefined) return { text: message, body };
    requireAuthor(caller);
    const scheduled: ScheduledBody = { ...body, scheduled: randomUUID(), sendAt };
    return { command: scheduleMessage.name, text: message, body: scheduled };
  },
  apply(chat, entry) {
    refuseForeignParent(chat, entry.body);
    return { changed: asMessage(entry, entry.key) };
  },
});

/** Journalled instead of `send-message` when there is a `sendAt`. */
export const scheduleMessage = defineCommand<'schedule-message', never, ScheduledBody>({
  name: 'schedule-message',
  schema: z.never(),
  record: refuseToRecord,
  apply(chat, entry) {
    const author = requireAuthor(entry);
    refuseUnfitTime(entry);
    refuseForeignParent(chat, entry.body);
    if (chat.countScheduled(author) >= MAX_SCHEDULED_PER_AUTHOR) {
      throw new ChatError('rate-limited', `${MAX_SCHEDULED_PER_AUTHOR} messages are waiting already.`, {
        retryAfter: RETRY_HOARD_S,
      });
    }
    const { seq, key, text: message = '', body } = entry;
    const { scheduled: id, sendAt } = body;
    return {
      scheduled: { id, seq, author, sendAt, ...(key !== undefined && { key }), text: message, body: { ...body } },
    };
  },
});

/** The server's own: a scheduled message's time has come. It carries the text on, as that of the schedule is erased. */
export const releaseMessage = defineCommand<'release-message', never, ReleasedBody>({
  name: 'release-message',
  schema: z.never(),
  record: refuseToRecord,
  apply(chat, entry) {
    const { scheduled, key } = entry.body;
    const waiting = chat.scheduled(scheduled);
    // Withdrawn meanwhile, or released by another server: this entry came second and does nothing.
    if (waiting === undefined) return {};
    return { changed: asMessage(entry, key), unscheduled: waiting };
  },
});

function asMessage(
  { seq, at, author, text: message = '', body }: Accepted<SentBody>,
  key: string | undefined,
): Message {
  const { user: name, room: where, color: paint, replyTo } = body;
  return {
    id: seq,
    seq,
    room: where,
    user: name,
    ...(author !== undefined && { author }),
    message,
    timestamp: at,
    ...(paint !== undefined && { color: paint }),
    ...(replyTo !== undefined && { replyTo }),
    ...(key !== undefined && { key }),
  };
}

function refuseForeignParent(chat: Chat, { replyTo, room: where }: SentBody): void {
  if (replyTo === undefined || chat.message(replyTo)?.room === where) return;
  const detail = 'must be the id of a message of the same room';
  throw new ChatError('invalid-message', `"replyTo" ${detail}.`, { errors: [{ field: 'replyTo', detail }] });
}

// Asked of the entry, not of what was sent: a retry with the same key may come when the time is over.
function refuseUnfitTime({ at, body: { sendAt } }: Accepted<ScheduledBody>): void {
  const waitMs = Date.parse(sendAt) - Date.parse(at);
  if (waitMs <= 0) throw invalidTime('must be in the future');
  if (waitMs > MAX_SCHEDULE_AHEAD_MS) throw invalidTime('must be within a year');
}

function refuseToRecord(): never {
  throw new Error('only the server itself makes this entry');
}

function invalidTime(detail: string): ChatError {
  return new ChatError('invalid-message', `"sendAt" ${detail}.`, { errors: [{ field: 'sendAt', detail }] });
}
