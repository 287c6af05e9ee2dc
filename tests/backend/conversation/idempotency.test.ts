import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_SCHEDULED_PER_AUTHOR } from '../../../backend/limits.ts';
import { makeDataDir } from '../../harness/server.ts';
import {
  azin,
  bela,
  kept,
  messageOf,
  nextChange,
  nobody,
  openChat,
  openMemoryJournal,
  scheduledOf,
  slow,
} from './chat.ts';
import type { Chat } from './chat.ts';

const body = { user: 'Azin', message: 'hello', room: 'tea', color: '#AABBCC' };
const send = (chat: Chat, more: object = {}, caller = azin, key = 'k') =>
  chat.post('send-message', { ...body, ...more }, caller, key);

describe('a key', () => {
  it('gives the same message again for the same body, and makes no entry', async () => {
    const chat = await openChat();
    const first = await send(chat);
    const again = await send(chat, { color: '#aabbcc', message: ' hello ', ignored: 1 });
    expect(first.isNew).toBe(true);
    expect(again).toEqual({ ...first, isNew: false });
    expect(chat.head()).toBe(1);
  });

  it.each([
    { message: 'other' },
    { user: 'Bela' },
    { room: 'lobby' },
    { color: '#000000' },
    { replyTo: 1 },
    { sendAt: '2026-12-01T00:00:00Z' },
  ])('is refused for another body: %j', async (more) => {
    const chat = await openChat();
    await chat.say('one', { room: 'tea' });
    await send(chat);
    await expect(send(chat, more)).rejects.toMatchObject({ code: 'idempotency-mismatch' });
    expect(chat.head()).toBe(2);
  });

  it('counts for each identity, and for all without one together', async () => {
    const chat = await openChat();
    const outcomes = [];
    for (const caller of [azin, bela, nobody]) {
      outcomes.push(await send(chat, { message: `of ${caller.author}` }, caller));
    }
    expect(outcomes.map(({ isNew }) => isNew)).toEqual([true, true, true]);
    const other = send(chat, {}, { ...nobody, address: '::2' });
    await expect(other).rejects.toMatchObject({ code: 'idempotency-mismatch' });
  });

  it.each(['', ' ', 'a b', 'ключ', 'x'.repeat(65), '\n'])('of another form is refused: %j', async (key) => {
    const chat = await openChat();
    await expect(send(chat, {}, azin, key)).rejects.toMatchObject({ code: 'invalid-message' });
  });

  it('of several at once makes one message, and the others wait for it', async () => {
    const chat = await openChat({ journal: slow(await openMemoryJournal()) });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => send(chat)));
    expect(outcomes.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(outcomes.map((one) => messageOf(one).id))).toEqual(new Set([1]));
    expect(chat.head()).toBe(1);
  });

  it('of several at once with different bodies makes one message, and the others are refused', async () => {
    const chat = await openChat({ journal: slow(await openMemoryJournal()) });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, nth) => send(chat, { message: `text ${nth % 4}` })),
    );
    const news = outcomes.filter((one) => one.status === 'fulfilled' && one.value.isNew);
    expect(news).toHaveLength(1);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const one of outcomes) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'idempotency-mismatch' });
    }
    expect(chat.head()).toBe(1);
  });

  it('gives the message as it stands, when it was edited meanwhile', async () => {
    const chat = await openChat();
    const { id } = messageOf(await send(chat));
    await chat.post('edit-message', { id, message: 'edited' }, azin);
    const again = await send(chat);
    expect(messageOf(again)).toMatchObject({ id, message: 'edited', seq: 2 });
    await expect(send(chat, { message: 'edited' })).rejects.toMatchObject({ code: 'idempotency-mismatch' });
  });

  it('gives the tombstone, when it was deleted meanwhile, and does not bring it back', async () => {
    const chat = await openChat();
    const { id } = messageOf(await send(chat));
    await chat.post('delete-message', { id }, azin);
    const again = await send(chat);
    expect([again.isNew, messageOf(again)]).toMatchObject([false, { id, deleted: true, message: '' }]);
    expect(chat.head()).toBe(2);
  });

  it('is known after a restart, on the store as it was and on one made anew', async () => {
    const journal = kept(await openMemoryJournal());
    const storePath = join(makeDataDir(), 'store.db');
    const before = await openChat({ journal, storePath });
    const first = await send(before);
    const deleted = await send(before, { message: 'gone' }, azin, 'deleted');
    await before.post('delete-message', { id: messageOf(deleted).id }, azin);
    await before.close();
    for (const path of [storePath, ':memory:']) {
      const after = await openChat({ journal, storePath: path });
      expect(await send(after)).toEqual({ ...first, isNew: false });
      await expect(send(after, { message: 'x' })).rejects.toMatchObject({ code: 'idempotency-mismatch' });
      expect(messageOf(await send(after, {}, azin, 'deleted'))).toMatchObject({ deleted: true });
      await after.close();
    }
  });

  it('that the journal knows and the conversation not yet is answered once it is carried out', async () => {
    const journal = await openMemoryJournal();
    const chat = await openChat({ journal });
    // As an append that was told as failed and was kept all the same.
    const entry = { command: 'send-message', at: new Date(chat.clock.now()).toISOString(), author: 'azin', key: 'k' };
    const { message: text, color: _color, ...rest } = body;
    await journal.append({ ...entry, text, body: { ...rest, color: '#aabbcc' } });
    expect((await send(chat)).isNew).toBe(false);
  });
});

describe('the key of a scheduled message', () => {
  const sendAt = '2026-11-22T06:54:00.000Z';

  it('gives what waits, then the message that came of it, on any store', async () => {
    const journal = kept(await openMemoryJournal());
    const chat = await openChat({ journal });
    const { id, seq } = scheduledOf(await send(chat, { sendAt }));
    const again = await send(chat, { sendAt: '2026-11-22T07:54:00+01:00' });
    expect([again.isNew, scheduledOf(again).id]).toEqual([false, id]);
    await expect(send(chat)).rejects.toMatchObject({ code: 'idempotency-mismatch' });
    const changed = nextChange(chat);
    await chat.clock.pass(60_000);
    const [released] = await changed;
    expect(released?.seq).toBeGreaterThan(seq);
    const anew = await openChat({ journal });
    for (const one of [chat, anew]) {
      expect(messageOf(await send(one, { sendAt }))).toMatchObject({ id: released?.id, key: 'k', message: 'hello' });
      await expect(send(one, { sendAt, message: 'x' })).rejects.toMatchObject({ code: 'idempotency-mismatch' });
    }
  });

  it('stays used when it is withdrawn, on any store', async () => {
    const journal = kept(await openMemoryJournal());
    const chat = await openChat({ journal });
    const { id: scheduled, seq } = scheduledOf(await send(chat, { sendAt }));
    await chat.post('withdraw-message', { scheduled, seq }, azin);
    const anew = await openChat({ journal });
    for (const one of [chat, anew]) {
      await expect(send(one, { sendAt })).rejects.toMatchObject({ code: 'not-found' });
      await expect(send(one, { sendAt, message: 'guess' })).rejects.toMatchObject({ code: 'not-found' });
    }
  });

  it('is not answered as done, when its entry came to nothing', async () => {
    const chat = await openChat({ journal: slow(await openMemoryJournal()) });
    const later = (nth: number) => send(chat, { sendAt }, azin, `key-${nth}`);
    // All before the first comes back, so that what is too much is found only then.
    await Promise.allSettled(Array.from({ length: MAX_SCHEDULED_PER_AUTHOR + 1 }, (_, nth) => later(nth)));
    const [first] = chat.scheduledOf('azin');
    await chat.post('withdraw-message', { scheduled: first?.id, seq: first?.seq }, azin);
    await expect(later(MAX_SCHEDULED_PER_AUTHOR)).rejects.toMatchObject({ code: 'idempotency-mismatch' });
    expect(chat.scheduledOf('azin')).toHaveLength(MAX_SCHEDULED_PER_AUTHOR - 1);
  });
});

describe('commands that arrive at once', () => {
  it('leave no text in the journal that was deleted in the same turn', async () => {
    for (const order of [
      ['edit', 'delete'],
      ['delete', 'edit'],
      ['edit', 'delete', 'edit'],
    ]) {
      const journal = slow(await openMemoryJournal());
      const chat = await openChat({ journal });
      const { id } = await chat.say('secret');
      const edit = () => chat.post('edit-message', { id, message: 'secret too' }, azin);
      await Promise.allSettled(
        order.map((one) => (one === 'edit' ? edit() : chat.post('delete-message', { id }, azin))),
      );
      const entries: unknown[] = [];
      await journal.follow(0, (batch) => void entries.push(...batch));
      expect(JSON.stringify(entries), order.join(', ')).not.toContain('secret');
      expect(JSON.parse(chat.message(id)?.json ?? '')).toMatchObject({ deleted: true, message: '' });
    }
  });

  it('each are read by whoever was answered', async () => {
    const chat = await openChat();
    await Promise.all(
      Array.from({ length: 100 }, async (_, nth) => {
        const { id } = await chat.say(`text ${nth}`);
        expect(chat.message(id)?.json).toContain(`"text ${nth}"`);
        expect(chat.head()).toBeGreaterThanOrEqual(id);
        expect(chat.after('lobby', id - 1, 1).changes[0]?.id).toBe(id);
      }),
    );
  });
});
