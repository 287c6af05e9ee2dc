/** A conversation on a journal in memory, without a server around it, and the few calls that its tests make. */
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { openConversation } from '../../../backend/conversation/conversation.ts';
import { openJournal } from '../../../backend/journal/memory.ts';
import { createLog } from '../../../backend/log.ts';
import { createRateLimit } from '../../../backend/rate-limit.ts';
import { createClock } from '../../harness/clock.ts';
import type { Caller } from '../../../backend/commands/command.ts';
import type { Posted } from '../../../backend/conversation/applier.ts';
import type { Change } from '../../../backend/conversation/change.ts';
import type { Conversation } from '../../../backend/conversation/conversation.ts';
import type { Journal, NewEntry } from '../../../backend/journal/journal.ts';
import type { Message } from '../../../protocol/envelope.ts';
import type { ManualClock } from '../../harness/clock.ts';

const silent = createLog('silent');
export const openMemoryJournal = () => openJournal({ dataDir: '', log: silent });

export const nobody: Caller = { isModerator: false, address: '::1' };
export const azin: Caller = { ...nobody, author: 'azin' };
export const bela: Caller = { ...nobody, author: 'bela' };
export const moderator: Caller = { ...nobody, isModerator: true };

export interface Chat extends Conversation {
  readonly journal: Journal;
  readonly clock: ManualClock;
  /** Post a message, with more or other fields; its outcome must be a message. */
  say(text: string, fields?: object, caller?: Caller, key?: string): Promise<Message>;
}

export interface ChatOptions {
  journal?: Journal;
  storePath?: string;
  clock?: ManualClock;
  onFatal?: (why: string) => void;
}

/** It is closed when the test ends; the journal too. */
export async function openChat(options: ChatOptions = {}): Promise<Chat> {
  const { storePath = ':memory:', clock = createClock(), onFatal = () => {} } = options;
  const journal = options.journal ?? (await openMemoryJournal());
  const rateLimit = createRateLimit(undefined);
  const conversation = await openConversation({ journal, storePath, rateLimit, clock, log: silent, onFatal });
  onTestFinished(() => conversation.close());
  return {
    ...conversation,
    journal,
    clock,
    say: async (text, fields = {}, caller = azin, key) =>
      messageOf(await conversation.post('send-message', { user: 'Azin', message: text, ...fields }, caller, key)),
  };
}

export function toMessage({ json }: Change): Message {
  return JSON.parse(json) as Message;
}

export function messageOf(posted: Posted): Message {
  if (!('message' in posted)) throw new Error('it is no message');
  return toMessage(posted.message);
}

export function scheduledOf(posted: Posted): { id: string; seq: number; sendAt: string } {
  if (!('scheduled' in posted)) throw new Error('it is not scheduled');
  return posted.scheduled;
}

/** @returns the journal, closing without effect, so that another conversation can follow it */
export function kept(journal: Journal): Journal {
  return { ...journal, head: journal.head, close: async () => {} };
}

/** @returns the journal, counting what is appended */
export function counted(journal: Journal): Journal & { appended: NewEntry[] } {
  const appended: NewEntry[] = [];
  return {
    ...journal,
    appended,
    append(entry) {
      appended.push(entry);
      return journal.append(entry);
    },
  };
}

/** @returns the journal, that takes a turn of the event loop over each append, as those do that write to a disk */
export function slow(journal: Journal): Journal {
  return {
    ...journal,
    append: (entry) => new Promise<void>((resolve) => setImmediate(resolve)).then(() => journal.append(entry)),
  };
}

/** @returns everything that a closed store holds, but what only follows it a little behind */
export function dump(storePath: string): { [table: string]: unknown[] } {
  const db = new Database(storePath);
  const tables = ['messages', 'reactors', 'keys', 'scheduled', 'rooms'];
  const rows = tables.map((table) => [table, db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2, 3`).all()]);
  const state = db.prepare(`SELECT * FROM state WHERE name <> 'blanked' ORDER BY name`).all();
  // How much room was blanked depends on how much there was; what stands there does not.
  const texts = db.prepare(`SELECT * FROM texts WHERE trim(text) <> '' ORDER BY seq`).all();
  db.close();
  return { ...Object.fromEntries(rows), texts, state };
}

/** A promise for the next time that something changes. */
export function nextChange(conversation: Conversation): Promise<readonly Change[]> {
  return new Promise((resolve) => {
    const unsubscribe = conversation.subscribe((changes) => {
      unsubscribe();
      resolve(changes);
    });
  });
}
