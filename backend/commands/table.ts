/** Every command, one line each. A new one is a file beside this and a line here. */
import { deleteMessage } from './delete-message.ts';
import { editMessage } from './edit-message.ts';
import { react, unreact } from './react.ts';
import { releaseMessage, scheduleMessage, sendMessage } from './send-message.ts';
import { withdrawMessage } from './withdraw-message.ts';
import type { Command } from './command.ts';

/** What a client may send on a WebSocket, by the name in its envelope. */
export const CLIENT_COMMANDS = {
  [sendMessage.name]: sendMessage,
  [editMessage.name]: editMessage,
  [deleteMessage.name]: deleteMessage,
  [react.name]: react,
  [unreact.name]: unreact,
} as const;

/** What the journal may hold: those, and what only the server itself writes. */
const COMMANDS = {
  ...CLIENT_COMMANDS,
  [scheduleMessage.name]: scheduleMessage,
  [releaseMessage.name]: releaseMessage,
  [withdrawMessage.name]: withdrawMessage,
} as const;

export type CommandName = keyof typeof COMMANDS;

/** @returns undefined for a name that is in no table, as of an entry that a newer version wrote */
export function findCommand(name: string): Command | undefined {
  // The types of one command fit together; that they are the right ones for an entry, its name says.
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name as CommandName] : undefined;
}

/** @returns whether a client may ask for this by name */
export function isClientCommand(name: string): name is keyof typeof CLIENT_COMMANDS {
  return Object.hasOwn(CLIENT_COMMANDS, name);
}
