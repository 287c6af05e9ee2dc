/** The search index is a view of the store, in a file of its own: whatever becomes of that, it finds what stands there. */
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import { openSearchIndex } from '../../../backend/conversation/search.ts';
import { openStore } from '../../../backend/conversation/store.ts';
import { SEARCH_INDEX_AFTER_MS } from '../../../backend/limits.ts';
import { makeDataDir } from '../../harness/server.ts';
import { azin, kept, messageOf, openChat, openMemoryJournal, toMessage } from './chat.ts';
import type { Chat } from './chat.ts';

/** Time enough for a thread that starts on a busy machine. */
const WITHIN = { timeout: 15_000 };

const find = async (chat: Chat, query: string, room?: string) =>
  (await chat.search(query, room, 10)).map((change) => toMessage(change).message).toSorted();

const makeFiles = () => {
  const storePath = join(makeDataDir(), 'store.db');
  return { storePath, indexPath: storePath.replace('.db', '-search.db') };
};

/** Four messages: one edited, one deleted, one with a reaction, one as it was; and the index that knows all that. */
const makeConversation = async () => {
  const files = makeFiles();
  const journal = kept(await openMemoryJournal());
  const chat = await openChat({ journal, storePath: files.storePath });
  const [edited, deleted, reacted] = [await chat.say('one before'), await chat.say('two'), await chat.say('three')];
  await chat.say('four');
  expect(await find(chat, 'one')).toEqual(['one before']);
  await chat.post('edit-message', { id: edited?.id, message: 'one after' }, azin);
  await chat.post('delete-message', { id: deleted?.id }, azin);
  await chat.post('react', { id: reacted?.id, reaction: '👍' }, azin);
  const expectAll = async (one: Chat) => {
    expect(await find(one, 'one')).toEqual(['one after']);
    expect([...(await find(one, 'before')), ...(await find(one, 'two'))]).toEqual([]);
    expect([...(await find(one, 'three')), ...(await find(one, 'four'))]).toEqual(['three', 'four']);
  };
  await expectAll(chat);
  await chat.close();
  return { ...files, journal, expectAll };
};

it.each<[what: string, harm: (indexPath: string) => void]>([
  ['is as it was left', () => {}],
  ['is gone', (path) => rmSync(path)],
  ['is no database', (path) => writeFileSync(path, 'x'.repeat(20_000))],
  ['is empty', (path) => truncateSync(path)],
  ['is cut off', (path) => truncateSync(path, 8_192)],
  ['is damaged in its middle', (path) => writeFileSync(path, readFileSync(path).fill(0xa5, 4_096))],
  ['is of another version', (path) => empty(path, 'PRAGMA user_version = 77')],
  ['is of another journal', (path) => empty(path, `UPDATE state SET value = 'x' WHERE name = 'epoch'`)],
  ['is ahead', (path) => void new Database(path).exec(`UPDATE state SET value = 99 WHERE name = 'indexed'`)],
])('finds what stands there when it %s', async (_what, harm) => {
  const { storePath, indexPath, journal, expectAll } = await makeConversation();
  harm(indexPath);
  const chat = await openChat({ journal, storePath });
  await vi.waitFor(() => expectAll(chat), WITHIN); // what finds the damage is started anew
  const { id } = await chat.say('five');
  expect(await find(chat, 'five')).toEqual(['five']);
  await chat.post('edit-message', { id, message: 'six' }, azin);
  expect([await find(chat, 'five'), await find(chat, 'six')]).toEqual([[], ['six']]);
});

it('takes out what is deleted after an older index was put back', async () => {
  const { storePath, indexPath } = makeFiles();
  const journal = kept(await openMemoryJournal());
  const first = await openChat({ journal, storePath });
  const { id } = await first.say('zweifelhaft');
  expect(await find(first, 'zweifelhaft')).toEqual(['zweifelhaft']);
  await first.close();
  copyFileSync(indexPath, `${indexPath}-older`);
  const second = await openChat({ journal, storePath });
  await second.post('react', { id, reaction: '👍' }, azin);
  await second.say('stays');
  await find(second, 'stays');
  await second.close();
  copyFileSync(`${indexPath}-older`, indexPath);
  rmSync(`${indexPath}-older`);
  const third = await openChat({ journal, storePath });
  await third.post('delete-message', { id }, azin);
  expect(await find(third, 'zweifelhaft')).toEqual([]);
  expect(await find(third, 'stays')).toEqual(['stays']);
  await third.close();
  expect(readFileSync(indexPath).includes('zweifelhaft')).toBe(false);
  expect(readFileSync(storePath).includes('zweifelhaft')).toBe(false);
});

it('keeps what was replaced until the index has let go of it, and then no longer', async () => {
  const { storePath, indexPath } = makeFiles();
  const chat = await openChat({ storePath });
  const { id } = await chat.say('zweifelhaft');
  await find(chat, 'zweifelhaft');
  await chat.post('delete-message', { id }, azin);
  const store = new Database(storePath, { readonly: true });
  const texts = store.prepare<[], string>(`SELECT group_concat(text) FROM texts`).pluck();
  expect(texts.get()).toContain('zweifelhaft');
  chat.clock.advance(SEARCH_INDEX_AFTER_MS);
  await vi.waitFor(() => expect(texts.get()).not.toContain('zweifelhaft'), WITHIN);
  expect(store.prepare(`SELECT * FROM outdated`).all()).toEqual([]);
  store.close();
  for (const path of [indexPath, `${indexPath}-wal`])
    expect(existsSync(path) && readFileSync(path).includes('zweifelhaft')).toBe(false);
});

it('goes on where it was killed, between the index and the store', async () => {
  const { storePath, indexPath } = makeFiles();
  const journal = kept(await openMemoryJournal());
  const chat = await openChat({ journal, storePath });
  const { id } = await chat.say('zweifelhaft');
  await find(chat, 'zweifelhaft');
  await chat.post('delete-message', { id }, azin);
  const copy = makeFiles();
  for (const suffix of ['', '-wal']) {
    copyFileSync(storePath + suffix, copy.storePath + suffix);
    copyFileSync(indexPath + suffix, copy.indexPath + suffix);
  }
  const { epoch } = journal;
  const store = openStore(copy.storePath, epoch, journal.head(), () => {});
  const reader = new Database(copy.storePath, { readonly: true });
  const index = openSearchIndex(copy.indexPath, reader);
  expect(index.indexSome(1_000)).toBe(false); // the index has let go; the store does not know it
  index.close();
  reader.close();
  expect(store.newestOutdated()).toBe(2);
  await store.close();
  const again = await openChat({ journal, storePath: copy.storePath });
  again.clock.advance(SEARCH_INDEX_AFTER_MS);
  await vi.waitFor(() => expect(countOutdated(copy.storePath)).toBe(0), WITHIN);
  expect(await find(again, 'zweifelhaft')).toEqual([]);
});

it('leaves the index as it is when someone reacts, and follows several changes at once', async () => {
  const { storePath } = makeFiles();
  const chat = await openChat({ storePath });
  const { id } = await chat.say('one');
  await find(chat, 'one');
  for (const text of ['two', 'three', 'four']) await chat.post('edit-message', { id, message: text }, azin);
  messageOf(await chat.post('react', { id, reaction: '👍' }, azin));
  expect((await Promise.all(['one', 'two', 'three'].map((word) => find(chat, word)))).flat()).toEqual([]);
  expect(await find(chat, 'four')).toEqual(['four']);
});

/** Of all words, so that whoever takes it for whole finds nothing; and do something more to it. */
function empty(indexPath: string, sql: string): void {
  const db = new Database(indexPath);
  db.exec(`INSERT INTO search (search) VALUES ('delete-all'); ${sql}`);
  db.close();
}

function countOutdated(storePath: string): unknown {
  const db = new Database(storePath, { readonly: true });
  const count = db.prepare(`SELECT count(*) FROM outdated`).pluck().get();
  db.close();
  return count;
}
