/** How far one has read, as several tabs keep it together. */
import { describe, expect, it } from 'vitest';
import { createReadMarks } from '../../frontend-shared/room/read-marks.js';

function createStore() {
  const kept = new Map<string, string>();
  return {
    get: (name: string) => kept.get(name) ?? null,
    set: (name: string, value: string) => void kept.set(name, value),
    remove: (name: string) => void kept.delete(name),
  };
}

describe('how far one has read', () => {
  it('is kept for each room, and shared by tabs', () => {
    const store = createStore();
    const [one, other] = [createReadMarks(store), createReadMarks(store)];
    one.markRead('lobby', 17);
    expect(other.lastRead('lobby')).toBe(17);
    expect(other.lastRead('den')).toBeUndefined();
  });

  it('never goes back, whichever tab is behind', () => {
    const store = createStore();
    const [one, other] = [createReadMarks(store), createReadMarks(store)];
    one.markRead('lobby', 17);
    other.markRead('lobby', 12);
    expect(one.lastRead('lobby')).toBe(17);
  });

  it('begins anew in another journal', () => {
    const marks = createReadMarks(createStore());
    marks.markRead('lobby', 17);
    marks.forget('lobby');
    marks.markRead('lobby', 2);
    expect(marks.lastRead('lobby')).toBe(2);
  });

  it('takes what is no number for nothing', () => {
    const store = createStore();
    for (const kept of ['x', '-1', '1.5', 'Infinity']) {
      store.set('since.read.lobby', kept);
      expect(createReadMarks(store).lastRead('lobby')).toBeUndefined();
    }
  });
});
