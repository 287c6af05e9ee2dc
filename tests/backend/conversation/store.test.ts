import { expect, it, onTestFinished } from 'vitest';
import { toChange } from '../../../backend/conversation/change.ts';
import { openStore } from '../../../backend/conversation/store.ts';

const say = (seq: number, room: string) => {
  const changed = { id: seq, seq, room, user: 'Azin', message: `${seq}`, timestamp: 't' };
  return [{ seq, at: 't', command: 'send-message', body: {} }, { changed }, toChange(changed), ''] as const;
};

it('is written within a transaction only, and counts what each room has more', () => {
  const store = openStore(':memory:', 'e', 0, () => {});
  onTestFinished(() => store.close());
  store.transaction(({ write }) => {
    write(...say(1, 'lobby'));
    write(...say(2, 'tea'));
    write(...say(3, 'lobby'));
  });
  store.hold(({ write }) => write(...say(4, 'tea')));
  expect(store.rooms(10)).toEqual([
    { room: 'tea', messages: 2, seq: 4 },
    { room: 'lobby', messages: 2, seq: 3 },
  ]);
  expect(store).not.toHaveProperty('write');
});

it('counts nothing of a transaction that failed', () => {
  const store = openStore(':memory:', 'e', 0, () => {});
  onTestFinished(() => store.close());
  store.transaction(({ write }) => write(...say(1, 'lobby')));
  const failing = () =>
    store.transaction(({ write }) => {
      write(...say(2, 'lobby'));
      throw new Error('in the middle');
    });
  expect(failing).toThrow('in the middle');
  store.transaction(({ write }) => write(...say(2, 'tea')));
  expect(store.rooms(10)).toEqual([
    { room: 'tea', messages: 1, seq: 2 },
    { room: 'lobby', messages: 1, seq: 1 },
  ]);
});
