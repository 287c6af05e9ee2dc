import { describe, expect, it, vi } from 'vitest';
import { CATCH_UP_SLICE, DEFAULT_PAGE, MAX_BACKLOG_BYTES, MAX_STALL_MS } from '../../backend/limits.ts';
import { createEncoding, HandMade, ROOMS, seqs, settle, start, useTurnsByHand } from './hand-made.ts';
import type { Change } from '../../backend/conversation/change.ts';

useTurnsByHand();

describe('one that joins', () => {
  it('gets what came after its cursor, the word that it has caught up, and then what comes', () => {
    const { feed, put } = start();
    for (let nth = 0; nth < 5; nth++) put('lobby');
    put('lobby', 2);
    put('tea');
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', 3);
    expect(one.lines).toMatchObject([{ seq: 4 }, { seq: 5 }, { id: 2, seq: 6 }, { caughtUp: 'lobby', since: '7-e' }]);
    put('lobby');
    put('tea');
    settle();
    expect(seqs(one.messages)).toEqual([4, 5, 6, 8]);
  });

  it('gets a long past in slices of the event loop, without a gap to what comes meanwhile', () => {
    const { feed, put } = start();
    const total = 2 * CATCH_UP_SLICE + 200;
    for (let nth = 0; nth < total; nth++) put('lobby');
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', 0);
    expect(one.messages).toHaveLength(CATCH_UP_SLICE);
    put('lobby', 1);
    vi.advanceTimersToNextTimer();
    put('lobby');
    settle();
    // The first has changed since, and is given once more at its new place.
    expect(seqs(one.messages)).toEqual(Array.from({ length: total + 2 }, (_, index) => index + 1));
  });

  it('without a cursor gets the newest, in order of their changes', () => {
    const { feed, put } = start();
    for (let nth = 0; nth < DEFAULT_PAGE + 20; nth++) put('lobby');
    put('lobby', 50);
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', undefined);
    expect(one.messages).toHaveLength(DEFAULT_PAGE);
    expect(seqs(one.messages)).toEqual(seqs(one.messages).toSorted((a, b) => a - b));
    expect(one.messages.at(-1)).toMatchObject({ id: 50, seq: DEFAULT_PAGE + 21 });
  });

  it('with a cursor that is gone is told so first', () => {
    const { feed, put } = start();
    put('lobby');
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', 'gone');
    expect(one.lines).toMatchObject([{ reset: 'lobby' }, { seq: 1 }, { caughtUp: 'lobby', since: '1-e' }]);
  });

  it('while the store cannot be read is dropped, and counts no more once it has left', () => {
    const { feed, conversation, put } = start();
    put('lobby');
    vi.spyOn(conversation, 'newest').mockImplementationOnce(() => {
      throw new Error('the disk cannot be read');
    });
    const one = new HandMade(createEncoding());
    const leave = feed.join(one, 'lobby', undefined);
    expect(one.isDropped).toBe(true);
    leave();
    expect(feed.online('lobby')).toBe(0);
  });

  it('between a change and its fan-out gets it once', () => {
    const { feed, put } = start();
    put('lobby');
    put('lobby');
    const [early, late] = [new HandMade(createEncoding()), new HandMade(createEncoding())];
    feed.join(early, 'lobby', 1);
    feed.join(late, 'lobby', 2);
    put('lobby', 1);
    settle();
    expect([seqs(early.messages), seqs(late.messages)]).toEqual([[2, 3], [3]]);
  });

  it('and leaves gets nothing more', () => {
    const { feed, put } = start();
    for (let nth = 0; nth < 2 * CATCH_UP_SLICE; nth++) put('lobby');
    const [live, catchingUp] = [new HandMade(createEncoding()), new HandMade(createEncoding())];
    const leaveLive = feed.join(live, 'lobby', 2 * CATCH_UP_SLICE);
    const leaveEarly = feed.join(catchingUp, 'lobby', 0);
    put('lobby');
    leaveLive();
    leaveEarly();
    leaveEarly();
    settle();
    expect([live.messages.length, catchingUp.messages.length]).toEqual([0, CATCH_UP_SLICE]);
  });
});

describe('a change', () => {
  it('is encoded once for all connections of an encoding, whatever rooms they follow', () => {
    const { feed, put } = start();
    const [encoding, other] = [createEncoding(), createEncoding()];
    const connections = Array.from({ length: 30 }, (_, nth) => new HandMade(nth % 3 === 0 ? other : encoding));
    connections.forEach((one, nth) => {
      for (const room of ROOMS.slice(0, 1 + (nth % 3))) feed.join(one, room, 0);
    });
    const changes = [put('lobby'), put('tea'), put('lobby'), put('work'), put('tea')];
    settle();
    const inOrder = (made: readonly Change[]) => made.toSorted((one, another) => one.seq - another.seq);
    expect(inOrder(encoding.encoded)).toEqual(changes);
    expect(inOrder(other.encoded)).toEqual(changes.filter(({ room }) => room === 'lobby'));
    connections.forEach((one, nth) => {
      const rooms = ROOMS.slice(0, 1 + (nth % 3));
      expect(seqs(one.messages)).toEqual(changes.filter(({ room }) => rooms.includes(room)).map(({ seq }) => seq));
    });
  });

  it('is written together with the others of its turn, and at its newest state', () => {
    const { feed, put } = start();
    const one = new HandMade(createEncoding());
    feed.join(one, 'lobby', 0);
    feed.join(one, 'tea', 0);
    const before = one.writes.length;
    const { id } = put('lobby');
    put('tea');
    put('lobby', id);
    settle();
    expect(one.writes.length - before).toBe(1);
    expect(one.messages).toMatchObject([
      { room: 'tea', seq: 2 },
      { id, seq: 3 },
    ]);
  });
});

describe('one that does not read', () => {
  const full = MAX_BACKLOG_BYTES + 1;

  it('has nothing more queued for it, and reads on from its cursor when it drains', () => {
    const { feed, put } = start();
    const slow = new HandMade(createEncoding(), full);
    feed.join(slow, 'lobby', 0);
    slow.isStalled = true;
    const { id } = put('lobby');
    settle();
    for (let nth = 0; nth < 20; nth++) {
      put('lobby', id);
      put('lobby');
      settle();
    }
    expect(slow.messages).toHaveLength(1);
    slow.drain();
    expect(seqs(slow.messages)).toEqual([1, ...Array.from({ length: 19 }, (_, nth) => 3 + 2 * nth), 40, 41]);
    put('lobby');
    settle();
    expect(slow.messages.at(-1)?.seq).toBe(42);
    expect(slow.lines.filter((line) => 'caughtUp' in line)).toHaveLength(1);
  });

  it('gets all its rooms in one order when it drains, and none before', () => {
    const { feed, put } = start();
    const slow = new HandMade(createEncoding(), full);
    feed.join(slow, 'lobby', 0);
    feed.join(slow, 'tea', 0);
    slow.isStalled = true;
    put('lobby');
    settle();
    put('lobby'); // for this one it is too slow
    settle();
    slow.takeSome();
    put('tea'); // there would be room, but what came before is not there yet
    settle();
    for (const room of ['lobby', 'tea', 'tea', 'lobby']) put(room);
    settle();
    expect(seqs(slow.messages)).toEqual([1]);
    slow.drain();
    expect(seqs(slow.messages)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('is dropped after a minute, and not when it drains before', () => {
    const { feed, put, clock } = start();
    const encoding = createEncoding();
    const [stalled, slow] = [new HandMade(encoding, full), new HandMade(encoding, full)];
    for (const one of [stalled, slow]) feed.join(one, 'lobby', 0);
    for (const one of [stalled, slow]) one.isStalled = true;
    put('lobby');
    settle();
    put('lobby');
    settle();
    clock.jump(10 * MAX_STALL_MS); // the clock on the wall does not matter
    clock.advance(MAX_STALL_MS - 1);
    slow.drain();
    slow.isStalled = true;
    put('lobby');
    settle();
    put('lobby');
    settle();
    expect([stalled.isDropped, slow.isDropped]).toEqual([false, false]);
    clock.advance(6_000);
    expect([stalled.isDropped, slow.isDropped]).toEqual([true, false]);
    clock.advance(MAX_STALL_MS);
    expect(slow.isDropped).toBe(true);
  });

  it('that leaves meanwhile gets nothing when it drains', () => {
    const { feed, put, clock } = start();
    const slow = new HandMade(createEncoding(), full);
    const leave = feed.join(slow, 'lobby', 0);
    slow.isStalled = true;
    put('lobby');
    settle();
    put('lobby');
    settle();
    leave();
    slow.drain();
    clock.advance(2 * MAX_STALL_MS);
    settle();
    expect([slow.messages.length, slow.isDropped]).toEqual([1, false]);
  });
});

describe('places', () => {
  it('are given up to the limit, and again when they come back, each once', () => {
    const { feed } = start();
    const places = [1, 2, 3].map(() => feed.takePlace('websocket', '::1'));
    expect(() => feed.takePlace('sse', '::1')).toThrow(expect.objectContaining({ code: 'overloaded' }));
    places[0]?.();
    places[0]?.();
    feed.takePlace('sse', '::1');
    expect(() => feed.takePlace('sse', '::1')).toThrow(expect.objectContaining({ code: 'overloaded' }));
  });
});
