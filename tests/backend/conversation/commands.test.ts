import { describe, expect, it } from 'vitest';
import { MAX_REACTION_KINDS, MAX_SCHEDULED_PER_AUTHOR } from '../../../backend/limits.ts';
import {
  azin,
  bela,
  counted,
  kept,
  messageOf,
  moderator,
  nobody,
  openChat,
  openMemoryJournal,
  scheduledOf,
  toMessage,
} from './chat.ts';
import type { CommandName } from '../../../backend/commands/table.ts';

const refusal = (code: string, field?: string) => ({
  name: 'ChatError',
  code,
  ...(field !== undefined && { errors: [expect.objectContaining({ field })] }),
});

describe('sending', () => {
  it.each([undefined, 'k'])('tells while it is under way that more is coming (key %s)', async (key) => {
    const chat = await openChat();
    expect(chat.isMoreComing()).toBe(false);
    const saying = chat.say('one', {}, azin, key);
    expect(chat.isMoreComing()).toBe(true);
    await saying;
    expect(chat.isMoreComing()).toBe(false);
  });

  it('gives the message its id, its time and the fields that were sent, and no others', async () => {
    const chat = await openChat();
    const first = await chat.say('  one  ', {}, nobody);
    expect(first).toStrictEqual({
      id: 1,
      seq: 1,
      room: 'lobby',
      user: 'Azin',
      message: 'one',
      timestamp: '2026-11-22T06:53:00.123Z',
    });
    chat.clock.advance(1_000);
    const fields = { room: 'tea', color: '#AbCdEf', user: ' A\u0301zin ', extra: 1 };
    expect(await chat.say('two\r\nlines', fields, azin, 'k')).toStrictEqual({
      id: 2,
      seq: 2,
      room: 'tea',
      user: 'A\u0301zin',
      author: 'azin',
      message: 'two\nlines',
      timestamp: '2026-11-22T06:53:01.123Z',
      color: '#abcdef',
      key: 'k',
    });
  });

  it('can answer a message of the same room, also a deleted one', async () => {
    const chat = await openChat();
    const { id } = await chat.say('question');
    expect(await chat.say('answer', { replyTo: id })).toMatchObject({ replyTo: id });
    await chat.post('delete-message', { id }, azin);
    expect(await chat.say('late answer', { replyTo: id })).toMatchObject({ replyTo: id });
  });

  it('refuses an answer to a message of another room, or of none', async () => {
    const chat = await openChat();
    const { id } = await chat.say('question', { room: 'tea' });
    for (const replyTo of [id, id + 1, 999]) {
      await expect(chat.say('answer', { replyTo })).rejects.toMatchObject(refusal('invalid-message', 'replyTo'));
    }
    expect(chat.head()).toBe(id);
  });

  it.each<[string, object]>([
    ['user', { user: '' }],
    ['user', { user: ' \u0085\u00a0 ' }],
    ['user', { user: 'x'.repeat(41) }],
    ['user', { user: 'evil\u202egnp.exe' }],
    ['user', { user: 'two\nlines' }],
    ['user', { user: 7 }],
    ['message', { message: ' \n ' }],
    ['message', { message: '👍'.repeat(4_001) }],
    ['message', { message: 'bell\u0007' }],
    ['message', { message: 'half a pair \ud83d' }],
    ['message', { message: undefined }],
    ['room', { room: 'Lobby' }],
    ['room', { room: '-a' }],
    ['room', { room: 'a'.repeat(41) }],
    ['color', { color: 'red' }],
    ['color', { color: null }],
    ['replyTo', { replyTo: '1' }],
    ['replyTo', { replyTo: 0 }],
    ['sendAt', { sendAt: 'tomorrow' }],
    ['sendAt', { sendAt: '2026-11-22T06:53:00.123Z' }],
    ['sendAt', { sendAt: '2028-01-01T00:00:00Z' }],
  ])('refuses a wrong "%s": %j', async (field, fields) => {
    const chat = await openChat();
    await expect(chat.say('text', fields)).rejects.toMatchObject(refusal('invalid-message', field));
    expect(chat.head()).toBe(0);
  });

  it('takes what is just short enough, counted in code points', async () => {
    const chat = await openChat();
    const message = await chat.say('👍'.repeat(4_000), { user: '👍'.repeat(40), room: `0${'a-'.repeat(19)}z` });
    expect([...message.message]).toHaveLength(4_000);
  });
});

describe('editing', () => {
  it('changes the text and tells when, and nothing else', async () => {
    const chat = await openChat();
    const before = await chat.say('one', { color: '#112233' }, azin, 'k');
    await chat.say('other');
    chat.clock.advance(5_000);
    const after = messageOf(await chat.post('edit-message', { id: before.id, message: ' two ' }, azin));
    expect(after).toStrictEqual({ ...before, seq: 3, message: 'two', edited: '2026-11-22T06:53:05.123Z' });
    expect(messageOf(await chat.post('edit-message', { id: before.id, message: 'three' }, azin)).seq).toBe(4);
  });

  it('makes no entry where nothing changes', async () => {
    const chat = await openChat();
    const before = await chat.say('one');
    const posted = await chat.post('edit-message', { id: before.id, message: 'one' }, azin);
    expect([posted.isNew, messageOf(posted), chat.head()]).toEqual([false, before, before.seq]);
  });

  it('is for the author alone', async () => {
    const chat = await openChat();
    const { id } = await chat.say('one');
    const ofNobody = await chat.say('two', {}, nobody);
    const edit = { id, message: 'hacked' };
    await expect(chat.post('edit-message', edit, bela)).rejects.toMatchObject(refusal('forbidden'));
    await expect(chat.post('edit-message', edit, nobody)).rejects.toMatchObject(refusal('identity-required'));
    await expect(chat.post('edit-message', edit, moderator)).rejects.toMatchObject(refusal('identity-required'));
    const other = { id: ofNobody.id, message: 'hacked' };
    await expect(chat.post('edit-message', other, azin)).rejects.toMatchObject(refusal('forbidden'));
    expect(chat.head()).toBe(2);
  });
});

describe('deleting', () => {
  it('leaves a tombstone without text, color, reactions and time of edit, also the second time', async () => {
    const chat = await openChat();
    const { id, timestamp } = await chat.say('one', { color: '#112233' }, azin, 'k');
    await chat.post('react', { id, reaction: '👍' }, bela);
    await chat.post('edit-message', { id, message: 'two' }, azin);
    const posted = await chat.post('delete-message', { id }, azin);
    const tombstone = { id, seq: 4, room: 'lobby', user: 'Azin', author: 'azin', message: '', timestamp, key: 'k' };
    expect(messageOf(posted)).toStrictEqual({ ...tombstone, deleted: true });
    const again = await chat.post('delete-message', { id }, azin);
    expect([again.isNew, messageOf(again), chat.head()]).toEqual([false, messageOf(posted), 4]);
  });

  it('leaves the same tombstone where it is replayed without the texts', async () => {
    const journal = kept(await openMemoryJournal());
    const chat = await openChat({ journal });
    const { id } = await chat.say('one');
    await chat.post('edit-message', { id, message: 'two' }, azin);
    await chat.post('delete-message', { id }, azin);
    const replayed = await openChat({ journal });
    expect(replayed.message(id)).toEqual(chat.message(id));
  });

  it('is for the author and for moderators', async () => {
    const chat = await openChat();
    const { id } = await chat.say('one');
    const ofNobody = await chat.say('two', {}, nobody);
    await expect(chat.post('delete-message', { id }, bela)).rejects.toMatchObject(refusal('forbidden'));
    await expect(chat.post('delete-message', { id }, nobody)).rejects.toMatchObject(refusal('identity-required'));
    await expect(chat.post('delete-message', { id: ofNobody.id }, azin)).rejects.toMatchObject(refusal('forbidden'));
    for (const one of [id, ofNobody.id]) {
      expect(messageOf(await chat.post('delete-message', { id: one }, moderator))).toMatchObject({ deleted: true });
    }
  });

  it('takes the message from pages, but not from what came since', async () => {
    const chat = await openChat();
    const { id } = await chat.say('one');
    const { id: other } = await chat.say('two');
    await chat.post('delete-message', { id }, azin);
    const ids = (changes: readonly { id: number }[]) => changes.map((change) => change.id);
    expect(ids(chat.newest('lobby', 10).changes)).toEqual([other]);
    expect(ids(chat.before('lobby', 100, 10).changes)).toEqual([other]);
    expect(ids(chat.after('lobby', 0, 10).changes)).toEqual([other, id]);
    expect(chat.message(id)).toMatchObject({ isDeleted: true });
  });
});

describe.each<[CommandName, object]>([
  ['edit-message', { message: 'x' }],
  ['delete-message', {}],
  ['react', { reaction: '👍' }],
  ['unreact', { reaction: '👍' }],
])('%s', (command, fields) => {
  it('refuses what is no id, and a message that there is not', async () => {
    const chat = await openChat();
    for (const id of ['1', 0, -1, 1.5, null, undefined, 2 ** 60]) {
      await expect(chat.post(command, { ...fields, id }, azin)).rejects.toMatchObject(refusal('invalid-message', 'id'));
    }
    await expect(chat.post(command, { ...fields, id: 5 }, azin)).rejects.toMatchObject(refusal('not-found'));
  });

  it('leaves a tombstone as it is', async () => {
    const chat = await openChat();
    const { id } = await chat.say('one');
    const tombstone = messageOf(await chat.post('delete-message', { id }, azin));
    const again = chat.post(command, { ...fields, id }, azin);
    if (command === 'delete-message') expect(messageOf(await again)).toEqual(tombstone);
    else await expect(again).rejects.toMatchObject(refusal('not-found'));
    expect(toMessage(chat.message(id)!)).toEqual(tombstone);
  });
});

describe('reacting', () => {
  it('counts identities, each once, and takes back what was given', async () => {
    const chat = await openChat();
    const { id } = await chat.say('one');
    const react = async (command: 'react' | 'unreact', reaction: string, caller = azin) =>
      messageOf(await chat.post(command, { id, reaction }, caller)).reactions;
    expect(await react('react', '👍')).toEqual({ '👍': 1 });
    expect(await react('react', '👍')).toEqual({ '👍': 1 });
    expect(await react('react', '👍', bela)).toEqual({ '👍': 2 });
    expect(await react('react', '🎉')).toEqual({ '👍': 2, '🎉': 1 });
    expect(await react('unreact', '👍')).toEqual({ '👍': 1, '🎉': 1 });
    expect(await react('unreact', '👍')).toEqual({ '👍': 1, '🎉': 1 });
    expect(await react('unreact', '👍', bela)).toEqual({ '🎉': 1 });
    expect(await react('unreact', '🎉')).toBeUndefined();
    expect(chat.head()).toBe(7); // where nothing changed there is no entry
  });

  it('takes back its own 👎 with 👍 and the reverse, and leaves that of others', async () => {
    const chat = await openChat();
    const { id } = await chat.say('one');
    await chat.post('react', { id, reaction: '👎' }, bela);
    await chat.post('react', { id, reaction: '👎' }, azin);
    expect(messageOf(await chat.post('react', { id, reaction: '👍' }, azin)).reactions).toEqual({ '👎': 1, '👍': 1 });
    expect(messageOf(await chat.post('react', { id, reaction: '👎' }, azin)).reactions).toEqual({ '👎': 2 });
  });

  it('takes one emoji of those that are recommended, and nothing else', async () => {
    const chat = await openChat();
    const { id } = await chat.say('one');
    for (const reaction of ['👍🏽', '👩‍👩‍👧‍👦', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '❤️', '1️⃣']) await chat.post('react', { id, reaction }, azin);
    for (const reaction of ['', 'a', '👍👍', '👍 ', '1', '__proto__', '\u200d', 1]) {
      const refused = chat.post('react', { id, reaction }, azin);
      await expect(refused, String(reaction)).rejects.toMatchObject(refusal('invalid-message', 'reaction'));
    }
    await expect(chat.post('react', { id, reaction: '👍' }, nobody)).rejects.toMatchObject(
      refusal('identity-required'),
    );
  });

  it('takes so many kinds and no more, but more of a kind', async () => {
    const chat = await openChat();
    const { id } = await chat.say('one');
    const emoji = Array.from({ length: MAX_REACTION_KINDS + 1 }, (_, nth) => String.fromCodePoint(0x1f600 + nth));
    for (const reaction of emoji.slice(0, -1)) await chat.post('react', { id, reaction }, azin);
    const last = { id, reaction: emoji.at(-1) };
    await expect(chat.post('react', last, azin)).rejects.toMatchObject(refusal('invalid-message', 'reaction'));
    expect(messageOf(await chat.post('react', { id, reaction: emoji[0] }, bela)).reactions).toMatchObject({
      [emoji[0]!]: 2,
    });
    await chat.post('unreact', { id, reaction: emoji[1] }, azin);
    await chat.post('react', last, azin);
  });

  it('decides by what stands when its turn comes, however many arrive at once', async () => {
    const journal = counted(await openMemoryJournal());
    const chat = await openChat({ journal });
    const { id } = await chat.say('one');
    const posts = (['react', 'react', 'unreact', 'react', 'unreact', 'unreact'] as const).map((command) =>
      chat.post(command, { id, reaction: '👍' }, azin),
    );
    const outcomes = await Promise.all(posts);
    expect(outcomes.map((one) => [one.isNew, messageOf(one).reactions?.['👍'] ?? 0])).toEqual([
      [true, 1],
      [false, 1],
      [true, 0],
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
  });
});

describe('scheduling', () => {
  const sendAt = '2026-11-22T08:53:10+02:00';

  it('tells when it will be sent, and gives no message before', async () => {
    const chat = await openChat();
    const posted = await chat.post('send-message', { user: 'Azin', message: 'later', sendAt }, azin);
    expect(scheduledOf(posted)).toMatchObject({ sendAt: '2026-11-22T06:53:10.000Z', text: 'later' });
    expect(posted.isNew).toBe(true);
    expect(chat.newest('lobby', 10).changes).toEqual([]);
    expect(chat.scheduledOf('azin')).toHaveLength(1);
    expect(chat.scheduledOf('bela')).toEqual([]);
  });

  it('asks for an identity, and keeps so many for each and no more', async () => {
    const chat = await openChat();
    const later = (caller = azin) => chat.post('send-message', { user: 'Azin', message: 'x', sendAt }, caller);
    await expect(later(nobody)).rejects.toMatchObject(refusal('identity-required'));
    const outcomes = await Promise.allSettled(Array.from({ length: MAX_SCHEDULED_PER_AUTHOR + 3 }, () => later()));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(3);
    for (const one of refused) expect(one).toMatchObject({ reason: refusal('rate-limited') });
    expect(chat.scheduledOf('azin')).toHaveLength(MAX_SCHEDULED_PER_AUTHOR);
    await later(bela);
  });

  it('refuses to be asked for by name, as releasing does', async () => {
    const chat = await openChat();
    const fields = { user: 'Azin', message: 'x', sendAt, scheduled: 'x' };
    for (const command of ['schedule-message', 'release-message'] as const) {
      await expect(chat.post(command, fields, azin)).rejects.toMatchObject(refusal('invalid-message'));
    }
  });

  it('can be withdrawn by whoever asked for it, once', async () => {
    const chat = await openChat();
    const { id: scheduled, seq } = scheduledOf(
      await chat.post('send-message', { user: 'Azin', message: 'secret', sendAt }, azin),
    );
    const withdraw = (caller = azin) => chat.post('withdraw-message', { scheduled, seq }, caller);
    await expect(withdraw(bela)).rejects.toMatchObject(refusal('not-found'));
    await expect(withdraw(nobody)).rejects.toMatchObject(refusal('identity-required'));
    expect(chat.scheduledOf('azin')).toHaveLength(1);
    await withdraw();
    expect(chat.scheduledOf('azin')).toEqual([]);
    await expect(withdraw()).rejects.toMatchObject(refusal('not-found'));
    const entries: unknown[] = [];
    await chat.journal.follow(0, (batch) => void entries.push(...batch));
    expect(JSON.stringify(entries)).not.toContain('secret');
  });
});
