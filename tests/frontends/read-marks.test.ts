/** How far one has read, as several tabs keep it together. */
import { describe, expect, it } from 'vitest';
import { createReadMarks } from '../../frontend-shared/room/read-marks.js';

function createStore() {
  const kept = new Map<string, string>();
  return {
    get: (name: string) => kept.get(name) ?? null,
    set: (name: string, value: string) => void kept.set(name, value),
    names: () => [...kept.keys()],
  };
}

describe('how far one has read', () => {
  it('is kept for each room, and shared by tabs', () => {
    const store = createStore();
    const [one, other] = [createReadMarks(store), createReadMarks(store)];
    one.markRead('lobby', 17);
    expect(other.lastRead('lobby')).toBe(17);
    expect(other.lastRead('den')).toBeUndefined();
    store.set('since.read.No room', '1');
    expect(other.rooms()).toEqual(['lobby']);
  });

  it('never goes back, whichever tab is behind', () => {
    const store = createStore();
    const [one, other] = [createReadMarks(store), createReadMarks(store)];
    one.markRead('lobby', 17);
    other.markRead('lobby', 12);
    expect(one.lastRead('lobby')).toBe(17);
  });

  it('begins anew in another journal', () => {
    const store = createStore();
    const [marks, behind] = [createReadMarks(store), createReadMarks(store)];
    for (const one of [marks, behind]) expect(one.enter('old')).toBe(false);
    for (const room of ['lobby', 'den']) marks.markRead(room, 17);
    expect([marks.enter('old'), marks.enter('new'), marks.enter('new')]).toEqual([false, true, false]);
    // Nothing of it was read, in no room that one had been in.
    expect(['lobby', 'den', 'attic'].map(marks.lastRead)).toEqual([0, 0, undefined]);
    marks.markRead('lobby', 2);
    expect(marks.lastRead('lobby')).toBe(2);
    // A tab that has not heard of it yet says nothing of the new one.
    behind.markRead('den', 18);
    expect(marks.lastRead('den')).toBe(0);
  });

  it('takes what is no number for nothing', () => {
    const store = createStore();
    for (const kept of ['x', '-1', '1.5', 'Infinity', '', '17-', '9007199254740993']) {
      store.set('since.read.lobby', kept);
      expect(createReadMarks(store).lastRead('lobby')).toBeUndefined();
    }
  });
});
