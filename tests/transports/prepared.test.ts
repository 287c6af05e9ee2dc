import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORGET_PREPARED_MS, MAX_PIECE_CHARS, MAX_PREPARED_BYTES, PIECE_CHANGES } from '../../backend/limits.ts';
import { createPrepared } from '../../backend/transports/prepared.ts';
import { createEncoding, ROOMS, start } from './hand-made.ts';
import type { Part, Pieces } from '../../backend/transports/prepared.ts';
import type { Message } from '../../protocol/envelope.ts';

function prepare() {
  const talk = start();
  const prepared = createPrepared(talk.conversation, talk.clock);
  talk.conversation.subscribe(prepared.forget);
  return { ...talk, prepared };
}

const read = (bytes: Buffer) =>
  bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Message); // as the encoding made by hand has it
const all = ({ parts }: Pieces) => parts.flatMap(({ messages }) => read(messages));

describe('what comes after a cursor', () => {
  it('is what the conversation gives, whatever was prepared and whatever changed since', () => {
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.record({ do: fc.constant('put' as const), count: fc.integer({ min: 1, max: 400 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('change' as const), which: fc.nat() }) },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('read' as const),
          since: fc.nat(),
          limit: fc.integer({ min: 1, max: 900 }),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const { prepared, put, current, conversation } = prepare();
        const form = createEncoding();
        for (const one of steps) {
          const head = conversation.head();
          if (one.do === 'put') {
            for (let nth = 0; nth < one.count; nth++) put(nth % 7 === 0 ? 'tea' : 'lobby');
          } else if (one.do === 'change') {
            const change = [...current.values()].at(one.which % Math.max(current.size, 1));
            if (change !== undefined) put(change.room, change.id);
          } else {
            for (const room of ROOMS) {
              const since = one.since % (head + 1);
              const { changes, hasMore } = conversation.after(room, since, one.limit);
              const given = prepared.after(form, room, since, one.limit);
              expect(given.parts.reduce((sum, { count }) => sum + count, 0)).toBe(changes.length);
              if (changes.length > 0)
                expect(all(given)).toEqual(changes.map(({ json }) => JSON.parse(json) as Message));
              expect([given.hasMore, given.last]).toEqual([hasMore, changes.at(-1)?.seq]);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is encoded once for all who ask, wherever they begin', () => {
    const { prepared, put } = prepare();
    const form = createEncoding();
    for (let nth = 0; nth < 4 * PIECE_CHANGES; nth++) put('lobby');
    for (const since of [0, 3, 0, 700, PIECE_CHANGES]) prepared.after(form, 'lobby', since, 1000);
    expect(form.encoded).toHaveLength(4 * PIECE_CHANGES);
  });

  it('is the same memory for all who ask', () => {
    const { prepared, put } = prepare();
    const form = createEncoding();
    for (let nth = 0; nth < PIECE_CHANGES; nth++) put('lobby');
    const parts = [1, 2].map(() => prepared.next(form, 'lobby', 0, PIECE_CHANGES)) as Part[];
    expect(parts[0]?.enclosed()).toBe(parts[1]?.enclosed());
  });

  it('is encoded again where a message changed, and only there', () => {
    const { prepared, put } = prepare();
    const form = createEncoding();
    for (let nth = 0; nth < 4 * PIECE_CHANGES; nth++) put('lobby');
    prepared.after(form, 'lobby', 0, 1000);
    put('lobby', PIECE_CHANGES + 1);
    form.encoded.length = 0;
    prepared.after(form, 'lobby', 0, 1000);
    expect(form.encoded).toHaveLength(PIECE_CHANGES); // one less, and the one that stands at the end now
  });
});

it('forgets what nobody asked for in a while, and keeps the rest', () => {
  const { prepared, put, clock } = prepare();
  const form = createEncoding();
  for (let nth = 0; nth < 2 * PIECE_CHANGES; nth++) put('lobby');
  prepared.after(form, 'lobby', 0, 1000);
  clock.advance(FORGET_PREPARED_MS - 1);
  prepared.next(form, 'lobby', 0, 1000);
  clock.advance(FORGET_PREPARED_MS - 1);
  form.encoded.length = 0;
  prepared.after(form, 'lobby', 0, 1000);
  expect(form.encoded).toHaveLength(PIECE_CHANGES);
});

it('makes pieces of long messages smaller, and keeps no more than a bounded number of bytes', () => {
  const { prepared, put } = prepare();
  const size = 32 * 1024;
  const form = { ...createEncoding(), message: () => Buffer.alloc(size) };
  for (let nth = 0; nth < 3 * PIECE_CHANGES; nth++) put('lobby');
  for (const room of ROOMS) prepared.after(form, room, 0, 1000);
  expect(prepared.bytes()).toBeGreaterThan(0);
  for (let nth = 0; nth < 100; nth++) put('tea', undefined, 'x'.repeat(MAX_PIECE_CHARS / 2));
  for (const { count } of prepared.after(form, 'tea', 0, 1000).parts) expect(count).toBeLessThanOrEqual(2);
  for (let nth = 0; nth < 5; nth++) prepared.after({ ...form }, 'lobby', 0, 1000);
  expect(prepared.bytes()).toBeLessThanOrEqual(MAX_PREPARED_BYTES);
});
