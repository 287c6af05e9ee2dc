/** The shape of a command: what a caller may ask for, how it is read, and what it does to the conversation. */
import type { z } from 'zod';
import { ChatError } from '../errors.ts';
import type { Message } from '../../protocol/envelope.ts';

/** Who asks. The same on every transport. */
export interface Caller {
  /** Public name of the identity; absent without one. */
  author?: string;
  /** The name that goes with a sign-in, in the place of any that is sent. */
  name?: string;
  /** When the sign-in ends: milliseconds since 1970. */
  expiresAt?: number;
  /** May delete what others wrote. */
  isModerator: boolean;
  /** Where the request came from, for counting: an IP address. */
  address: string;
}

type Json = string | number | boolean | null | Json[] | { [field: string]: Json };

/** What a command puts into the journal. */
export interface Recorded<Body> {
  /** Where the entry is carried out by another command than the one that was asked for. */
  command?: string;
  body: Body;
  /** What a person wrote; kept apart, because it can be erased. */
  text?: string;
  /** Seq of the message or schedule that it is about: erasing that one erases this one's text too. */
  about?: number;
  /** Seq of the message or schedule whose texts are gone for good once this is durable. */
  erases?: number;
}

/** An entry, as a command's `apply` sees it. */
export interface Accepted<Body> {
  seq: number;
  /** RFC 3339 in UTC with milliseconds. */
  at: string;
  author?: string;
  key?: string;
  /** Absent too where it was erased since. */
  text?: string;
  body: Body;
}

/** A message that waits for its time, with whose it is. */
export interface Scheduled {
  /** Opaque; no one else's can be guessed. */
  id: string;
  /** The entry that asked for it. */
  seq: number;
  author: string;
  /** RFC 3339 in UTC with milliseconds. */
  sendAt: string;
  /** The idempotency key it was scheduled with. */
  key?: string;
  text: string;
  body: { [field: string]: Json };
}

/** The conversation as far as a command may look at it. */
export interface Chat {
  message(id: number): Message | undefined;
  hasReacted(id: number, author: string, emoji: string): boolean;
  scheduled(id: string): Scheduled | undefined;
  countScheduled(author: string): number;
}

/** What an entry does. One that sets neither `changed`, `scheduled` nor `unscheduled` changes nothing. */
export interface Effect {
  /** The message, as it stands after the entry. */
  changed?: Message;
  /** Reactions of the entry's author that come or go with it. */
  reacted?: readonly { emoji: string; isOn: boolean }[];
  scheduled?: Scheduled;
  unscheduled?: Scheduled;
  /** For whoever asked, where that is not the changed message or what was scheduled. */
  unchanged?: Message;
}

export interface Command<Name extends string = string, Input = unknown, Body = unknown> {
  readonly name: Name;
  /** What the `message` of the envelope, or the body of the request, must hold. */
  readonly schema: z.ZodType<Input>;
  /** What is journalled. Time, identity and random values go into the entry here, so that `apply` needs none. */
  record(input: Input, caller: Caller): Recorded<Body>;
  /**
   * What the entry does to the chat as it stands. Pure: the same entries give the same conversation everywhere.
   * @throws ChatError when it cannot be done; then the entry changes nothing, now and at every replay
   */
  apply(chat: Chat, entry: Accepted<Body>): Effect;
}

/** Keeps the types of one command together; the table holds them all as `Command`. */
export const defineCommand = <const Name extends string, Input, Body>(command: Command<Name, Input, Body>) => command;

/** @throws ChatError `invalid-message` that names every field that is wrong */
export function parseWith<Input>(schema: z.ZodType<Input>, untrusted: unknown): Input {
  const result = schema.safeParse(untrusted);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({ field: path.join('.'), detail: message }));
  const detail = errors
    .map((error) => (error.field === '' ? error.detail : `"${error.field}" ${error.detail}`))
    .join('; ');
  throw new ChatError('invalid-message', `${detail}.`, { errors });
}

/** @throws ChatError `identity-required` */
export function requireAuthor({ author }: { author?: string }): string {
  if (author === undefined) throw new ChatError('identity-required', 'This needs an identity: see POST /identity.');
  return author;
}

/** @throws ChatError `not-found` when there never was such a message, or it is deleted */
export function requireLiving(chat: Chat, id: number): Message {
  const message = chat.message(id);
  if (message === undefined || message.deleted) throw new ChatError('not-found', `There is no message ${id}.`);
  return message;
}
