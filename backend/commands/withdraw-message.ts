/** Take back a scheduled message before its time. */
import { z } from 'zod';
import { ChatError } from '../errors.ts';
import { defineCommand, requireAuthor } from './command.ts';

// `seq` is that of the schedule's entry, looked up by the server, so that its text can be erased.
const schema = z.object({ scheduled: z.string(), seq: z.number() });

export const withdrawMessage = defineCommand<'withdraw-message', z.infer<typeof schema>, { scheduled: string }>({
  name: 'withdraw-message',
  schema,
  record({ scheduled, seq }, caller) {
    requireAuthor(caller);
    return { about: seq, erases: seq, body: { scheduled } };
  },
  apply(chat, { author, body: { scheduled } }) {
    const waiting = chat.scheduled(scheduled);
    if (waiting === undefined || waiting.author !== author) {
      throw new ChatError('not-found', 'There is no such scheduled message.');
    }
    return { unscheduled: waiting };
  },
});
