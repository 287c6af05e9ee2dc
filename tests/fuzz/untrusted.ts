/** What a hostile client may put in the place of anything: the values that others have stumbled over, and chance. */
import * as fc from 'fast-check';

/** Texts that mean something to some part between a client and a screen. */
const ODD_TEXTS = [
  '',
  ' ',
  '\0',
  '\ud800',
  '\udc00\ud800',
  '\ufeff',
  '\u202e',
  '\u2028',
  '\u0085',
  '\u3164',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  '-0',
  '1e400',
  '0x10',
  '9007199254740993',
  '../../etc/passwd',
  '%00',
  '%',
  '%ff',
  '%c0%af',
  "' OR 1=1 --",
  '"; DROP TABLE messages; --',
  '" OR "',
  'NEAR(a b)',
  'text:*',
  '<script>alert(1)</script>',
  'javascript:alert(1)',
  '${7*7}',
  '{{7*7}}',
  '\r\nSet-Cookie: a=b',
  '👍',
  '👍🏽👍🏽',
  '👨‍👩‍👧‍👦',
  '#fff',
  '#A1b2C3',
  'lobby',
  'A',
  '-a',
  'a'.repeat(40),
  'a'.repeat(41),
  '😀'.repeat(40),
  'x'.repeat(4_000),
  'x'.repeat(4_001),
  'Z\u0301'.repeat(2_000),
  '2026-11-22T06:53:00Z',
  '2026-13-45T99:99:99Z',
  '+275760-09-13T00:00:00Z',
];

export const oddText = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ maxLength: 10 }),
);

const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 1.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e308, 5e-324),
  fc.integer({ min: 0, max: 5 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Anything that JSON can hold. */
const oddValue = fc.oneof(oddText, oddNumber, fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 3 }));

/** @returns objects with some of these fields, each often of its own kind, and with others that nobody asked for */
export function oddObject(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> {
  const mixed = Object.fromEntries(
    Object.entries(fields).map(([name, own]) => [name, fc.oneof({ arbitrary: own, weight: 8 }, oddValue)]),
  );
  const some = fc.record(mixed, { requiredKeys: [] });
  const more = fc.dictionary(oddText, oddValue, { maxKeys: 3 });
  // By text, as an own "__proto__" comes out of JSON and of nothing else.
  return fc.tuple(some, more).map(([known, unknown]) => {
    const pairs = [...Object.entries(unknown), ...Object.entries(known)];
    const text = pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'}`).join(',');
    return JSON.parse(`{${text}}`) as object;
  });
}

/** @returns mostly one of these, which are as they should be, or one too many */
const mostly = <Value>(...fit: Value[]) => fc.oneof({ arbitrary: fc.constantFrom(...fit), weight: 3 }, oddText);

export const FIELDS = {
  user: mostly('Azin', ' Bea ', 'می‌خواهم', '😀'.repeat(40), '😀'.repeat(41)),
  message: mostly('hello', ' **a** \r\n b ', 'x'.repeat(4_000), 'x'.repeat(4_001)),
  room: mostly('lobby', 'attic', 'constructor', 'a'.repeat(40), 'a'.repeat(41)),
  color: mostly('#aabbcc', '#ABCDEF'),
  replyTo: oddNumber,
  sendAt: mostly('2026-12-24T18:00:00+03:30', '2026-12-24T18:00:00Z', '2026-12-24T18:00:00.123456789Z'),
  id: oddNumber,
  reaction: mostly('👍', '❤️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'),
  since: fc.oneof(oddNumber, oddText),
};
