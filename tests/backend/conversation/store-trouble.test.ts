/** What becomes of entries that are in the journal, while the store cannot be written. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createClock } from '../../harness/clock.ts';
import { makeDataDir } from '../../harness/server.ts';
import { azin, bela, counted, dump, kept, messageOf, openChat, openMemoryJournal, slow, toMessage } from './chat.ts';

/** Bytes that any file of this process may have. */
const limitFileSize = (bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);

/** No file of the store can grow from here on. */
const fillDisk = (storePath: string) => {
  onTestFinished(() => void limitFileSize('unlimited'));
  limitFileSize(statSync(`${storePath}-wal`).size + 100);
};

it('are carried out in memory on a full disk, and are on the disk once there is room', async () => {
  const storePath = join(makeDataDir(), 'store.db');
  const journal = kept(await openMemoryJournal());
  const memory = counted(journal);
  const chat = await openChat({ journal: slow(memory), storePath });
  const first = await chat.say('first');
  const told: number[] = [];
  chat.subscribe((changes) => void told.push(...changes.map(({ seq }) => seq)));

  fillDisk(storePath);
  // All are on their way into the journal before the first comes to the store: none is refused.
  const posted = await Promise.all([
    chat.post('react', { id: first.id, reaction: '👍' }, bela),
    chat.post('send-message', { user: 'Azin', message: 'second' }, azin, 'k'),
    chat.post('react', { id: first.id, reaction: '👍' }, azin),
    chat.post('edit-message', { id: first.id, message: 'first, edited' }, azin),
    chat.post('send-message', { user: 'Bela', message: 'x'.repeat(4_000) }, bela),
  ]);
  expect(posted.every(({ isNew }) => isNew)).toBe(true);
  expect(told).toEqual([2, 3, 4, 5, 6]);
  const changed = { id: first.id, message: 'first, edited', reactions: { '👍': 2 } };
  const asRead = () => chat.newest('lobby', 10).changes.map(toMessage);
  expect(asRead()).toMatchObject([changed, { message: 'second' }, { user: 'Bela' }]);
  expect(chat.before('lobby', 100, 10).changes.map(toMessage)).toEqual(asRead());
  expect(await chat.search('second', undefined, 10)).toHaveLength(1);

  // From here on the answer is a plain no, but to what is there already.
  expect(chat.trouble()).toEqual(expect.any(String));
  await expect(chat.say('third')).rejects.toMatchObject({ code: 'overloaded' });
  expect((await chat.say('second', {}, azin, 'k')).id).toBe(3);
  await chat.clock.pass(3_000); // tried again, in vain
  expect(chat.trouble()).toEqual(expect.any(String));
  expect(memory.appended).toHaveLength(6);
  expect(asRead()).toMatchObject([changed, { message: 'second' }, { user: 'Bela' }]);

  limitFileSize('unlimited');
  await chat.clock.pass(1_000);
  expect(chat.trouble()).toBeUndefined();
  expect((await chat.say('third')).id).toBe(7);
  expect(told).toEqual([2, 3, 4, 5, 6, 7]);
  await chat.close();
  const again = await openChat({ journal, storePath: `${storePath}-again` });
  await again.close();
  expect(dump(storePath)).toEqual(dump(`${storePath}-again`));
});

it('are found by the next start, when the server ends on a full disk', async () => {
  const storePath = join(makeDataDir(), 'store.db');
  const journal = kept(await openMemoryJournal());
  const chat = await openChat({ journal, storePath });
  await chat.say('first');
  fillDisk(storePath);
  const { id } = messageOf(await chat.post('send-message', { user: 'Azin', message: 'second' }, azin));
  await chat.close();
  limitFileSize('unlimited');
  const again = await openChat({ journal, storePath });
  expect(again.message(id)?.json).toContain('second');
});

it('wait while another program holds the store, and are answered when they are carried out', async () => {
  const storePath = join(makeDataDir(), 'store.db');
  const clock = createClock();
  const chat = await openChat({ storePath, clock });
  const first = await chat.say('one');
  const told: number[] = [];
  chat.subscribe((changes) => void told.push(...changes.map(({ seq }) => seq)));
  const other = new Database(storePath);
  onTestFinished(() => void other.close());
  other.exec('BEGIN IMMEDIATE');
  let answered = 0;
  const second = chat.say('two').finally(() => answered++);
  await clock.pass(2_000);
  expect(chat.trouble()).toEqual(expect.any(String));
  expect(chat.newest('lobby', 10).changes.map(({ id }) => id)).toEqual([first.id]);
  await expect(chat.say('refused')).rejects.toMatchObject({ code: 'overloaded' });
  expect(answered).toBe(0);
  other.exec('ROLLBACK');
  await clock.pass(1_000);
  expect(await second).toMatchObject({ id: 2, message: 'two' });
  expect(chat.trouble()).toBeUndefined();
  expect((await chat.say('three')).id).toBe(3);
  expect(told).toEqual([2, 3]);
  expect(chat.rooms(1)).toMatchObject([{ room: 'lobby', messages: 3 }]);
});

it('are not carried out twice when a listener fails', async () => {
  const chat = await openChat();
  chat.subscribe(() => {
    throw new Error('a listener that fails');
  });
  await chat.say('one');
  await chat.clock.pass(10_000);
  expect(chat.trouble()).toBeUndefined();
  expect(chat.rooms(1)).toMatchObject([{ messages: 1 }]);
  expect(chat.after('lobby', 0, 10).changes).toHaveLength(1);
});

it('end the server when the store is found to be damaged, and the next start makes it anew', async () => {
  const storePath = join(makeDataDir(), 'store.db');
  const journal = kept(await openMemoryJournal());
  const fatal: string[] = [];
  const chat = await openChat({ journal, storePath, onFatal: (why) => fatal.push(why) });
  await chat.say('first');
  const other = new Database(storePath);
  other.pragma('wal_checkpoint(TRUNCATE)');
  const { size } = statSync(storePath);
  const file = openSync(storePath, 'r+');
  writeSync(file, Buffer.alloc(size - 4_096, 0xa5), 0, size - 4_096, 4_096); // all but the first page
  closeSync(file);
  other.pragma('user_version = 6'); // so that the server's own connection reads again
  other.close();
  void chat.say('second').catch(() => {});
  await vi.waitFor(() => expect(fatal).toEqual([expect.stringMatching(/^The store .*store\.db is damaged: .+ anew/)]));
  await chat.close();
  const again = await openChat({ journal, storePath });
  expect(again.newest('lobby', 10).changes.map(({ id }) => id)).toEqual([1, 2]);
});

it('leave no file open when the journal cannot be read', async () => {
  const storePath = join(makeDataDir(), 'store.db');
  const journal = { ...(await openMemoryJournal()), follow: () => Promise.reject(new Error('entry 1 is damaged')) };
  await expect(openChat({ journal, storePath })).rejects.toThrow('entry 1 is damaged');
  expect(existsSync(storePath)).toBe(true);
  expect(existsSync(`${storePath}-wal`)).toBe(false); // goes with the last who closes the file
});
