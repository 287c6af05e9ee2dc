import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { toChange } from '../../backend/conversation/change.ts';
import {
  MAX_AWAIT_MORE_MS,
  MAX_BATCH_CHARS,
  MAX_FLUSH_PAUSE_MS,
  MAX_GATHER_MS,
  MAX_HEAD_START_MS,
} from '../../backend/limits.ts';
import { createGathering } from '../../backend/transports/gathering.ts';

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

let seq = 0;
const change = (room: string, id?: number, length = 0) => {
  seq++;
  return toChange({ id: id ?? seq, seq, room, user: 'A', message: `${seq}`.padEnd(length, '.'), timestamp: 't' });
};

/** @param tookMs what each flush takes */
function start(tookMs = 0, isMoreComing = () => false) {
  const flushed: { [room: string]: number[] }[] = [];
  const flush: Parameters<typeof createGathering>[0] = (rooms) => {
    flushed.push(Object.fromEntries([...rooms].map(([room, changes]) => [room, changes.map((one) => one.seq)])));
    pass(tookMs);
  };
  const gathering = createGathering(flush, undefined, isMoreComing);
  return { ...gathering, flushed };
}

let passed = 0;
const pass = (ms: number) => void (passed += ms);
beforeEach(() => {
  passed = 0;
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + passed);
});

it('brings the changes of a turn together, each message once at its newest, in order', () => {
  const { add, flushed } = start();
  const first = change('lobby');
  const others = [change('tea'), change('lobby')];
  const edited = change('lobby', first.id);
  for (const one of [first, ...others, edited]) add([one]);
  expect(flushed).toEqual([]);
  vi.runAllTimers();
  expect(flushed).toEqual([{ lobby: [others[1]?.seq, edited.seq], tea: [others[0]?.seq] }]);
});

it('waits for the end of a burst that goes on turn by turn, but not for long', () => {
  const { add, flushed } = start();
  const burst = Array.from({ length: 12 }, () => change('lobby'));
  const keepAdding = (from: number) => {
    const now = burst.slice(from, from + 2);
    for (const one of now) add([one]);
    pass(MAX_GATHER_MS / 4 + 0.1);
    if (now.length > 0) setImmediate(keepAdding, from + 2);
  };
  keepAdding(0);
  vi.runAllTimers();
  expect(flushed.length).toBeGreaterThan(1);
  expect(flushed.length).toBeLessThan(4); // of six turns
  expect(flushed.flatMap(({ lobby = [] }) => lobby)).toEqual(burst.map((one) => one.seq));
});

it.each([
  [8, 32],
  [400, MAX_FLUSH_PAUSE_MS],
])('rests after a flush that took %d ms for %d ms, and sends then what came meanwhile', (tookMs, restMs) => {
  const { add, flushed } = start(tookMs);
  add([change('lobby')]);
  vi.advanceTimersToNextTimer();
  expect(flushed).toHaveLength(1);
  add([change('lobby')]);
  vi.advanceTimersToNextTimer(); // the end of the turn, at which it is too early
  add([change('lobby')]);
  expect(flushed).toHaveLength(1);
  vi.advanceTimersByTime(restMs - 1);
  expect(flushed).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(flushed[1]?.['lobby']).toHaveLength(2);
});

it.each([
  [4, 0],
  [12, 2],
  [400, MAX_HEAD_START_MS],
])('gives others some time to join where a flush takes %d ms: %d ms', (tookMs, headStartMs) => {
  const { add, flushed } = start(tookMs);
  add([change('lobby')]);
  vi.advanceTimersToNextTimer();
  pass(MAX_FLUSH_PAUSE_MS); // it has rested
  add([change('lobby')]);
  vi.advanceTimersToNextTimer(); // the end of the turn
  expect(flushed).toHaveLength(headStartMs === 0 ? 2 : 1);
  if (headStartMs === 0) return;
  add([change('lobby')]);
  vi.advanceTimersByTime(headStartMs - 1);
  expect(flushed).toHaveLength(1);
  vi.advanceTimersByTime(1);
  vi.advanceTimersToNextTimer(); // one turn more, as something came
  expect(flushed[1]?.['lobby']).toHaveLength(2);
});

it('waits for what the disk is about to take, and no longer', () => {
  let isMoreComing = true;
  const { add, flushed } = start(0, () => isMoreComing);
  add([change('lobby')]);
  vi.advanceTimersToNextTimer();
  expect(flushed).toEqual([]);
  isMoreComing = false;
  add([change('lobby')]);
  vi.advanceTimersToNextTimer();
  vi.advanceTimersToNextTimer();
  expect(flushed.map(({ lobby }) => lobby?.length)).toEqual([2]);
});

it('does not wait for what never comes', () => {
  const { add, flushed } = start(0, () => true);
  add([change('lobby')]);
  vi.advanceTimersByTime(MAX_AWAIT_MORE_MS - 1);
  expect(flushed).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(flushed).toHaveLength(1);
});

it('hands on what is too long for one batch in several, in one order over all rooms', () => {
  const { add, flushed } = start();
  const length = MAX_BATCH_CHARS / 4;
  const changes = Array.from({ length: 7 }, (_, nth) => change(nth % 2 === 0 ? 'tea' : 'lobby', undefined, length));
  add(changes);
  vi.runAllTimers();
  expect(flushed.map(({ lobby = [], tea = [] }) => lobby.length + tea.length)).toEqual([3, 3, 1]);
  expect(flushed.flatMap(({ lobby = [], tea = [] }) => [...lobby, ...tea].toSorted((a, b) => a - b))).toEqual(
    changes.map((one) => one.seq),
  );
});

it('hands on alone what is longer than a batch', () => {
  const { add, flushed } = start();
  for (const length of [10, 2 * MAX_BATCH_CHARS, 10]) add([change('lobby', undefined, length)]);
  vi.runAllTimers();
  expect(flushed.map(({ lobby }) => lobby?.length)).toEqual([1, 1, 1]);
});

it('sends nothing more once it is stopped', () => {
  const { add, stop, flushed } = start();
  add([change('lobby')]);
  stop();
  vi.runAllTimers();
  expect(flushed).toEqual([]);
});
