/** `GET /messages` that answers at once, and `GET /messages/<id>`. */
import { describe, expect, it } from 'vitest';
import { call, expectProblem, identify, poll, post, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import type { Message } from '../../protocol/envelope.ts';

const MAX_PAGE = 1_000;

const start = () => startTestServer({ journal: 'memory' });

async function postTexts(url: string, count: number, fields: Partial<Message> = {}): Promise<Message[]> {
  const posted: Message[] = [];
  for (let index = 1; index <= count; index++) posted.push(await post(url, { ...fields, message: `${index}` }));
  return posted;
}

const each = (field: string, query: string, values: readonly string[]) =>
  values.map((value): [string, string] => [field, `${query}${value}`]);

const texts = (messages: readonly Message[]) => messages.map(({ message }) => message);

describe('polling', () => {
  it('answers an empty chat with an empty array, and a cursor', async () => {
    const { url } = await start();
    const { status, json, headers } = await call(url, '/messages');
    expect({ status, json }).toEqual({ status: 200, json: [] });
    expect(headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(headers.get('next-since')).toMatch(/^0-[a-z0-9]{1,16}$/);
    expect(headers.has('more')).toBe(false);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('vary')).toMatch(/\baccept\b/i);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('etag')).toBe(false);
  });

  it('gives the newest 100 without a cursor, ascending, and says when there are older ones', async () => {
    const { url } = await start();
    await postTexts(url, 100);
    const all = await poll(url);
    expect(texts(all.messages)).toEqual(Array.from({ length: 100 }, (_, index) => `${index + 1}`));
    expect(all.hasMore).toBe(false);
    await post(url, 'one more');
    const newest = await poll(url);
    expect(texts(newest.messages).slice(-2)).toEqual(['100', 'one more']);
    expect(newest.messages).toHaveLength(100);
    expect(newest.hasMore).toBe(true);
  });

  it('gives as many of the newest as the limit says, and the cursor of the whole', async () => {
    const { url } = await start();
    const posted = await postTexts(url, 5);
    const { messages, hasMore, since } = await poll(url, { limit: 2 });
    expect(texts(messages)).toEqual(['4', '5']);
    expect(hasMore).toBe(true);
    expect(Number.parseInt(since, 10)).toBe(posted.at(-1)?.seq);
    expect((await poll(url, { limit: 5 })).hasMore).toBe(false);
  });

  it('gives what came after a cursor, cut by the limit, until nothing is left', async () => {
    const { url } = await start();
    await postTexts(url, 5);
    const first = await poll(url, { since: 0, limit: 2 });
    expect(texts(first.messages)).toEqual(['1', '2']);
    expect(first.hasMore).toBe(true);
    const second = await poll(url, { since: first.since, limit: 2 });
    expect(texts(second.messages)).toEqual(['3', '4']);
    const third = await poll(url, { since: second.since, limit: 2 });
    expect(texts(third.messages)).toEqual(['5']);
    expect(third.hasMore).toBe(false);
    expect(await poll(url, { since: third.since })).toEqual({ messages: [], since: third.since, hasMore: false });
  });

  it('says that there is more only when there is', async () => {
    const { url } = await start();
    await postTexts(url, 3);
    expect(await poll(url, { since: 0, limit: 3 })).toMatchObject({ hasMore: false });
    expect(await poll(url, { since: 0, limit: 2 })).toMatchObject({ hasMore: true });
  });

  it('gives up to 1,000 after a cursor', async () => {
    const { url } = await start();
    await postTexts(url, MAX_PAGE);
    expect(await poll(url, { since: 0 })).toMatchObject({ hasMore: false, messages: { length: MAX_PAGE } });
    await post(url, 'one more');
    const { messages, hasMore, since } = await poll(url, { since: 0 });
    expect(messages).toHaveLength(MAX_PAGE);
    expect(hasMore).toBe(true);
    expect(texts((await poll(url, { since })).messages)).toEqual(['one more']);
  });

  it('moves the cursor on in a quiet room', async () => {
    const { url } = await start();
    const before = await poll(url, { room: 'quiet' });
    const { seq } = await post(url, 'in the lobby');
    const { messages, since } = await poll(url, { room: 'quiet', since: before.since });
    expect(messages).toEqual([]);
    expect(Number.parseInt(since, 10)).toBe(seq);
  });

  it('gives history below an id, newest last, page by page to the beginning', async () => {
    const { url } = await start();
    const posted = await postTexts(url, 5);
    await postTexts(url, 3, { room: 'attic' });
    const last = posted.at(-1)?.id ?? 0;
    const { json, headers } = await call(url, `/messages?before=${last}&limit=2`);
    expect(texts(json as Message[])).toEqual(['3', '4']);
    expect(headers.get('more')).toBe('true');
    expect(headers.has('next-since')).toBe(false);
    const rest = await call(url, `/messages?before=${posted[2]?.id}&limit=2`);
    expect(texts(rest.json as Message[])).toEqual(['1', '2']);
    expect(rest.headers.has('more')).toBe(false);
    expect(await poll(url, { before: posted[0]?.id ?? 0 })).toEqual({ messages: [], hasMore: false, since: '' });
  });

  it('gives 100 of history where no limit is given', async () => {
    const { url } = await start();
    await postTexts(url, 102);
    const { messages, hasMore } = await poll(url, { before: 102 });
    expect(texts(messages)).toEqual(Array.from({ length: 100 }, (_, index) => `${index + 2}`));
    expect(hasMore).toBe(true);
  });

  it('takes any number for the place in history, also one that no message has', async () => {
    const { url } = await start();
    await postTexts(url, 2);
    expect(texts((await poll(url, { before: Number.MAX_SAFE_INTEGER })).messages)).toEqual(['1', '2']);
  });

  it('leaves deleted messages out of pages, and fills them up with others', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    const posted = [await post(url, 'a'), await post(url, 'b', { token }), await post(url, 'c'), await post(url, 'd')];
    await write(url, `/messages/${posted[1]?.id}`, undefined, { method: 'DELETE', token });
    expect(texts((await poll(url, { limit: 3 })).messages)).toEqual(['a', 'c', 'd']);
    expect(await poll(url, { limit: 3 })).toMatchObject({ hasMore: false });
    expect(texts((await poll(url, { before: posted[3]?.id ?? 0, limit: 2 })).messages)).toEqual(['a', 'c']);
  });

  it('gives pages in order of id, also where an older message changed last', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    const first = await post(url, 'first', { token });
    const second = await post(url, 'second');
    await write(url, `/messages/${first.id}`, { message: 'changed' }, { method: 'PATCH', token });
    expect(texts((await poll(url)).messages)).toEqual(['changed', 'second']);
    expect(texts((await poll(url, { since: second.seq })).messages)).toEqual(['changed']);
  });

  it.each<[field: string, query: string]>([
    ...each('limit', 'limit=', ['0', '1001', '-1', '1.5', '', 'abc', '1e2', '%2B5', '0x10', '%205', '٣']),
    ...each('limit', 'limit=', ['99999999999999999999', '5&limit=5']),
    ...each('wait', 'since=0&wait=', ['56', '-1', '1.5', '', 'abc', '99999999999999999999', '0&wait=0']),
    ...each('wait', 'wait=', ['0', '5', '5&before=3']),
    ...each('before', 'before=', ['', '-1', 'abc', '1.5', '9007199254740992', '1&before=2', '3&since=0']),
    ...each('room', 'room=', ['', 'Lobby', '-a', 'a_b', 'a%20b', '..%2Fx', 'lobby%0A', 'lobby%00', '%FF', 'ä']),
    ...each('room', 'room=', [`a${'b'.repeat(40)}`, 'lobby&room=lobby']),
    ...each('as', 'as=', ['xml', '', 'JSON', '__proto__', 'json&as=json']),
    ['since', 'since=0&since=0'],
  ])('refuses a wrong %s: %s', async (field, query) => {
    const { url } = await start();
    const problem = expectProblem(await call(url, `/messages?${query}`), 400, 'invalid-query');
    expect(problem.errors?.map((error) => error.field)).toEqual([field]);
  });

  it('names everything that is wrong with a query', async () => {
    const { url } = await start();
    const problem = expectProblem(await call(url, '/messages?room=!&limit=0&limit=1&wait='), 400, 'invalid-query');
    expect(problem.errors?.map(({ field }) => field).toSorted()).toEqual(['limit', 'room', 'wait']);
    for (const { detail } of problem.errors ?? []) expect(detail).toMatch(/./);
  });

  it('takes the bounds themselves', async () => {
    const { url } = await start();
    for (const query of ['limit=1', 'limit=1000', 'since=0&wait=0', `room=${'a'.repeat(40)}`, 'room=0', 'as=json']) {
      expect((await call(url, `/messages?${query}`)).status, query).toBe(200);
    }
  });

  it('ignores parameters that it does not know', async () => {
    const { url } = await start();
    await post(url, 'one');
    for (const query of ['x=1&x=2', '__proto__=1', 'constructor=', '%E0%A4%A', '&&&=&', 'toString=1']) {
      expect(texts((await call(url, `/messages?${query}`)).json as Message[]), query).toEqual(['one']);
    }
  });

  it('refuses a cursor of a memory journal after a restart', async () => {
    const server = await start();
    await post(server.url, 'one');
    const { since } = await poll(server.url);
    await server.stop();
    const { url } = await start();
    await post(url, 'another one');
    expectProblem(await call(url, `/messages?since=${since}`), 410, 'cursor-gone');
  });

  it('answers HEAD as GET, without the body', async () => {
    const { url } = await start();
    await post(url, 'one');
    const get = await call(url, '/messages');
    const { status, headers, text } = await call(url, '/messages', { method: 'HEAD' });
    expect({ status, text }).toEqual({ status: 200, text: '' });
    for (const name of ['content-type', 'content-length', 'next-since', 'cache-control', 'vary']) {
      expect(headers.get(name), name).toBe(get.headers.get(name));
    }
  });

  it.each([
    [undefined, 200],
    ['*/*', 200],
    ['application/json', 200],
    ['application/*', 200],
    ['APPLICATION/JSON', 200],
    ['application/json;charset=utf-8', 200],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 200],
    ['text/html, application/json;q=0.1', 200],
    ['text/html', 406],
    ['application/xml, image/*', 406],
    ['application/json;q=0', 406],
    ['junk', 406],
  ])('answers Accept: %s with %d', async (accept, status) => {
    const { url } = await start();
    const answer = await call(url, '/messages', accept === undefined ? {} : { headers: { accept } });
    expect(answer.headers.get('vary')).toMatch(/\baccept\b/i);
    if (status === 406) expectProblem(answer, 406, 'not-acceptable');
    else expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  });
});

describe('one message', () => {
  it('is given by its id', async () => {
    const { url } = await start();
    const posted = await post(url, 'one');
    const { status, json, headers } = await call(url, `/messages/${posted.id}`);
    expect({ status, json }).toEqual({ status: 200, json: posted });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('is a tombstone when it was deleted', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    const { id } = await post(url, 'one', { token });
    const deleted = await write(url, `/messages/${id}`, undefined, { method: 'DELETE', token });
    const { status, json } = await call(url, `/messages/${id}`);
    expect({ status, json }).toEqual({ status: 200, json: deleted.json });
    expect(json).toMatchObject({ id, message: '', deleted: true });
  });

  it.each([
    '2',
    '0',
    '-1',
    '1.0',
    '1e0',
    'abc',
    '9007199254740993',
    '99999999999999999999',
    '%31%00',
    '__proto__',
    '1;',
  ])('is not found as %s', async (id) => {
    const { url } = await start();
    await post(url, 'one');
    expectProblem(await call(url, `/messages/${id}`), 404, 'not-found');
  });
});
