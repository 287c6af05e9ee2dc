/** Reactions, over HTTP and over WebSocket. */
import { describe, expect, it } from 'vitest';
import { call, identify, poll, post } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { accepted, openIdentified, refusal, WAYS_TO_SPEAK } from '../harness/speakers.ts';
import { connectWs } from '../harness/ws-client.ts';

const KINDS = [
  '😀',
  '😁',
  '😂',
  '😃',
  '😄',
  '😅',
  '😆',
  '😇',
  '😈',
  '😉',
  '😊',
  '😋',
  '😌',
  '😍',
  '😎',
  '😏',
  '😐',
  '😑',
  '😒',
  '😓',
];

describe.each(WAYS_TO_SPEAK)('over $name', (way) => {
  const start = async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const azin = await openIdentified(way, url);
    const { id } = await accepted(azin.say({ message: 'like me' }));
    return { url, id, azin, bela: await openIdentified(way, url), nobody: await way.open(url) };
  };

  it('counts one of a kind for each identity, in absolute values', async () => {
    const { url, id, azin, bela } = await start();
    expect(await accepted(azin.react(id, '👍'))).toMatchObject({ id, seq: id + 1, reactions: { '👍': 1 } });
    expect(await accepted(bela.react(id, '👍'))).toMatchObject({ id, seq: id + 2, reactions: { '👍': 2 } });
    expect(await accepted(azin.react(id, '❤️'))).toMatchObject({ reactions: { '👍': 2, '❤️': 1 } });
    expect(await accepted(bela.unreact(id, '👍'))).toMatchObject({ reactions: { '👍': 1, '❤️': 1 } });
    expect((await poll(url)).messages).toMatchObject([{ id, reactions: { '👍': 1, '❤️': 1 } }]);
  });

  it('makes no entry where nothing changes', async () => {
    const { id, azin, bela } = await start();
    const liked = await accepted(azin.react(id, '👍'));
    expect(await accepted(azin.react(id, '👍'))).toEqual(liked);
    expect(await accepted(bela.unreact(id, '👍'))).toEqual(liked);
    expect(await accepted(azin.unreact(id, '👎'))).toEqual(liked);
  });

  it('has no reactions when the last is taken back', async () => {
    const { id, azin } = await start();
    await accepted(azin.react(id, '👍'));
    expect(await accepted(azin.unreact(id, '👍'))).not.toHaveProperty('reactions');
  });

  it('takes back one’s own dislike with a like, and the reverse, in one entry', async () => {
    const { id, azin, bela } = await start();
    await accepted(bela.react(id, '👎'));
    const disliked = await accepted(azin.react(id, '👎'));
    const liked = await accepted(azin.react(id, '👍'));
    expect(liked).toMatchObject({ seq: disliked.seq + 1, reactions: { '👍': 1, '👎': 1 } });
    expect((await accepted(azin.react(id, '👎'))).reactions).toEqual({ '👎': 2 });
    expect((await accepted(azin.react(id, '🎉'))).reactions).toEqual({ '👎': 2, '🎉': 1 });
  });

  it('takes twenty kinds, and then only those', async () => {
    const { id, azin, bela } = await start();
    for (const emoji of KINDS) await accepted(azin.react(id, emoji));
    expect(await refusal(bela.react(id, '🥳'))).toBe('invalid-message');
    expect(await refusal(bela.react(id, '👍'))).toBe('invalid-message');
    expect((await accepted(bela.react(id, KINDS[0]))).reactions?.[KINDS[0]!]).toBe(2);
    await accepted(azin.unreact(id, KINDS[1]));
    expect((await accepted(bela.react(id, '🥳'))).reactions).toHaveProperty('🥳', 1);
  });

  it('lets a like take the place of a dislike also where there are twenty kinds', async () => {
    const { id, azin } = await start();
    for (const emoji of KINDS.slice(1)) await accepted(azin.react(id, emoji));
    await accepted(azin.react(id, '👎'));
    expect((await accepted(azin.react(id, '👍'))).reactions).toHaveProperty('👍', 1);
  });

  it('needs an identity and a living message', async () => {
    const { id, azin, nobody } = await start();
    expect(await refusal(nobody.react(id, '👍'))).toBe('identity-required');
    expect(await refusal(nobody.unreact(id, '👍'))).toBe('identity-required');
    expect(await refusal(azin.react(99, '👍'))).toBe('not-found');
    expect(await refusal(azin.unreact(99, '👍'))).toBe('not-found');
  });

  it.each(['👍🏽', '🏳️‍🌈', '👨‍👩‍👧‍👦', '1️⃣', '#️⃣', '🇩🇪', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '❤️', '☺️', '🧑🏿‍❤️‍💋‍🧑🏻', '❤️‍🔥', '🫡'])('takes %s', async (emoji) => {
    const { id, azin } = await start();
    expect((await accepted(azin.react(id, emoji))).reactions).toEqual({ [emoji]: 1 });
    expect(await accepted(azin.unreact(id, emoji))).not.toHaveProperty('reactions');
  });

  it.each([
    ['a letter', 'x'],
    ['a digit', '1'],
    ['an unqualified heart', '❤'],
    ['text presentation', '❤︎'],
    ['two emoji', '👍👍'],
    ['an emoji and a letter', '👍a'],
    ['an emoji after a space', ' 👍'],
    ['an emoji and a line feed', '👍\n'],
    ['a skin tone after a thing', '🏠🏽'],
    ['a lone regional indicator', '🇩'],
    ['two flags', '🇩🇪🇫🇷'],
    ['no flag', '🇽🇽'],
    ['a joiner alone', '\u200d'],
    ['a joiner at the end', '👍\u200d'],
    ['a family never heard of', '👍\u200d👎'],
    ['a variation selector', '\ufe0f'],
    ['a keycap without its selector', '1\u20e3'],
    ['a very long chain', '👩\u200d'.repeat(500)],
    ['a name of Object', '__proto__'],
    ['white space', ' '],
    ['NUL', '\0'],
  ])('refuses %s', async (_what, reaction) => {
    const { id, azin } = await start();
    const { problem } = await azin.react(id, reaction);
    expect(problem).toMatchObject({ code: 'invalid-message', errors: [{ field: 'reaction' }] });
    expect(await refusal(azin.unreact(id, reaction))).toBe('invalid-message');
  });

  it('ends where those who race leave it: each has one of like and dislike', async () => {
    const { url, id, azin } = await start();
    const crowd = await Promise.all(Array.from({ length: 20 }, () => openIdentified(way, url)));
    await Promise.all(
      crowd.flatMap((one, index) => [
        one.react(id, '👍'),
        one.react(id, '👎'),
        index % 2 === 0 ? one.react(id, '👍') : one.unreact(id, '👎'),
      ]),
    );
    await Promise.all(crowd.map((one) => one.react(id, '👎')));
    expect((await accepted(azin.react(id, '👍'))).reactions).toEqual({ '👎': 20, '👍': 1 });
  });

  it('ends the same for all when edits, reactions and a deletion race', async () => {
    const { url, id, azin, bela } = await start();
    const listener = await connectWs(url, { since: 0 });
    const racing = Array.from({ length: 30 }, (_, index) => [
      azin.edit(id, `edit ${index}`),
      bela.react(id, KINDS[index % 20]),
      ...(index === 15 ? [azin.remove(id)] : []),
      bela.unreact(id, KINDS[(index + 7) % 20]),
    ]);
    await Promise.all(racing.flat());
    const { json } = await call(url, `/messages/${id}`);
    expect(json).toMatchObject({ message: '', deleted: true });
    expect(json).not.toHaveProperty('reactions');
    for (;;) {
      const message = await listener.nextOf('message');
      if (!message.deleted) continue;
      expect(message).toEqual(json);
      break;
    }
    await post(url, 'the next');
    expect(await listener.nextOf('message')).toMatchObject({ message: 'the next' });
  });
});

it('carries out like, dislike and taking back in the order they were pipelined', async () => {
  const { url } = await startTestServer();
  const { token } = await identify(url);
  const { id } = await post(url, 'like me');
  const client = await connectWs(url, { token });
  const answers = await Promise.all([
    client.ask('react', { id, reaction: '👍' }),
    client.ask('react', { id, reaction: '👎' }),
    client.ask('unreact', { id, reaction: '👍' }),
    client.ask('unreact', { id, reaction: '👎' }),
    client.ask('react', { id, reaction: '👎' }),
    client.ask('react', { id, reaction: '👍' }),
  ]);
  expect(answers.map(({ message }) => (message as { reactions?: object }).reactions)).toEqual([
    { '👍': 1 },
    { '👎': 1 },
    { '👎': 1 },
    undefined,
    { '👎': 1 },
    { '👍': 1 },
  ]);
});

it.each([
  'reactions/%',
  'reactions/%F0%9F',
  'reactions/%zz',
  'reactions/%F0%9F%91%8D%',
  'reactions/%ff',
  'reactions/%2F',
])('answers 400 to the path %s', async (path) => {
  const { url } = await startTestServer({ journal: 'memory' });
  const { token } = await identify(url);
  const { id } = await post(url, 'like me', { token });
  const init = { method: 'PUT', headers: { authorization: `Bearer ${token}` } };
  const { status, headers } = await call(url, `/messages/${id}/${path}`, init);
  expect([status, headers.get('content-type')?.split(';')[0]]).toEqual([400, 'application/problem+json']);
});
