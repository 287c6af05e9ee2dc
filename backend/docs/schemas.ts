/** What the server answers, as schemas: for the documents, and for the tests that hold answers and examples to them. */
import { z } from 'zod';
import { messageId, room } from '../commands/fields.ts';
import { ERRORS } from '../errors.ts';
import { MAX_MESSAGE_LENGTH, MAX_USER_LENGTH } from '../limits.ts';
import type { FieldProblem, Message, Problem, ScheduledMessage, ServerEvents } from '../../protocol/envelope.ts';
import type { ErrorCode } from '../errors.ts';

/** Held to the type of the wire: a field that one of them lacks is an error of types. */
type Exactly<Wire> = z.ZodObject<{ [Field in keyof Required<Wire>]: z.ZodType<Wire[Field]> }>;

const moment = z.iso.datetime({ precision: 3 });
const cursor = z
  .string()
  .regex(/^\d{1,16}-[a-z0-9]{1,16}$/)
  .meta({ description: 'Where to go on. Opaque.' });
const seq = z
  .number()
  .meta({ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Number in the journal.' });
const count = z.number().meta({ type: 'integer', minimum: 0 });
const author = z.string().meta({ description: 'Public name of an identity.' });
const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]; // the table is not empty

export const message = z
  .object({
    id: messageId.meta({ description: 'The seq of the entry that created it; never changes.' }),
    seq: seq.meta({ description: 'The seq of the newest entry that changed it.' }),
    room,
    user: z.string().min(1).meta({ maxLength: MAX_USER_LENGTH, description: 'Display name.' }),
    author: author.exactOptional(),
    message: z.string().meta({ maxLength: MAX_MESSAGE_LENGTH, description: 'Plain text; empty on a tombstone.' }),
    timestamp: moment.meta({ description: 'When the server accepted it.' }),
    color: z
      .string()
      .regex(/^#[0-9a-f]{6}$/)
      .exactOptional(),
    replyTo: messageId.meta({ description: 'Id of a message of the same room.' }).exactOptional(),
    reactions: z
      .record(z.string(), count.meta({ minimum: 1 }))
      .meta({ description: 'How many identities reacted with each emoji.' })
      .exactOptional(),
    edited: moment.meta({ description: 'When it was last edited.' }).exactOptional(),
    key: z.string().meta({ description: 'The idempotency key it was posted with.' }).exactOptional(),
    deleted: z.literal(true).meta({ description: 'Only on a tombstone.' }).exactOptional(),
  })
  .meta({ description: 'A message as it stands now.' }) satisfies Exactly<Message>;

const waiting = {
  scheduled: z.string().meta({ description: 'Opaque name of what waits.' }),
  sendAt: moment,
};

export const accepted = z.object(waiting).meta({ description: 'What was accepted to be sent later.' });

export const scheduledMessage = z
  .object({ ...waiting, room, user: z.string(), message: z.string() })
  .meta({ description: 'A message that waits for its time.' }) satisfies Exactly<ScheduledMessage>;

const fieldProblem = z.object({ field: z.string(), detail: z.string() }) satisfies Exactly<FieldProblem>;

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().meta({ type: 'integer' }),
    detail: z.string().meta({ description: 'For people; may change.' }),
    code: z.enum(codes).meta({ description: 'To decide by.' }),
    errors: z.array(fieldProblem).meta({ description: 'The fields that are wrong.' }).exactOptional(),
    retryAfter: count.meta({ description: 'Seconds until it is worth trying again.' }).exactOptional(),
  })
  .meta({ description: 'An error, as RFC 9457 has it.' }) satisfies Exactly<Problem>;

export const identity = z.object({
  token: z.string().meta({ description: 'Secret: whoever shows it is this identity.' }),
  author,
});

export const subscription = z.object({
  subscription: z.string().meta({ description: 'Names the subscription; whoever knows it may read on.' }),
  expiresIn: count.meta({ description: 'Seconds without use after which it is forgotten.' }),
});

export const roomSummary = z.object({
  room,
  messages: count.meta({ description: 'Messages, tombstones not counted.' }),
  seq: seq.meta({ description: 'The newest change.' }),
  online: count.meta({ description: 'How many are there.' }),
});

const inRoom = z.object({ room });

/** What the server says on a WebSocket, by command. */
export const serverEvents = {
  message,
  'caught-up': z.object({ room, since: cursor }),
  reset: z.object({ room, code: z.literal('cursor-gone' satisfies ErrorCode) }),
  accepted: z.union([message, accepted, inRoom]),
  rejected: problem,
  typing: z.object({ room, user: z.string() }),
  presence: z.object({ room, online: count }),
} satisfies { [Name in keyof ServerEvents]: z.ZodType<ServerEvents[Name]> };

/** What Server-Sent Events say, by the name of the event. */
export const streamEvents = {
  message,
  'caught-up': z.object({ since: cursor }),
  reset: z.object({ code: z.literal('cursor-gone' satisfies ErrorCode) }),
};

/** A schema as it is asked for, before defaults and rounding; for what is answered that is the same. */
export function toSchema(schema: z.ZodType): { [keyword: string]: unknown } {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    override({ jsonSchema }) {
      // Parameters are digits to the one who reads them, and numbers to the one who documents them. The pattern of a
      // moment is a page long, and its format says the same.
      if (jsonSchema.type === 'integer' || jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
  return rest;
}
