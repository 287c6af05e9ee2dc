/** Take a message back: its text is erased everywhere, and a tombstone keeps its place. */
import { z } from 'zod';
import { ChatError } from '../errors.ts';
import { defineCommand, requireAuthor } from './command.ts';
import { messageId } from './fields.ts';
import type { Message } from '../../protocol/envelope.ts';

const schema = z.object({ id: messageId });

interface Body {
  id: number;
  /** In the entry, as the right to delete must not depend on a setting at the time of a replay. */
  byModerator?: true;
}

export const deleteMessage = defineCommand<'delete-message', z.infer<typeof schema>, Body>({
  name: 'delete-message',
  schema,
  record({ id }, caller) {
    if (caller.isModerator) return { about: id, erases: id, body: { id, byModerator: true } };
    requireAuthor(caller);
    return { about: id, erases: id, body: { id } };
  },
  apply(chat, { seq, author, body: { id, byModerator } }) {
    const before = chat.message(id);
    if (before === undefined) throw new ChatError('not-found', `There is no message ${id}.`);
    if (!byModerator && (author === undefined || before.author !== author)) {
      throw new ChatError('forbidden', 'Only its author or a moderator can delete a message.');
    }
    if (before.deleted) return { unchanged: before };
    return { changed: toTombstone(before, seq) };
  },
});

// Nor when it was edited: with the texts gone, a replay cannot tell whether an edit changed anything.
function toTombstone(
  { color: _color, reactions: _reactions, edited: _edited, ...rest }: Message,
  seq: number,
): Message {
  return { ...rest, seq, message: '', deleted: true };
}
