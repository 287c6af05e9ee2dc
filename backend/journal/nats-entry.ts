/** An entry as a message of a NATS stream: its subject, its id, its bytes. */
import { hash, randomUUID } from 'node:crypto';
import type { Entry, NewEntry } from './journal.ts';

/**
 * The subjects of a stream. What bears on the text of an earlier entry can be found by that entry's seq, to erase it.
 * All other entries share one subject, as the broker keeps something in memory for each.
 */
export const subjectsOf = (stream: string) => ({
  all: `${stream}.>`,
  entry: `${stream}.entry`,
  /** Entries with a text that continue the one of that seq. */
  about: (seq: number) => `${stream}.about.${seq}`,
  /** Entries that take the texts of that seq away. */
  erases: (seq: number | '*') => `${stream}.erases.${seq}`,
  /** No entries: whether the stream takes anything again, is found out by giving it something. */
  probe: `${stream}.probe`,
});

export function subjectFor({ erases, about, text }: NewEntry, stream: string): string {
  const subjects = subjectsOf(stream);
  if (erases !== undefined) return subjects.erases(erases);
  return about === undefined || text === undefined ? subjects.entry : subjects.about(about);
}

/**
 * By which the broker knows an entry that it is given twice. Keys are hashed: they are whatever clients like. Erasures
 * have one for each seq, so that servers that release a scheduled message together do it once.
 */
export function idFor({ key, author = '', erases }: NewEntry): string {
  if (key !== undefined) return `key-${hash('sha256', `${author} ${key}`, 'base64url')}`;
  return erases === undefined ? randomUUID() : `erases-${erases}`;
}

export function encodeEntry(entry: NewEntry): string {
  const { command, at, author, key, about, erases, text, body } = entry;
  return JSON.stringify({ command, at, author, key, about, erases, text, body });
}

/** @throws Error when the message is none that `encodeEntry` made: someone else writes into the stream */
export function decodeEntry(seq: number, json: string): Entry {
  const entry = JSON.parse(json) as Omit<Entry, 'seq'>; // whoever may write into the stream is trusted with its form
  if (typeof entry.command !== 'string') throw new Error('it is no entry');
  return { ...entry, seq };
}
