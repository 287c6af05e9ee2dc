/** Put an emoji on a message, or take it off again. 👍 and 👎 exclude each other. */
import { z } from 'zod';
import { ChatError } from '../errors.ts';
import { MAX_REACTION_KINDS } from '../limits.ts';
import { defineCommand, requireAuthor, requireLiving } from './command.ts';
import { messageId, reaction } from './fields.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { Accepted, Chat, Effect } from './command.ts';

const OPPOSITE: { [emoji: string]: string } = { '👍': '👎', '👎': '👍' };

const schema = z.object({ id: messageId, reaction });

type Reaction = z.infer<typeof schema>;

// Absolute, not a toggle: the same entry applied again after a restart changes nothing.
export const react = defineCommand<'react', Reaction, Reaction>({
  name: 'react',
  schema,
  record: recordReaction,
  apply: (chat, entry) => applyReaction(chat, entry, true),
});

export const unreact = defineCommand<'unreact', Reaction, Reaction>({
  name: 'unreact',
  schema,
  record: recordReaction,
  apply: (chat, entry) => applyReaction(chat, entry, false),
});

function recordReaction(input: Reaction, caller: { author?: string }) {
  requireAuthor(caller);
  return { about: input.id, body: input };
}

function applyReaction(chat: Chat, entry: Accepted<Reaction>, isOn: boolean): Effect {
  const author = requireAuthor(entry);
  const { id, reaction: emoji } = entry.body;
  const before = requireLiving(chat, id);
  if (chat.hasReacted(id, author, emoji) === isOn) return { unchanged: before };
  const opposite = isOn ? OPPOSITE[emoji] : undefined;
  const takenBack =
    opposite !== undefined && chat.hasReacted(id, author, opposite) ? [{ emoji: opposite, isOn: false }] : [];
  const reacted = [...takenBack, { emoji, isOn }];
  const counts = new Map(Object.entries(before.reactions ?? {}));
  for (const one of reacted) {
    const count = (counts.get(one.emoji) ?? 0) + (one.isOn ? 1 : -1);
    if (count > 0) counts.set(one.emoji, count);
    else counts.delete(one.emoji);
  }
  if (counts.size > MAX_REACTION_KINDS) {
    const detail = `must be one of the ${MAX_REACTION_KINDS} kinds that the message has already`;
    throw new ChatError('invalid-message', `"reaction" ${detail}.`, { errors: [{ field: 'reaction', detail }] });
  }
  return { changed: withReactions(before, entry.seq, counts), reacted };
}

function withReactions(
  { reactions: _before, ...rest }: Message,
  seq: number,
  counts: ReadonlyMap<string, number>,
): Message {
  return { ...rest, seq, ...(counts.size > 0 && { reactions: Object.fromEntries(counts) }) };
}
