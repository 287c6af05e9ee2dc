/**
 * The fields that commands and queries are made of: one rule each, the same on every transport. `meta` is what the
 * documents say of a rule that JSON Schema cannot read from it.
 */
import { z } from 'zod';
import {
  MAX_KEY_LENGTH,
  MAX_MESSAGE_LENGTH,
  MAX_REACTION_LENGTH,
  MAX_ROOM_LENGTH,
  MAX_USER_LENGTH,
} from '../limits.ts';

export const DEFAULT_ROOM = 'lobby';
const ROOM_PATTERN = new RegExp(`^[a-z0-9][a-z0-9-]{0,${MAX_ROOM_LENGTH - 1}}$`);
const KEY_PATTERN = new RegExp(`^[\\x21-\\x7e]{1,${MAX_KEY_LENGTH}}$`);
// A name that turns the text around it is a name that can pretend to be another.
const UNSAFE_IN_NAME = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
// Of anything else it may hold, something must be seen. Marks and joiners count beside letters only; the last few are blank
// by their looks, and symbols to Unicode.
const SEEN_IN_NAME = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\p{M}\u2800\u{13441}\u{13442}\u{1d159}]/u;
const UNSAFE_IN_TEXT = /[^\P{Cc}\t\n]/u;

export const room = z
  .string('must be text')
  .regex(ROOM_PATTERN, `must be 1 to ${MAX_ROOM_LENGTH} of a-z, 0-9 and -, not beginning with -`)
  .meta({ description: 'Name of a room. A room exists from its first message.' });

export const messageId = z
  .number('must be a number')
  .refine((value) => Number.isSafeInteger(value) && value > 0, 'must be the id of a message')
  .meta({ description: 'Id of a message.', type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

export const key = z
  .string('must be text')
  .regex(KEY_PATTERN, `must be 1 to ${MAX_KEY_LENGTH} visible ASCII characters`)
  .meta({ description: 'Visible ASCII characters; something random.' });

export const user = z
  .string('must be text')
  .transform(trimWhiteSpace)
  .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
  .refine((text) => isOfLength(text, MAX_USER_LENGTH), `must hold 1 to ${MAX_USER_LENGTH} characters`)
  .refine((text) => !UNSAFE_IN_NAME.test(text), 'must hold no control or direction-override characters')
  .refine((text) => text === '' || SEEN_IN_NAME.test(text), 'must hold something that is seen')
  .meta({ description: 'Display name; white space around it is taken off.', minLength: 1, maxLength: MAX_USER_LENGTH });

export const text = z
  .string('must be text')
  .transform((value) => trimWhiteSpace(value.replaceAll('\r\n', '\n')))
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
  .refine((value) => isOfLength(value, MAX_MESSAGE_LENGTH), `must hold 1 to ${MAX_MESSAGE_LENGTH} characters`)
  .refine((value) => !UNSAFE_IN_TEXT.test(value), 'must hold no control characters but tab and line feed')
  .meta({
    description: 'Plain text; white space around it is taken off.',
    minLength: 1,
    maxLength: MAX_MESSAGE_LENGTH,
  });

export const color = z
  .string('must be text')
  .regex(/^#[0-9a-fA-F]{6}$/, 'must be #rrggbb')
  .transform((value) => value.toLowerCase())
  .meta({ description: 'Colour, kept in small letters.' });

export const reaction = z
  .string('must be text')
  .refine((value) => value.length <= MAX_REACTION_LENGTH && /^\p{RGI_Emoji}$/v.test(value), 'must be one emoji')
  .meta({ description: 'One emoji.', minLength: 1, examples: ['👍'] });

/** A cursor as JSON has it, where a bare one may be a number. */
export const cursor = z
  .union([z.string(), z.number().transform(String)], 'must be a cursor')
  .meta({ description: 'Cursor, or the bare number in front of its dash.' });

const NO_MOMENT = 'must be a date and time of RFC 3339, such as 2026-11-22T06:53:00Z';

/** A moment; given back in UTC with milliseconds, whatever its offset was. */
export const moment = z
  .string(NO_MOMENT)
  .toUpperCase() // the letters may be small
  .check(z.iso.datetime({ offset: true, error: NO_MOMENT }))
  .transform((value) => new Date(value).toISOString())
  .meta({ description: 'Date and time of RFC 3339.', examples: ['2026-11-22T06:53:00Z'] });

/** Code points, counted only as far as needed: a long text is not walked to its end. */
function isOfLength(value: string, most: number): boolean {
  if (value.length === 0 || value.length > 2 * most) return false;
  return value.length <= most || [...value].length <= most;
}

// `trim` leaves U+0085, which is white space to Unicode. Not one pattern: a trailing `\s+$` is slow on much white space.
function trimWhiteSpace(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isWhiteSpace(value, start)) start++;
  while (end > start && isWhiteSpace(value, end - 1)) end--;
  return value.slice(start, end);
}

function isWhiteSpace(value: string, index: number): boolean {
  return /[\s\u0085]/.test(value.charAt(index));
}
