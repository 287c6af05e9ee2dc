/** What a held request waits for: a change that its caller has not seen. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createFeed } from '../../backend/transports/feed.ts';
import { createClock } from '../harness/clock.ts';
import { createLog } from '../../backend/log.ts';
import type { Change } from '../../backend/conversation/change.ts';
import type { Conversation } from '../../backend/conversation/conversation.ts';

const change = (seq: number, room = 'lobby'): Change => ({ id: seq, seq, room, isDeleted: false, json: '{}' });

function startFeed() {
  let tell = (_changes: readonly Change[]) => {};
  const conversation: Pick<Conversation, 'subscribe'> = {
    subscribe(listener) {
      tell = listener;
      return () => {};
    },
  };
  // Whoever only waits needs nothing else of a conversation.
  const feed = createFeed({
    conversation: conversation as Conversation,
    clock: createClock(),
    log: createLog('silent'),
    maxConnections: 10,
  });
  return { feed, tell: (...changes: Change[]) => tell(changes) };
}

it('is a change above its cursor, not one that is applied and still to be sent to others', async () => {
  const { feed, tell } = startFeed();
  const called: string[] = [];
  tell(change(5));
  feed.onceChanged('lobby', 5, () => called.push('after 5'));
  feed.onceChanged('lobby', 4, () => called.push('after 4'));
  while (called.length === 0) await nextTurn();
  expect(called).toEqual(['after 4']);
  tell(change(6, 'attic'));
  tell(change(7));
  while (called.length === 1) await nextTurn();
  expect(called).toEqual(['after 4', 'after 5']);
});
