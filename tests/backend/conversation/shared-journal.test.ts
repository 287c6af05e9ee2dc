/** A journal that others write to too: what they were faster with is not taken for one's own. */
import { expect, it } from 'vitest';
import { nobody, openChat, openMemoryJournal, toMessage } from './chat.ts';
import type { Journal, NewEntry } from '../../../backend/journal/journal.ts';

/** @returns the journal, in which another server journals something just before each append */
function preceded(journal: Journal, byWhat: (entry: NewEntry) => NewEntry): Journal {
  return {
    ...journal,
    head: journal.head,
    async append(entry) {
      await journal.append(byWhat(entry));
      return journal.append(entry);
    },
  };
}

const AT = '2026-11-22T06:00:00.000Z';
const message = { user: 'Azin', message: 'hello' };

it('gives what another server posted with the same key a moment before, and says that it is not new', async () => {
  const journal = preceded(await openMemoryJournal(), (entry) => ({ ...entry, at: AT }));
  const chat = await openChat({ journal });
  const posted = await chat.post('send-message', message, nobody, 'k');
  expect(posted.isNew).toBe(false);
  expect('message' in posted && toMessage(posted.message)).toMatchObject({ id: 1, message: 'hello', timestamp: AT });
  expect(chat.after('lobby', 0, 10).changes).toHaveLength(1);
});

it('refuses a key that another server used for something else a moment before', async () => {
  const journal = preceded(await openMemoryJournal(), (entry) => ({ ...entry, text: 'other' }));
  const chat = await openChat({ journal });
  await expect(chat.post('send-message', message, nobody, 'k')).rejects.toMatchObject({ code: 'idempotency-mismatch' });
});

it('answers each with its own, also while others write between', async () => {
  const journal = preceded(await openMemoryJournal(), (entry) => ({ ...entry, text: `other than ${entry.text}` }));
  const chat = await openChat({ journal });
  const texts = Array.from({ length: 50 }, (_, nth) => `text ${nth}`);
  const posted = await Promise.all(texts.map((text) => chat.say(text)));
  expect(posted.map((one) => one.message)).toEqual(texts);
  expect(chat.after('lobby', 0, 1_000).changes).toHaveLength(100);
});
