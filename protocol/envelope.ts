/** What both ends say to each other: the message, the envelopes around it, and the shape of a problem. */

/** A message as it stands now. Optional fields are absent, never null. */
export interface Message {
  /** The seq of the entry that created it; never changes. */
  id: number;
  /** The seq of the newest entry that changed it; equal to `id` until something does. */
  seq: number;
  room: string;
  /** Display name, 1 to 40 code points. */
  user: string;
  /** Public name of the identity that posted it; absent where there was none. */
  author?: string;
  /** Plain text, 1 to 4,000 code points; empty on a tombstone. */
  message: string;
  /** When the server accepted it: RFC 3339 in UTC with milliseconds. */
  timestamp: string;
  /** `#rrggbb` in small letters. */
  color?: string;
  /** The `id` of a message of the same room. */
  replyTo?: number;
  /** How many identities reacted with each emoji; absolute values, absent when there are none. */
  reactions?: Record<string, number>;
  /** When it was last edited; absent when never. */
  edited?: string;
  /** The idempotency key it was posted with, by which its sender finds its pending copy. */
  key?: string;
  /** Only on a tombstone. */
  deleted?: true;
}

/** A message that waits for its time. */
export interface ScheduledMessage {
  /** Opaque name of what waits. */
  scheduled: string;
  /** RFC 3339 in UTC with milliseconds. */
  sendAt: string;
  room: string;
  user: string;
  message: string;
}

/** An error as told to a caller: RFC 9457, with a `code` to decide by. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: FieldProblem[];
  /** Seconds until it is worth trying again; over HTTP it is in the header of that name. */
  retryAfter?: number;
}

export interface FieldProblem {
  field: string;
  detail: string;
}

/** What the server says on a WebSocket, by command. */
export interface ServerEvents {
  message: Message;
  'caught-up': { room: string; since: string };
  reset: { room: string; code: string };
  accepted: object;
  rejected: Problem;
  typing: { room: string; user: string };
  presence: { room: string; online: number };
}

/** A frame from the server. `key` comes back on answers, from the command that is answered. */
export type ServerEnvelope = {
  [Name in keyof ServerEvents]: { command: Name; key?: string; message: ServerEvents[Name] };
}[keyof ServerEvents];
