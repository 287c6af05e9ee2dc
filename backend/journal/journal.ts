/**
 * In which order. A journal is the only giver of `seq`: it keeps entries for good and hands each of them out once, in
 * order. It does not know what they mean.
 */
import type { Logger } from '../log.ts';

/** Plain data; what a command parsed, but for the text. */
export type Json = string | number | boolean | null | Json[] | { [field: string]: Json };

export interface NewEntry {
  /** The name of the command that was accepted. */
  command: string;
  /** When it was accepted: RFC 3339 in UTC with milliseconds. */
  at: string;
  /** Public name of the identity that asked; absent without one. */
  author?: string;
  /** Idempotency key: of the same `author` (or of all without), the same key is journalled once. */
  key?: string;
  /** The seq of an earlier entry that this one is about: erasing that one erases this one's text too. */
  about?: number;
  /** A seq: once this entry is durable, the texts of that entry and of all that are `about` it are gone for good. */
  erases?: number;
  /** What a person wrote, apart from `body`, because it is what can be erased. */
  text?: string;
  body: { [field: string]: Json };
}

export interface Entry extends NewEntry {
  /** A positive integer above every earlier one; never used again. */
  seq: number;
}

export interface Journal {
  /** Names this journal, `[a-z0-9]{1,16}`: another one after it was wiped or renewed, the same over restarts. */
  readonly epoch: string;
  /** The newest durable seq; 0 when there is none. */
  head(): number;
  /**
   * Keep one entry. Entries get their seq in the order of the calls.
   * @returns once the entry survives a power cut: its seq, or that of the earlier entry with the same key
   * @throws ChatError `overloaded` when it was not kept, or may not have been: try again, with the same key
   */
  append(entry: NewEntry): Promise<number>;
  /**
   * Hand out every entry after the seq `after` once and in order: first the stored ones, then each as it becomes
   * durable, and before its `append` resolves. Batches are never empty.
   * @returns once all that was stored at the time of the call is handed out: what ends it
   */
  follow(after: number, deliver: (entries: readonly Entry[]) => void): Promise<() => void>;
  /**
   * Take another epoch, durably: numbers that were given before will be given again, to other entries. Called at the
   * start, before anyone has heard of the old one.
   */
  renew(): Promise<void>;
  /**
   * Where other servers write too: wait until an entry that one of them has handed out is handed out here.
   * @returns then, or when it is clear that there is no such entry
   * @throws ChatError `overloaded` when that is not clear in time: it may come later
   */
  reach?(seq: number, withinMs: number): Promise<void>;
  /** Where there are other servers: a way to tell them what is kept nowhere. */
  readonly whisper?: Whisper;
  /** @returns why nothing can be appended now, in words for the log; undefined when it can, or can again */
  trouble(): string | undefined;
  /** Finish what is under way and let go. Later appends throw. */
  close(): Promise<void>;
}

/** Between servers, fire and forget: what is said may be lost, and does not come back to the server that said it. */
export interface Whisper {
  say(topic: string, words: Json): void;
  /** @param hear is told by which server it was said: a word that is another one after each start */
  listen(topic: string, hear: (words: Json, from: string) => void): void;
}

export interface JournalOptions {
  /** Where an engine that keeps files keeps them. */
  dataDir: string;
  log: Logger;
  /** Told of each commit that an engine makes durable. */
  onCommit?: (seconds: number, entries: number) => void;
  /** Told in one line why it can never go on. Nobody knows then what became of the last appends: the process must end. */
  onFatal?: (why: string) => void;
  /** Where NATS is, for a journal that lies there. */
  nats?: NatsOptions;
  /** Whether a store was made from the journal before: then one that is missing is waited for, and not created empty. */
  isExpected?: boolean;
}

export interface NatsOptions {
  /** Addresses, by comma: `nats://user:password@host:4222`, or `tls://…`. */
  url: string;
  /** Name of the stream, which begins the names of all that belongs to it. */
  stream: string;
  /** On how many nodes each entry is kept; counts when the stream is made. */
  replicas: number;
}

/** Opens a journal, or throws a StartError that says in one line why it cannot. */
export type OpenJournal = (options: JournalOptions) => Promise<Journal>;
