import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { toChange } from '../../../backend/conversation/change.ts';
import { openStore } from '../../../backend/conversation/store.ts';
import { createWindow } from '../../../backend/conversation/window.ts';
import type { Change, Page } from '../../../backend/conversation/change.ts';
import type { Window } from '../../../backend/conversation/window.ts';
import type { Message } from '../../../protocol/envelope.ts';

const ROOMS = ['lobby', 'tea'];

/** Everything that was said, in the plainest way. */
function createModel() {
  const messages = new Map<number, Message>();
  const page = (all: readonly Message[], limit: number, isNewest: boolean): Page => ({
    changes: (isNewest ? all.slice(-limit) : all.slice(0, limit)).map(toChange),
    hasMore: all.length > limit,
  });
  const ofRoom = (room: string) => [...messages.values()].filter((message) => message.room === room);
  const livingBelow = (room: string, id: number) =>
    ofRoom(room)
      .filter((message) => !message.deleted && message.id < id)
      .toSorted((one, other) => one.id - other.id);
  return {
    messages,
    after: (room: string, since: number, limit: number) =>
      page(
        ofRoom(room)
          .filter(({ seq }) => seq > since)
          .toSorted((one, other) => one.seq - other.seq),
        limit,
        false,
      ),
    newest: (room: string, limit: number) => page(livingBelow(room, Infinity), limit, true),
    before: (room: string, id: number, limit: number) => page(livingBelow(room, id), limit, true),
  };
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('send' as const), room: fc.nat({ max: 1 }), length: fc.nat({ max: 60 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('edit' as const, 'delete' as const), nth: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('hole' as const, 'restart' as const) }) },
);

/** Some hundred thousand times: an `expect` each would take most of the time. */
function expectEqual(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}

it('gives from the window what the store would give, and both what was said', () => {
  let fromWindow = 0;
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.record({ maxChanges: fc.integer({ min: 1, max: 12 }), maxChars: fc.integer({ min: 100, max: 3_000 }) }),
      (steps, bounds) => {
        const store = openStore(':memory:', 'epoch', 0, () => {});
        const model = createModel();
        let window: Window = createWindow(0, bounds);
        let head = 0;
        const show = (message: Message) => {
          const change = toChange(message);
          model.messages.set(message.id, message);
          const entry = { seq: message.seq, command: 'any', at: '', body: {} };
          store.transaction(({ write }) => write(entry, { changed: message }, change, ''));
          window.add(change);
        };
        const check = (found: Page | undefined, expected: Page, stored: Page) => {
          expectEqual(stored, expected);
          if (found === undefined) return;
          fromWindow++;
          expectEqual(found, expected);
        };

        for (const one of steps) {
          const seq = ++head;
          if (one.do === 'send') {
            const room = ROOMS[one.room] ?? '';
            show({ id: seq, seq, room, user: 'A', message: 'x'.repeat(one.length + 1), timestamp: 't' });
          } else if (one.do === 'restart') {
            const recent = store.lastChanges(bounds.maxChanges);
            window = createWindow(recent.length < bounds.maxChanges ? 0 : (recent[0]?.seq ?? 1) - 1, bounds);
            for (const change of recent) window.add(change);
          } else if (one.do === 'edit' || one.do === 'delete') {
            const before = [...model.messages.values()].filter(({ deleted }) => !deleted);
            const target = before[one.nth % Math.max(before.length, 1)];
            if (target === undefined) continue;
            const changed = { ...target, seq, message: one.do === 'edit' ? `edited at ${seq}` : '' };
            show(one.do === 'edit' ? changed : { ...changed, deleted: true });
          }
          if (seq % 3 > 0) continue;
          for (const room of [...ROOMS, 'empty']) {
            for (const limit of [1, 2, 5]) {
              // What changed last is always in memory.
              expectEqual(window.after(room, head, limit), { changes: [], hasMore: false });
              check(window.newest(room, limit), model.newest(room, limit), store.newest(room, limit));
              for (let since = 0; since <= head; since += 1 + (head >> 2)) {
                const expected = model.after(room, since, limit);
                check(window.after(room, since, limit), expected, store.after(room, since, limit));
                expectEqual(store.before(room, since, limit), model.before(room, since, limit));
              }
            }
          }
          for (const [id, message] of model.messages) {
            expectEqual(store.message(id), message);
            const found = window.message(id);
            if (found !== undefined) expectEqual(found, toChange(message));
          }
        }
        void store.close();
      },
    ),
    { numRuns: 80 },
  );
  expect(fromWindow).toBeGreaterThan(1_000);
});

it('stays within its bounds of changes and of characters, and keeps the newest', () => {
  const made = Array.from({ length: 500 }, (_, nth) => nth + 1);
  const changeOf = (seq: number, length: number): Change =>
    toChange({ id: seq, seq, room: 'lobby', user: 'A', message: 'x'.repeat(length), timestamp: 't' });
  const oldestIn = (window: Window) => made.findIndex((seq) => window.after('lobby', seq, 1) !== undefined);

  const few = createWindow(0, { maxChanges: 10 });
  for (const seq of made) few.add(changeOf(seq, 1));
  expect(few.after('lobby', 490, 100)?.changes.map(({ seq }) => seq)).toEqual(made.slice(490));
  expect(few.after('lobby', 489, 100)).toBeUndefined();
  expect(made.filter((id) => few.message(id) !== undefined)).toEqual(made.slice(490));

  const short = createWindow(0, { maxChars: 10_000 });
  for (const seq of made) short.add(changeOf(seq, 1_000));
  expect(oldestIn(short)).toBeGreaterThan(485);
  short.add(changeOf(501, 20_000));
  expect(short.after('lobby', 500, 1)).toBeUndefined();
  expect(short.after('lobby', 501, 1)).toEqual({ changes: [], hasMore: false });
});

it('is filled from the store at the start, and answers for what came before the restart', () => {
  const store = openStore(':memory:', 'epoch', 0, () => {});
  onTestFinished(() => store.close());
  for (let id = 1; id <= 30; id++) {
    const message = { id, seq: id, room: 'lobby', user: 'A', message: `${id}`, timestamp: 't' };
    const entry = { seq: id, command: 'any', at: '', body: {} };
    store.transaction(({ write }) => write(entry, { changed: message }, toChange(message), ''));
  }
  const window = createWindow(20);
  for (const change of store.lastChanges(10)) window.add(change);
  expect(window.after('lobby', 20, 100)?.changes.map(({ id }) => id)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  expect(window.newest('lobby', 9)?.changes.map(({ id }) => id)).toEqual([22, 23, 24, 25, 26, 27, 28, 29, 30]);
  expect(window.newest('lobby', 10)).toBeUndefined();
});
