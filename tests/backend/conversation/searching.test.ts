/** Searching in turn, beside the thread that everyone waits for. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSearching } from '../../../backend/conversation/searching.ts';
import { MAX_SEARCHES_WAITING, SEARCH_TURN_WITHIN_MS } from '../../../backend/limits.ts';
import { createLog } from '../../../backend/log.ts';
import { createClock } from '../../harness/clock.ts';
import { makeDataDir } from '../../harness/server.ts';
import { openChat, toMessage } from './chat.ts';

it('finds on its thread what was said a moment ago, and no more what was deleted', async () => {
  const chat = await openChat({ storePath: join(makeDataDir(), 'store.db') });
  const { id } = await chat.say('message one');
  await chat.say('message two');
  const texts = async (query: string) =>
    (await chat.search(query, undefined, 10)).map((change) => toMessage(change).message).toSorted();
  expect(await texts('mess message')).toEqual(['message one', 'message two']);
  expect(await texts('mess "message two" two')).toEqual(['message two']);
  await chat.post('delete-message', { id }, { author: 'azin', isModerator: false, address: '::1' });
  expect(await texts('message')).toEqual(['message two']);
});

it.each([
  ['mess message', ['a message']],
  ['message "mess"', []],
  ['"mess" mess', ['what a mess']],
  ['mess mess mess', ['a message', 'what a mess']],
  ['a "a mess"', ['what a mess']],
])('needs all of the words of %s, of which some say more than others', async (query, expected) => {
  const chat = await openChat();
  for (const text of ['a message', 'what a mess', 'nothing of it']) await chat.say(text);
  const found = await chat.search(query, undefined, 10);
  expect(found.map((change) => toMessage(change).message).toSorted()).toEqual(expected);
});

it('refuses those that would wait behind too many others, and those whose turn comes too late', async () => {
  const clock = createClock();
  const index = { indexed: () => 1, indexSome: () => false, find: () => [], close() {} };
  const store = { head: () => 1, openIndex: () => index, blankedTo: () => 0, newestOutdated: () => undefined };
  const log = createLog('silent');
  const { find } = createSearching({ store, storePath: ':memory:', clock, log, held: () => [], onIndexed() {} });
  const waiting = Array.from({ length: MAX_SEARCHES_WAITING }, () => find('x', undefined, 1));
  await expect(find('x', undefined, 1)).rejects.toMatchObject({ code: 'overloaded' });
  expect(await Promise.all(waiting)).toHaveLength(MAX_SEARCHES_WAITING);

  const late = [find('x', undefined, 1), find('x', undefined, 1)];
  clock.advance(SEARCH_TURN_WITHIN_MS + 1);
  for (const one of late) await expect(one).rejects.toMatchObject({ code: 'overloaded' });
  expect(await find('x', undefined, 1)).toEqual([]);
});
