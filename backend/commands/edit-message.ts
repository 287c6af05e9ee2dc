/** Put other words in the place of what one wrote. */
import { z } from 'zod';
import { ChatError } from '../errors.ts';
import { defineCommand, requireAuthor, requireLiving } from './command.ts';
import { messageId, text } from './fields.ts';

const schema = z.object({ id: messageId, message: text });

export const editMessage = defineCommand<'edit-message', z.infer<typeof schema>, { id: number }>({
  name: 'edit-message',
  schema,
  record: ({ id, message }, caller) => {
    requireAuthor(caller);
    return { about: id, text: message, body: { id } };
  },
  apply(chat, { seq, at, author, text: message = '', body: { id } }) {
    const before = requireLiving(chat, id);
    if (author === undefined || before.author !== author) {
      throw new ChatError('forbidden', 'Only its author can edit a message.');
    }
    if (before.message === message) return { unchanged: before };
    return { changed: { ...before, seq, message, edited: at } };
  },
});
