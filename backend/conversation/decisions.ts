/** What an entry comes to, by what is there when it is its turn: its effect, its answer, or why it is refused. */
import { hash } from 'node:crypto';
import { findCommand } from '../commands/table.ts';
import { ChatError } from '../errors.ts';
import { toChange, toMessage } from './change.ts';
import type { Chat, Effect, Scheduled } from '../commands/command.ts';
import type { Entry, NewEntry } from '../journal/journal.ts';
import type { Change } from './change.ts';
import type { Store } from './store.ts';
import type { Window } from './window.ts';

/** What the one who asked is told. */
export type Answer = { message: Change } | { scheduled: Scheduled };

/** Without an effect, things are already as the entry asks. */
export interface Decision {
  /** Made only when it is told: most decisions are taken again when the entry comes back. */
  answer(): Answer;
  effect?: Effect;
}

/**
 * @param unpublished what is newer than the window has it, by id
 * @returns what decides. @throws ChatError when the entry is refused
 */
export function createDecide(
  store: Store,
  window: Window,
  unpublished: ReadonlyMap<number, Change>,
): (entry: Entry) => Decision {
  const chat: Chat = {
    message(id) {
      const change = unpublished.get(id) ?? window.message(id);
      return change === undefined ? store.message(id) : toMessage(change);
    },
    hasReacted: store.hasReacted,
    scheduled: store.scheduled,
    countScheduled: store.countScheduled,
  };

  const answerFor = (id: number): Answer => {
    const message = chat.message(id);
    if (message !== undefined) return { message: toChange(message) };
    const scheduled = store.scheduledBySeq(id);
    if (scheduled !== undefined) return { scheduled };
    throw new ChatError('not-found', 'The scheduled message of this key was withdrawn.');
  };

  return (entry) => {
    const known = entry.key === undefined ? undefined : store.keyed(entry.author ?? '', entry.key);
    if (known !== undefined) {
      if (known.fingerprint !== '' && known.fingerprint !== fingerprintOf(entry)) {
        throw new ChatError('idempotency-mismatch', 'This key was used for another message.');
      }
      return { answer: () => answerFor(known.id) };
    }
    const command = findCommand(entry.command);
    if (command === undefined) throw new ChatError('internal', `There is no command ${entry.command}.`);
    const effect = command.apply(chat, entry);
    const { changed, unchanged } = effect;
    if (changed !== undefined) return { answer: () => ({ message: toChange(changed) }), effect };
    const scheduled = effect.scheduled ?? effect.unscheduled;
    if (scheduled !== undefined) return { answer: () => ({ scheduled }), effect };
    if (unchanged !== undefined) return { answer: () => ({ message: toChange(unchanged) }) };
    throw new ChatError('not-found', 'It was done or withdrawn before.');
  };
}

/** Of what a key was used for, the same whether it is sent now or was scheduled. Not of what is the server's own. */
export function fingerprintOf({ key, text, body }: NewEntry): string {
  if (key === undefined && body['key'] === undefined) return '';
  const { user, room, color, replyTo, sendAt } = body;
  return hash('sha256', JSON.stringify([text, user, room, color, replyTo, sendAt]), 'base64url');
}
