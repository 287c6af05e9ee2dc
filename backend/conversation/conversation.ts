/**
 * What was said, as it stands now. Commands go in through `post`; state changes only when the journal brings the entry
 * back, in the same order and with the same outcome everywhere.
 */
import { rmSync } from 'node:fs';
import { z } from 'zod';
import { parseWith } from '../commands/command.ts';
import { key as keyField } from '../commands/fields.ts';
import { findCommand } from '../commands/table.ts';
import { CURSOR_WITHIN_MS, MAX_WINDOW_CHANGES } from '../limits.ts';
import { ChatError } from '../errors.ts';
import { createMetrics } from '../metrics.ts';
import { createApplier } from './applier.ts';
import { firstOf, newestOf, toChange } from './change.ts';
import { createInFlight } from './in-flight.ts';
import { createSchedule } from './schedule.ts';
import { createSearching } from './searching.ts';
import { headOfStore, openStore } from './store.ts';
import { createWindow } from './window.ts';
import type { Clock } from '../clock.ts';
import type { Caller, Recorded, Scheduled } from '../commands/command.ts';
import type { CommandName } from '../commands/table.ts';
import type { Journal, NewEntry, Whisper } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { RateLimit } from '../rate-limit.ts';
import type { Posted } from './applier.ts';
import type { Change, Page } from './change.ts';
import type { RoomSummary } from './store-tables.ts';

export type { Whisper } from '../journal/journal.ts';

/** An object, so that what is wrong is told by its name. */
const keyFields = z.object({ key: keyField.optional() });

export interface Conversation {
  readonly epoch: string;
  /** The seq of the last entry that is applied: what is read includes it, and nothing after it. */
  head(): number;
  /** Where there are other servers: a way to tell them what is kept nowhere. */
  readonly whisper?: Whisper;
  /**
   * Wait until an entry that a client has heard of from another server is applied here, or is known not to exist.
   * @returns undefined where no other server writes
   * @throws ChatError `overloaded` when that is not clear in time
   */
  reach(seq: number): Promise<void> | undefined;
  /**
   * Ask for a command to be carried out.
   * @param untrusted the command's fields, as they came
   * @param key idempotency key, as it came
   * @returns once it is durable and applied: a read from now on shows it
   * @throws ChatError when it is refused
   */
  post(command: CommandName, untrusted: unknown, caller: Caller, key?: string): Promise<Posted>;
  /** @returns each message of the room that changed after `since`, once, as it is now; ascending by seq */
  after(room: string, since: number, limit: number): Page;
  /** @returns the newest messages of the room but the deleted, ascending by id */
  newest(room: string, limit: number): Page;
  /** @returns the newest messages of the room below an id but the deleted, ascending by id */
  before(room: string, id: number, limit: number): Page;
  message(id: number): Change | undefined;
  scheduledOf(author: string): Scheduled[];
  /** @returns the rooms that have had messages, the most recently active first */
  rooms(limit: number): RoomSummary[];
  /** @returns messages that hold all words and "quoted phrases" of the query, the best match first */
  search(query: string, room: string | undefined, limit: number): Promise<Change[]>;
  /** Be told of changes as they are applied: durable, in order, of all rooms. @returns what ends it */
  subscribe(listener: (changes: readonly Change[]) => void): () => void;
  /** @returns whether something was posted that is not applied yet */
  isMoreComing(): boolean;
  /** @returns why no message can be accepted now, in words for the log; undefined when one can */
  trouble(): string | undefined;
  close(): Promise<void>;
}

export interface ConversationOptions {
  journal: Journal;
  /** File of the store, or `:memory:`. */
  storePath: string;
  rateLimit: RateLimit;
  clock: Clock;
  log: Logger;
  metrics?: Metrics;
  /** Told in one line why it can never go on: the process must end. */
  onFatal?: (why: string) => void;
}

/**
 * Opens the store and catches up with the journal.
 * @throws StartError when one of them cannot be used; the store is closed then, and the journal left as it is
 */
export async function openConversation(options: ConversationOptions): Promise<Conversation> {
  const { journal, storePath, rateLimit, clock, log, metrics = createMetrics(), onFatal } = options;
  // The store only ever follows. What it has more, the journal had, and clients have seen: its numbers must not be
  // given again to those who would take them for what they know.
  const lost = headOfStore(storePath, journal.epoch) - journal.head();
  if (lost > 0) {
    log.warn({ lost }, 'journal: its newest entries are lost; clients begin again in a new epoch');
    await journal.renew();
  }
  const store = openStore(storePath, journal.epoch, journal.head(), (why) => {
    log.warn({ why }, 'store: made anew from the journal');
  });
  const recent = store.lastChanges(MAX_WINDOW_CHANGES);
  const window = createWindow(recent.length < MAX_WINDOW_CHANGES ? 0 : (recent[0]?.seq ?? 1) - 1);
  for (const change of recent) window.add(change);

  const tellOfStore = (why: string) => {
    rmSync(storePath, { force: true }); // what a look at the start would not find is made anew too
    onFatal?.(`The store ${storePath} is damaged: ${why}. It is made anew from the journal at the next start.`);
  };
  const listeners = new Set<(changes: readonly Change[]) => void>();
  const applier = createApplier({ store, window, clock, log, onFatal: tellOfStore }, ({ changes, hasScheduled }) => {
    if (changes.length > 0) for (const listener of listeners) listener(changes);
    if (hasScheduled) schedule.changed();
    searching.changed();
  });
  const searching = createSearching({ store, storePath, clock, log, held: applier.held, onIndexed: applier.indexed });
  const reach = (seq: number) => journal.reach?.(seq, CURSOR_WITHIN_MS);
  const inFlight = createInFlight();
  /** Journal an entry, unless what it asks for is so already. */
  const write = async (entry: NewEntry): Promise<Posted> => {
    const named = newestNamed(entry);
    if (named > applier.head()) await reach(named);
    for (let earlier = inFlight.ahead(entry); earlier !== undefined; earlier = inFlight.ahead(entry)) await earlier;
    // Refused before it is written where possible. What comes back is decided again: others may have come first.
    const before = applier.decide(entry);
    if (before.effect === undefined && !inFlight.concerns(entry)) return { ...before.answer(), isNew: false };
    // What is journalled now would be carried out too, but nobody could say when: a plain no is better.
    if (applier.trouble() !== undefined) throw new ChatError('overloaded', 'No message can be kept now; try again.');
    return inFlight.during(entry, () => applier.outcomeOf(entry, () => journal.append(entry)));
  };

  const schedule = createSchedule(store, clock, log, (due, now) => write(toRelease(due, now)));
  const closeStore = async () => {
    await searching.close(); // which takes out of the index what is blanked then
    applier.stop();
    await store.close();
  };
  const unfollow = await journal.follow(store.head(), applier.take).catch(async (error: unknown) => {
    await closeStore();
    throw error;
  });
  schedule.start();
  if (store.newestOutdated() !== undefined) searching.changed(); // what it had no time for before the end

  const post: Conversation['post'] = async (name, untrusted, caller, key) => {
    rateLimit.count(caller);
    const command = findCommand(name);
    if (command === undefined) throw new Error(`there is no command ${name}`);
    const input = parseWith(command.schema, untrusted);
    const { key: trustedKey } = parseWith(keyFields, { key });
    const now = clock.now();
    return write(toEntry(name, command.record(input, caller), caller, trustedKey, now));
  };

  let closing: Promise<void> | undefined;
  const close = async () => {
    schedule.stop();
    await journal.close(); // what was accepted is kept, and comes back, before the store goes
    unfollow();
    await closeStore();
  };

  return {
    epoch: journal.epoch,
    head: applier.head,
    reach,
    ...(journal.whisper !== undefined && { whisper: journal.whisper }),
    async post(name, untrusted, caller, key) {
      try {
        const posted = await post(name, untrusted, caller, key);
        metrics.command(name, posted.isNew ? 'new' : 'same');
        return posted;
      } catch (error) {
        metrics.command(name, error instanceof ChatError ? error.code : 'internal');
        throw error;
      }
    },
    after: (room, since, limit) => firstOf(window.after(room, since, limit) ?? store.after(room, since, limit)),
    newest: (room, limit) => newestOf(window.newest(room, limit) ?? store.newest(room, limit)),
    before: (room, id, limit) => newestOf(store.before(room, id, limit)),
    message(id) {
      const message = window.message(id) ?? store.message(id);
      return message === undefined || 'json' in message ? message : toChange(message);
    },
    scheduledOf: store.scheduledOf,
    rooms: store.rooms,
    search: searching.find,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    isMoreComing: inFlight.isAny,
    trouble: () => journal.trouble() ?? applier.trouble(),
    close: () => (closing ??= close()),
  };
}

function toEntry(
  command: string,
  recorded: Recorded<unknown>,
  { author }: Caller,
  key: string | undefined,
  now: number,
): NewEntry {
  return {
    command,
    ...(author !== undefined && { author }),
    ...(key !== undefined && { key }),
    ...recorded,
    body: recorded.body as NewEntry['body'], // what commands record is plain data
    at: new Date(now).toISOString(),
  };
}

/** @returns the newest seq that an entry names, as its client may have heard of it from another server; 0 for none */
function newestNamed({ about = 0, body: { replyTo } }: NewEntry): number {
  return typeof replyTo === 'number' ? Math.max(about, replyTo) : about;
}

function toRelease({ seq, author, key, text, body }: Scheduled, now: number): NewEntry {
  return {
    command: 'release-message',
    at: new Date(now).toISOString(),
    author,
    about: seq,
    erases: seq, // its text goes on in this entry, so that deleting the message finds it
    text,
    body: { ...body, ...(key !== undefined && { key }) },
  };
}
