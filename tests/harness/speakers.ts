/** The ways to write: what a command does and is answered is the same over each of them. */
import { identify, write } from './api.ts';
import { connectWs } from './ws-client.ts';
import type { Message, Problem, ScheduledMessage } from '../../protocol/envelope.ts';
import type { Answer } from './api.ts';
import type { Answered } from './ws-client.ts';

export type Said =
  | { accepted: Message & Partial<ScheduledMessage>; problem?: never }
  /** What was refused, and why. */
  | { problem: Problem; accepted?: never };

/** One caller on one transport. Fields and ids are whatever a test wants to send. */
export interface Speaker {
  say(fields: object, key?: string): Promise<Said>;
  edit(id: unknown, message: unknown): Promise<Said>;
  remove(id: unknown): Promise<Said>;
  react(id: unknown, reaction: unknown): Promise<Said>;
  unreact(id: unknown, reaction: unknown): Promise<Said>;
}

export interface WayToSpeak {
  name: string;
  /** @param token of who speaks; without one it is nobody */
  open(url: string, token?: string): Promise<Speaker>;
}

export const WAYS_TO_SPEAK: readonly WayToSpeak[] = [
  { name: 'HTTP', open: async (url, token) => overHttp(url, token) },
  { name: 'WebSocket', open: overWebSocket },
];

/** @returns one who has an identity of its own */
export async function openIdentified(
  way: WayToSpeak,
  url: string,
): Promise<Speaker & { token: string; author: string }> {
  const identity = await identify(url);
  return { ...(await way.open(url, identity.token)), ...identity };
}

/** @returns what was accepted. @throws Error with the problem when it was refused */
export async function accepted(saying: Promise<Said>): Promise<Message & Partial<ScheduledMessage>> {
  const said = await saying;
  if (said.problem !== undefined) throw new Error(JSON.stringify(said.problem));
  return said.accepted;
}

/** @returns the code it was refused with; undefined when it was accepted */
export async function refusal(saying: Promise<Said>): Promise<string | undefined> {
  return (await saying).problem?.code;
}

function overHttp(url: string, token: string | undefined): Speaker {
  const ask = async (method: string, path: string, body?: unknown, key?: string) =>
    fromAnswer(
      await write(url, path, body, {
        method,
        ...(token !== undefined && { token }),
        ...(key !== undefined && { key }),
      }),
    );
  const part = (value: unknown) => encodeURIComponent(value as string);
  const at = (id: unknown) => `/messages/${part(id)}`;
  const reactionAt = (id: unknown, reaction: unknown) => `${at(id)}/reactions/${part(reaction)}`;
  return {
    say: (fields, key) => ask('POST', '/messages', { user: 'Azin', ...fields }, key),
    edit: (id, message) => ask('PATCH', at(id), { message }),
    remove: (id) => ask('DELETE', at(id)),
    react: (id, reaction) => ask('PUT', reactionAt(id, reaction)),
    unreact: (id, reaction) => ask('DELETE', reactionAt(id, reaction)),
  };
}

function fromAnswer({ status, json }: Answer): Said {
  return status < 300 ? { accepted: json as Message } : { problem: json as Problem };
}

async function overWebSocket(url: string, token?: string): Promise<Speaker> {
  const client = await connectWs(url, { ...(token !== undefined && { token }) });
  const ask = async (command: string, message: object, key?: string) =>
    fromAnswered(await client.ask(command, message, key));
  return {
    say: (fields, key) => ask('send-message', { user: 'Azin', ...fields }, key),
    edit: (id, message) => ask('edit-message', { id, message }),
    remove: (id) => ask('delete-message', { id }),
    react: (id, reaction) => ask('react', { id, reaction }),
    unreact: (id, reaction) => ask('unreact', { id, reaction }),
  };
}

function fromAnswered({ command, message }: Answered): Said {
  return command === 'accepted' ? { accepted: message as Message } : { problem: message };
}
