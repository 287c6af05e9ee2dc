/** What is known of a room and which stretch of it is shown, without a page around it. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createConversation } from '../../frontend-shared/room/conversation.js';
import {
  DRAW_EVERY_MS,
  HELD_MS,
  KEPT_NEWEST,
  MAX_ASIDE,
  MAX_SHOWN,
  SHOWN_SLACK,
} from '../../frontend-shared/room/reading-bounds.js';
import type { Drawing } from '../../frontend-shared/room/conversation.js';
import type { Message } from '../../protocol/envelope.ts';

const message = (id: number, seq = id): Message => ({
  id,
  seq,
  room: 'lobby',
  user: 'Azin',
  message: `${id} as of ${seq}`,
  timestamp: '2026-11-22T06:53:00.000Z',
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => message(from + index));
const FULL = MAX_SHOWN + SHOWN_SLACK;

let frames: (() => void)[] = [];
beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => frames.push(draw));
  vi.stubGlobal('cancelAnimationFrame', () => {});
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  return () => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  };
});

function start({ reader = 'end', held }: { reader?: number | 'end'; held?: number } = {}) {
  const at = { reader, held };
  const drawn: Drawing[] = [];
  const arrived: number[] = [];
  const conversation = createConversation({
    reader: () => at.reader,
    isHeld: (id) => id === at.held,
    quoting: () => [],
    onArrived: (messages) => arrived.push(...messages.map(({ id }) => id)),
    draw: (drawing) => void drawn.push(drawing),
  });
  const drawFrames = () => {
    while (frames.length > 0) frames.shift()?.();
  };
  const drawAll = () => {
    drawFrames();
    vi.advanceTimersByTime(DRAW_EVERY_MS);
    drawFrames();
    vi.advanceTimersByTime(DRAW_EVERY_MS);
  };
  const shown = () => {
    drawAll();
    const { messages } = drawn.at(-1)!;
    return { first: messages.at(0)?.id, last: messages.at(-1)?.id, size: messages.size() };
  };
  return { at, drawn, arrived, conversation, drawFrames, drawAll, shown };
}

describe('what is drawn', () => {
  it('stays until what was kept of a room is there, but not for long', () => {
    const { conversation, drawn, drawFrames } = start();
    const enter = () => {
      conversation.hold();
      conversation.forget();
      drawFrames();
    };
    enter();
    expect(drawn).toHaveLength(0);
    conversation.takeOlder([message(1)], false);
    conversation.letGo();
    drawFrames();
    expect(drawn.map(({ messages }) => messages.size())).toEqual([1]);
    enter();
    conversation.takeOlder([message(2)], false);
    conversation.letGo();
    // With the next frame, however lately the last was drawn.
    drawFrames();
    expect(drawn.map(({ messages }) => messages.size())).toEqual([1, 1]);
    enter();
    vi.advanceTimersByTime(HELD_MS);
    drawFrames();
    expect(drawn.map(({ messages }) => messages.size())).toEqual([1, 1, 0]);
  });

  it('is what changed, and nothing else, however many are shown', () => {
    const { conversation, drawn, drawAll } = start();
    conversation.take(range(1, 500));
    conversation.caughtUp();
    drawAll();
    conversation.take([message(500)]);
    conversation.take([message(7, 501)]);
    drawAll();
    expect([...drawn.at(-1)!.ids]).toEqual([500, 7]);
  });

  it('is the first at once, and of many in a second some together', () => {
    const { conversation, drawn, drawFrames } = start();
    const idsDrawn = () => {
      drawFrames();
      return drawn.splice(0).map(({ ids }) => [...ids]);
    };
    conversation.take([message(1)]);
    expect(idsDrawn()).toEqual([[1]]);
    for (const id of [2, 3, 4]) {
      conversation.take([message(id)]);
      vi.advanceTimersByTime(DRAW_EVERY_MS / 4);
      expect(idsDrawn()).toEqual([]);
    }
    vi.advanceTimersByTime(DRAW_EVERY_MS / 4);
    expect(idsDrawn()).toEqual([[2, 3, 4]]);
    vi.advanceTimersByTime(DRAW_EVERY_MS);
    expect(idsDrawn()).toEqual([]);
    conversation.take([message(5)]);
    expect(idsDrawn()).toEqual([[5]]);
    conversation.take([message(6)]);
    expect(idsDrawn()).toEqual([]);
    conversation.touch([5]); // by what one does oneself
    expect(idsDrawn()).toEqual([[5, 6]]);
  });

  it('leaves a message as it is that comes again', () => {
    const { conversation, drawn, drawAll } = start();
    conversation.take([message(1), message(2, 5)]);
    drawAll();
    conversation.take([message(1), message(2, 5), message(2)]);
    drawAll();
    expect([...drawn.at(-1)!.ids]).toEqual([]);
  });

  it('keeps an old message aside that changed, until history has come there', () => {
    const { conversation, shown } = start();
    conversation.take(range(100, 200));
    conversation.caughtUp();
    conversation.take([message(5, 300)]);
    expect(shown()).toEqual({ first: 100, last: 199, size: 100 });
    expect(conversation.find(5)?.seq).toBe(300);
    conversation.takeOlder(range(1, 100), true);
    expect(shown().first).toBe(1);
    expect(conversation.find(5)?.seq).toBe(300);
  });

  it('begins with the first that comes where nothing was kept', () => {
    const { conversation, shown } = start();
    conversation.takeOlder([], false);
    conversation.take([message(7)]);
    conversation.caughtUp();
    expect(shown()).toEqual({ first: 7, last: 7, size: 1 });
  });

  it('tells what arrived after everything was here', () => {
    const { conversation, arrived, drawAll } = start();
    conversation.take(range(1, 5));
    conversation.caughtUp();
    conversation.take([message(5), message(2, 6), message(5)]);
    conversation.takeOlder([message(0.5)], true);
    drawAll();
    expect(arrived).toEqual([5]);
  });
});

describe('what is let go', () => {
  it('is the oldest, for one who is at the end; history goes on from there', () => {
    const { conversation, shown } = start();
    conversation.take(range(1, FULL + 1));
    conversation.caughtUp();
    expect(shown().size).toBe(FULL);
    conversation.take([message(FULL + 1)]);
    expect(shown()).toEqual({ first: SHOWN_SLACK + 2, last: FULL + 1, size: MAX_SHOWN });
    expect(conversation.oldest()).toBe(SHOWN_SLACK + 2);
    expect(conversation.isComplete()).toBe(false);
  });

  it('goes in a drawing of its own, without what comes at the other end', () => {
    const { conversation, drawn, drawAll } = start();
    conversation.take(range(1, FULL + 2));
    conversation.caughtUp();
    drawAll();
    const changes = drawn.map(({ ids }) => [...ids]);
    expect(changes.at(-2)).toHaveLength(SHOWN_SLACK + 1);
    expect(changes.at(-2)?.[0]).toBe(1);
  });

  it('stays as long as somebody is busy in it', () => {
    const { at, conversation, shown } = start({ held: 1 });
    conversation.take(range(1, FULL + 2));
    conversation.caughtUp();
    expect(shown().first).toBe(1);
    at.held = undefined;
    conversation.take([message(FULL + 2)]);
    expect(shown().size).toBe(MAX_SHOWN + 1);
  });

  it('is the newest, for one who reads the oldest: they come again, without a gap, when one gets there', () => {
    const { at, conversation, shown } = start({ reader: 20 });
    conversation.take(range(1, FULL + 2));
    conversation.caughtUp();
    expect(shown()).toEqual({ first: 1, last: MAX_SHOWN, size: MAX_SHOWN });
    expect(conversation.isAtNewest()).toBe(false);
    conversation.take([message(FULL + 2), message(3, FULL + 3)]);
    expect(shown().last).toBe(MAX_SHOWN);
    expect(conversation.find(3)?.seq).toBe(FULL + 3);
    expect(conversation.newest()).toBe(FULL + 2);
    const end = conversation.end();
    expect(end).toBe(MAX_SHOWN + 1);
    at.reader = 'end';
    conversation.takeNewer(range(end, end + KEPT_NEWEST), end + KEPT_NEWEST);
    expect(conversation.isAtNewest()).toBe(true);
    expect(shown().last).toBe(FULL + 2);
  });

  it('keeps few of the newest while one reads elsewhere, and all is there again at the end', () => {
    const { at, conversation, drawn, shown } = start({ reader: 20 });
    conversation.take(range(1, FULL + 2));
    conversation.caughtUp();
    shown();
    for (let id = FULL + 2; id < 10 * FULL; id += 1) conversation.take([message(id)]);
    shown();
    at.reader = 'end';
    conversation.toNewest();
    expect(shown()).toEqual({ first: 10 * FULL - KEPT_NEWEST, last: 10 * FULL - 1, size: KEPT_NEWEST });
    expect(drawn.at(-1)?.isNewest).toBe(true);
  });

  it('is what was put aside longest ago, when that is too much', () => {
    const { conversation, drawAll } = start();
    conversation.take([message(5_000)]);
    conversation.caughtUp();
    for (let id = 1; id <= MAX_ASIDE + 1; id += 1) conversation.know(message(id));
    drawAll();
    expect(conversation.find(1)).toBeUndefined();
    expect(conversation.find(2)).toBeDefined();
  });
});

describe('a message of long ago', () => {
  it('is shown with those around it, and what is new stays apart', () => {
    const { conversation, drawn, shown } = start();
    conversation.take(range(5_000, 5_100));
    conversation.caughtUp();
    conversation.startAt(range(100, 200), false, 200);
    expect(shown()).toEqual({ first: 100, last: 199, size: 100 });
    expect(drawn.some(({ isAnew }) => isAnew)).toBe(true);
    conversation.take([message(5_100), message(150, 5_101)]);
    expect(shown().last).toBe(199);
    expect(conversation.find(150)?.seq).toBe(5_101);
    conversation.toNewest();
    expect(shown()).toEqual({ first: 5_001, last: 5_100, size: KEPT_NEWEST });
  });
});
