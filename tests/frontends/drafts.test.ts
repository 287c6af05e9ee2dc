/** What is half written, how long it may be, and what of it can be sent: without a browser. */
import { describe, expect, it } from 'vitest';
import { cleanText } from '../../frontend-shared/writing/clean-text.js';
import { createDrafts, draftedRooms } from '../../frontend-shared/writing/drafts.js';
import { openStore } from '../../frontend-shared/storage.js';
import { isStep, leftOf } from '../../frontend-shared/writing/text-length.js';

/** Kept in memory, as where a browser may keep nothing else. */
const openMemory = () =>
  openStore(() => {
    throw new Error('forbidden');
  });

describe('drafts', () => {
  it('are of one tab as long as it is there, and then of the first that comes to the room with nothing of its own', () => {
    const shared = openMemory();
    const own = openMemory();
    const tab = createDrafts(own, shared);
    tab.keep('lobby', 'begun');
    own.set('since.reply.lobby', '7');
    tab.keep('den', 'more');
    expect(draftedRooms(own)).toEqual(new Set(['lobby', 'den']));
    expect(createDrafts(openMemory(), shared).take('lobby')).toBeUndefined();
    tab.leave();
    tab.comeBack(); // it was only reloaded
    expect(createDrafts(openMemory(), shared).take('lobby')).toBeUndefined();
    expect(tab.take('lobby')).toEqual({ text: 'begun', replyTo: 7 });
    tab.leave();
    const other = openMemory();
    const busy = createDrafts(other, shared);
    busy.keep('lobby', 'of another');
    expect(busy.take('lobby')).toEqual({ text: 'of another' });
    busy.keep('lobby', '');
    expect(busy.take('lobby')).toEqual({ text: 'begun', replyTo: 7 });
    expect(other.get('since.reply.lobby')).toBe('7');
    expect(createDrafts(openMemory(), shared).take('lobby')).toBeUndefined();
    shared.set('since.left.den', 'not ours');
    expect(createDrafts(openMemory(), shared).take('den')).toBeUndefined();
  });
});

describe('a text', () => {
  it('is counted in code points, without what surrounds it, and told of at each step', () => {
    expect(leftOf(` ${'😀'.repeat(3_990)}\n`)).toBe(10);
    expect(leftOf('x'.repeat(4_001))).toBe(-1);
    expect([
      isStep(4_000, 400),
      isStep(400, 399),
      isStep(399, 90),
      isStep(3, 0),
      isStep(0, -1),
      isStep(-1, -9),
    ]).toEqual([true, false, true, false, true, false]);
  });

  it('is pasted as one would have typed it', () => {
    expect(cleanText('a\r\nb\rc\u2028d\fe\tf')).toBe('a\nb\nc\nd\ne\tf');
    expect(cleanText('\u001b[1mbold\u0000\u0085\u007f')).toBe('[1mbold');
    expect(cleanText('half \uD83D, whole 😀, العربية')).toBe('half \uFFFD, whole 😀, العربية');
  });
});
