/** Editing, deleting, replying and colours: one table of claims, each over HTTP and over WebSocket. */
import { describe, expect, it } from 'vitest';
import { call, poll, post } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { accepted, openIdentified, refusal, WAYS_TO_SPEAK } from '../harness/speakers.ts';
import { connectWs } from '../harness/ws-client.ts';

const MODERATOR_TOKEN = 'moderator-of-the-tests';
const WITHOUT_OPTIONAL = { id: 1, seq: 1, room: 'lobby', user: 'Bela', message: 'hi' };

describe.each(WAYS_TO_SPEAK)('over $name', (way) => {
  const start = async () => {
    const { url } = await startTestServer({ journal: 'memory', moderatorToken: MODERATOR_TOKEN });
    return {
      url,
      nobody: await way.open(url),
      azin: await openIdentified(way, url),
      bela: await openIdentified(way, url),
    };
  };

  describe('editing', () => {
    it('puts other words in place, at a new seq, and says when', async () => {
      const { url, azin } = await start();
      const before = await accepted(azin.say({ message: 'helo', color: '#AABBCC' }));
      const after = await accepted(azin.edit(before.id, ' hello\r\nthere '));
      expect(after).toEqual({ ...before, seq: before.seq + 1, message: 'hello\nthere', edited: after.edited });
      expect(after.edited).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect((await poll(url)).messages).toEqual([after]);
      expect((await poll(url, { since: before.seq })).messages).toEqual([after]);
    });

    it('makes no entry where nothing changes', async () => {
      const { url, azin } = await start();
      const before = await accepted(azin.say({ message: 'same' }));
      expect(await accepted(azin.edit(before.id, 'same'))).toEqual(before);
      expect((await poll(url)).since).toMatch(new RegExp(`^${before.seq}-`));
    });

    it('is for the author alone', async () => {
      const { url, azin, bela, nobody } = await start();
      const { id } = await accepted(azin.say({ message: 'mine' }));
      expect(await refusal(bela.edit(id, 'yours'))).toBe('forbidden');
      expect(await refusal(nobody.edit(id, 'anyone’s'))).toBe('identity-required');
      const moderator = await way.open(url, MODERATOR_TOKEN);
      expect(['identity-required', 'forbidden']).toContain(await refusal(moderator.edit(id, 'moderated')));
      expect((await call(url, `/messages/${id}`)).json).toMatchObject({ message: 'mine' });
    });

    it('is for nobody where nobody wrote it', async () => {
      const { azin, nobody } = await start();
      const { id } = await accepted(nobody.say({ message: 'anonymous' }));
      expect(await refusal(azin.edit(id, 'mine'))).toBe('forbidden');
      expect(await refusal(nobody.edit(id, 'mine'))).toBe('identity-required');
    });

    it.each([
      ['empty', ''],
      ['white space', ' \n\u0085\u3000'],
      ['4,001 code points', '😀'.repeat(4001)],
      ['a control character', 'a\u0007'],
      ['a C1 control', 'a\u0090b'],
      ['a lone surrogate', '\ud800'],
      ['a number', 5],
      ['null', null],
      ['a list', ['a']],
      ['nothing', undefined],
      ['an object', { toString: 'x' }],
    ])('refuses %s as the text', async (_what, message) => {
      const { azin } = await start();
      const { id } = await accepted(azin.say({ message: 'before' }));
      expect(await refusal(azin.edit(id, message))).toBe('invalid-message');
    });

    it('takes 4,000 code points of four bytes', async () => {
      const { azin } = await start();
      const { id } = await accepted(azin.say({ message: 'before' }));
      const long = '😀'.repeat(4000);
      expect((await accepted(azin.edit(id, long))).message).toBe(long);
    });

    it('keeps reactions, reply, colour, key and time', async () => {
      const { azin, bela } = await start();
      const parent = await accepted(azin.say({ message: 'parent' }));
      const { id } = await accepted(azin.say({ message: 'child', replyTo: parent.id, color: '#123456' }, 'key-1'));
      const liked = await accepted(bela.react(id, '👍'));
      expect(await accepted(azin.edit(id, 'changed'))).toMatchObject({
        ...liked,
        seq: liked.seq + 1,
        message: 'changed',
      });
    });
  });

  describe('deleting', () => {
    it('leaves a tombstone, given by id and after a cursor and nowhere else', async () => {
      const { url, azin, bela } = await start();
      const sent = await accepted(azin.say({ message: 'secret', color: '#123456' }));
      await accepted(bela.react(sent.id, '👍'));
      const { color: _color, ...rest } = sent;
      const tombstone = await accepted(azin.remove(sent.id));
      expect(tombstone).toEqual({ ...rest, seq: sent.seq + 2, message: '', deleted: true });
      expect((await call(url, `/messages/${sent.id}`)).json).toEqual(tombstone);
      expect((await poll(url, { since: 0 })).messages).toEqual([tombstone]);
      expect((await poll(url)).messages).toEqual([]);
      expect((await poll(url, { before: 99 })).messages).toEqual([]);
    });

    it('gives the same tombstone the second time, and makes no entry', async () => {
      const { azin } = await start();
      const { id } = await accepted(azin.say({ message: 'secret' }));
      const first = await accepted(azin.remove(id));
      expect(await accepted(azin.remove(id))).toEqual(first);
    });

    it('is for the author and moderators', async () => {
      const { url, azin, bela, nobody } = await start();
      const { id } = await accepted(azin.say({ message: 'mine' }));
      expect(await refusal(bela.remove(id))).toBe('forbidden');
      expect(await refusal(nobody.remove(id))).toBe('identity-required');
      const moderator = await way.open(url, MODERATOR_TOKEN);
      const tombstone = await accepted(moderator.remove(id));
      expect(tombstone).toMatchObject({ message: '', deleted: true });
      expect(await accepted(azin.remove(id))).toEqual(tombstone);
      expect(await refusal(bela.remove(id))).toBe('forbidden');
      const anonymous = await accepted(nobody.say({ message: 'spam' }));
      expect(await refusal(azin.remove(anonymous.id))).toBe('forbidden');
      expect(await accepted(moderator.remove(anonymous.id))).toMatchObject({ deleted: true });
    });

    it('is the end: nothing changes a tombstone', async () => {
      const { azin } = await start();
      const { id } = await accepted(azin.say({ message: 'secret' }));
      await accepted(azin.remove(id));
      expect(await refusal(azin.edit(id, 'back again'))).toBe('not-found');
      expect(await refusal(azin.react(id, '👍'))).toBe('not-found');
      expect(await refusal(azin.unreact(id, '👍'))).toBe('not-found');
    });

    it('does not come back by its key', async () => {
      const { url, azin } = await start();
      const { id } = await accepted(azin.say({ message: 'secret' }, 'key-1'));
      await accepted(azin.remove(id));
      await azin.say({ message: 'secret' }, 'key-1');
      expect((await poll(url)).messages).toEqual([]);
    });
  });

  describe('an id', () => {
    it.each([
      0,
      -1,
      1.5,
      99,
      Number.MAX_SAFE_INTEGER,
      2 ** 53,
      1e300,
      'x',
      '',
      '1x',
      '0x1',
      '1e0',
      ' 1',
      '١',
      '__proto__',
      null,
      true,
      [],
      {},
    ])('that is %j is no message', async (id) => {
      const { azin } = await start();
      await accepted(azin.say({ message: 'one' }));
      for (const saying of [azin.edit(id, 'two'), azin.remove(id), azin.react(id, '👍'), azin.unreact(id, '👍')]) {
        expect(['invalid-message', 'not-found', 'method-not-allowed']).toContain(await refusal(saying));
      }
    });
  });

  describe('replying', () => {
    it('names a message of the same room', async () => {
      const { azin } = await start();
      const { id } = await accepted(azin.say({ message: 'parent', room: 'attic' }));
      expect(await accepted(azin.say({ message: 'child', room: 'attic', replyTo: id }))).toMatchObject({ replyTo: id });
      expect(await refusal(azin.say({ message: 'child', replyTo: id }))).toBe('invalid-message');
      expect(await refusal(azin.say({ message: 'child', room: 'cellar', replyTo: id }))).toBe('invalid-message');
    });

    it.each([0, -1, 1.5, 99, '1', null, true, [1]])('refuses %j as the parent', async (replyTo) => {
      const { azin } = await start();
      await accepted(azin.say({ message: 'one' }));
      const { problem } = await azin.say({ message: 'two', replyTo });
      expect(problem).toMatchObject({ code: 'invalid-message', errors: [{ field: 'replyTo' }] });
    });

    it('keeps the reply when its parent is deleted', async () => {
      const { url, azin } = await start();
      const { id } = await accepted(azin.say({ message: 'parent' }));
      const child = await accepted(azin.say({ message: 'child', replyTo: id }));
      await accepted(azin.remove(id));
      expect((await poll(url)).messages).toEqual([child]);
    });
  });

  describe('a colour', () => {
    it('is stored in small letters', async () => {
      const { azin } = await start();
      expect(await accepted(azin.say({ message: 'red', color: '#FF00aB' }))).toMatchObject({ color: '#ff00ab' });
    });

    it.each(['red', '#fff', '#12345', '#1234567', '#12345g', ' #123456', '#123456\n', '', 5, null, '#12345６'])(
      'is not %j',
      async (color) => {
        const { azin } = await start();
        const { problem } = await azin.say({ message: 'red', color });
        expect(problem).toMatchObject({ code: 'invalid-message', errors: [{ field: 'color' }] });
      },
    );
  });

  it('ignores what it does not know, whatever it is called', async () => {
    const { url, azin } = await start();
    const hostile = JSON.parse(
      '{"message":"hi","user":"Bela","__proto__":{"message":"polluted"},"constructor":{"prototype":{"x":1}},"id":77,"seq":78,"author":"me","timestamp":"x","deleted":true,"edited":"x","reactions":{"👍":9}}',
    ) as object;
    const sent = await accepted(azin.say(hostile, 'k'));
    expect(sent).toEqual({ ...WITHOUT_OPTIONAL, author: azin.author, key: 'k', timestamp: sent.timestamp });
    expect(sent.timestamp).not.toBe('x');
    expect(({} as { x?: number }).x).toBeUndefined();
    expect((await poll(url)).messages).toEqual([sent]);
  });

  it('tells of every wrong field at once', async () => {
    const { azin } = await start();
    const { problem } = await azin.say({
      user: '\u202eevil',
      message: '',
      room: 'Attic',
      color: 'x',
      replyTo: -1,
      sendAt: 'soon',
    });
    expect(problem?.errors?.map(({ field }) => field).toSorted()).toEqual([
      'color',
      'message',
      'replyTo',
      'room',
      'sendAt',
      'user',
    ]);
  });
});

it('carries out what is pipelined on one socket in order, and answers in order', async () => {
  const { url } = await startTestServer();
  const azin = await openIdentified(WAYS_TO_SPEAK[1]!, url);
  const { id } = await post(url, 'one', { token: azin.token });
  const client = await connectWs(url, { token: azin.token, since: id });
  client.send('edit-message', { id, message: 'two' }, 'a');
  client.send('react', { id, reaction: '👍' }, 'b');
  client.send('delete-message', { id }, 'c');
  client.send('edit-message', { id, message: 'three' }, 'd');
  client.send('react', { id, reaction: '👎' }, 'e');
  client.send('delete-message', { id }, 'f');
  client.send('send-message', { user: 'Azin', message: 'four', replyTo: id }, 'g');
  const answers: [string | undefined, string][] = [];
  while (answers.length < 7) {
    const { command, key } = await client.next();
    if (command === 'accepted' || command === 'rejected') answers.push([key, command]);
  }
  expect(answers).toEqual([
    ['a', 'accepted'],
    ['b', 'accepted'],
    ['c', 'accepted'],
    ['d', 'rejected'],
    ['e', 'rejected'],
    ['f', 'accepted'],
    ['g', 'accepted'],
  ]);
  const [tombstone, reply] = (await poll(url, { since: 0 })).messages;
  expect(tombstone).toMatchObject({ id, message: '', deleted: true });
  expect(reply).toMatchObject({ message: 'four', replyTo: id });
});
