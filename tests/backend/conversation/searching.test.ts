/** Searching in turn, beside the thread that everyone waits for. */
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createSearching } from '../../../backend/conversation/searching.ts';
import { MAX_SEARCHES_WAITING, SEARCH_INDEX_AFTER_MS, SEARCH_TURN_WITHIN_MS } from '../../../backend/limits.ts';
import { createLog } from '../../../backend/log.ts';
import { createClock } from '../../harness/clock.ts';
import { makeDataDir } from '../../harness/server.ts';
import { openChat, toMessage } from './chat.ts';
import type * as WorkerThreads from 'node:worker_threads';

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

it('goes on where no thread can be started, and takes one when there is', async () => {
  const { Worker: Thread } = await vi.importActual<typeof WorkerThreads>('node:worker_threads');
  let hasRoom = false;
  const Worker = vi.fn(function start(...options: ConstructorParameters<typeof Thread>) {
    if (!hasRoom) throw new Error('no thread to be had');
    return new Thread(...options);
  });
  vi.resetModules();
  vi.doMock('node:worker_threads', () => ({ Worker }));
  onTestFinished(() => vi.doUnmock('node:worker_threads'));
  const { openChat: openThere } = await import('./chat.ts');
  const storePath = join(makeDataDir(), 'store.db');
  const chat = await openThere({ storePath });
  await chat.say('Hello');
  await chat.clock.pass(SEARCH_INDEX_AFTER_MS);
  expect(Worker).toHaveBeenCalledOnce();
  await expect(chat.search('hello', undefined, 10)).rejects.toMatchObject({ code: 'overloaded' });
  hasRoom = true;
  expect(await chat.search('hello', undefined, 10)).toHaveLength(1);
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
