/** `POST /messages`: what is taken, what is refused, and what each is told. */
import { describe, expect, it } from 'vitest';
import { call, expectProblem, identify, poll, post, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';

const start = () => startTestServer({ journal: 'memory' });

const MAX_BODY_BYTES = 65_536;

/** A body of exactly so many bytes, which a field that nobody knows fills up. */
function bodyOf(bytes: number): string {
  const body = JSON.stringify({ user: 'Azin', message: 'long', padding: '' });
  return body.replace('""', `"${'x'.repeat(bytes - body.length)}"`);
}

const postRaw = (url: string, body: RequestInit['body'], headers: Record<string, string>) =>
  call(url, '/messages', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

const asJson = { 'Content-Type': 'application/json' };

describe('posting', () => {
  it('gives the message, with everything the server knows of it, and where it is', async () => {
    const { url } = await start();
    const before = Date.now();
    const { status, json, headers } = await write(url, '/messages', { user: 'Azin', message: 'Hello!' });
    expect(status).toBe(201);
    expect(json).toEqual({
      id: 1,
      seq: 1,
      room: 'lobby',
      user: 'Azin',
      message: 'Hello!',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    });
    const at = Date.parse((json as { timestamp: string }).timestamp);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(headers.get('location')).toBe('/messages/1');
    expect(headers.get('cache-control')).toBe('no-store');
    expect((await call(url, '/messages/1')).json).toEqual(json);
  });

  it('keeps the optional fields, the color in small letters, and the author', async () => {
    const { url } = await start();
    const { token, author } = await identify(url);
    const parent = await post(url, { message: 'parent', room: 'attic' });
    const fields = { user: 'Azin', message: 'child', room: 'attic', replyTo: parent.id, color: '#AbCdEf' };
    const posted = await post(url, fields, { token });
    expect(posted).toMatchObject({ ...fields, color: '#abcdef', author });
    expect(posted.author).not.toContain(token);
  });

  it('gives ascending numbers to those who post at once, each its own', async () => {
    const { url } = await start();
    const posted = await Promise.all(Array.from({ length: 100 }, (_, index) => post(url, `${index}`)));
    const seqs = posted.map(({ seq }) => seq);
    expect(new Set(seqs).size).toBe(100);
    const { messages } = await poll(url, { since: 0 });
    expect(messages.map(({ seq }) => seq)).toEqual(seqs.toSorted((one, other) => one - other));
  });

  it('shows what it has answered to whoever reads next', async () => {
    const { url } = await start();
    for (let round = 0; round < 20; round++) {
      const { seq, id } = await post(url, `${round}`);
      expect((await poll(url, { since: seq - 1 })).messages).toHaveLength(1);
      expect((await call(url, `/messages/${id}`)).status).toBe(200);
    }
  });

  it.each([
    ['message', '  \t\n hi \u00a0\u2003\u0085 ', 'hi'],
    ['message', 'a\r\nb\r\n\r\nc', 'a\nb\n\nc'],
    ['message', 'a\tb\nc', 'a\tb\nc'],
    ['message', '<script>alert(1)</script>&amp;', '<script>alert(1)</script>&amp;'],
    ['message', '👩‍👩‍👧‍👦 e\u0301 \u2028 \ufdd0 \u{10ffff}', '👩‍👩‍👧‍👦 e\u0301 \u2028 \ufdd0 \u{10ffff}'],
    ['message', 'x'.repeat(4_000), 'x'.repeat(4_000)],
    ['message', '😀'.repeat(4_000), '😀'.repeat(4_000)],
    ['message', ` ${'x'.repeat(4_000)} `, 'x'.repeat(4_000)],
    ['user', ' \u3000Azin\n', 'Azin'],
    ['user', '😀'.repeat(40), '😀'.repeat(40)],
    ['user', '__proto__', '__proto__'],
    ['room', `0${'-'.repeat(39)}`, `0${'-'.repeat(39)}`],
    ['room', 'constructor', 'constructor'],
  ])('keeps %s %j', async (field, sent, kept) => {
    const { url } = await start();
    expect(await post(url, { message: 'hi', [field]: sent })).toMatchObject({ [field]: kept });
  });

  it.each<[field: string, value: unknown]>([
    ...wrong('user', [
      null,
      1,
      true,
      [],
      {},
      '',
      ' ',
      '\u0085',
      'x'.repeat(41),
      '😀'.repeat(41),
      'a\0b',
      'a\nb',
      'a\tb',
    ]),
    ...wrong('user', ['a\u202eb', 'a\u2066b', 'a\u009fb', '\ud83d', 'a\udc00b', '\u007f']),
    ...wrong('message', [null, 1, ['x'], { toString: 'x' }, '', ' \n\t ', 'x'.repeat(4_001), '😀'.repeat(4_001)]),
    ...wrong('message', ['a\0b', 'a\rb', 'a\u001bb', 'a\u0080b', '\ud800', 'x\udfff', '\u007f']),
    ...wrong('room', [null, 1, '', 'Lobby', '-a', 'a_b', 'a b', 'ä', 'a'.repeat(41), 'lobby\n', '../lobby', ['lobby']]),
    ...wrong('color', [null, 1, '', 'red', '#fff', '#12345g', '#1234567', ' #123456', '#12345６', '#123456\n']),
    ...wrong('replyTo', [null, '1', 0, -1, 1.5, 1e300, 2, 2 ** 53, true, [1]]),
    ...wrong('sendAt', [null, 0, '', 'tomorrow', '2026-13-01T00:00:00Z', '2026-01-01', '2026-01-01T00:00:00']),
  ])('refuses %s %j, and says why', async (field, value) => {
    const { url } = await start();
    await post(url, { message: 'one', room: 'attic' });
    const body = { user: 'Azin', message: 'hi', [field]: value };
    const problem = expectProblem(await write(url, '/messages', body), 400, 'invalid-message');
    expect(problem.errors?.map((error) => error.field)).toEqual([field]);
    expect(problem.errors?.[0]?.detail).toMatch(/^must /);
    expect((await poll(url, { room: 'attic' })).messages).toHaveLength(1);
    expect((await poll(url)).messages).toEqual([]);
  });

  it('names every field that is wrong or missing', async () => {
    const { url } = await start();
    const missing = expectProblem(await write(url, '/messages', {}), 400, 'invalid-message');
    expect(missing.errors?.map(({ field }) => field).toSorted()).toEqual(['message', 'user']);
    const body = { user: '', message: 7, room: '!', color: 'red', replyTo: 'x' };
    const all = expectProblem(await write(url, '/messages', body), 400, 'invalid-message');
    expect(all.errors?.map(({ field }) => field).toSorted()).toEqual(['color', 'message', 'replyTo', 'room', 'user']);
  });

  it('refuses a reply to a message of another room', async () => {
    const { url } = await start();
    const { id } = await post(url, { message: 'parent', room: 'attic' });
    const body = { user: 'Azin', message: 'child', replyTo: id };
    expectProblem(await write(url, '/messages', body), 400, 'invalid-message');
    expect((await write(url, '/messages', { ...body, room: 'attic' })).status).toBe(201);
  });

  it('ignores fields that it does not know, and those that are its own', async () => {
    const { url } = await start();
    const body = `{"user":"Azin","message":"hi","id":77,"seq":78,"timestamp":"x","author":"me","key":"k","deleted":true,
      "reactions":{"👍":9},"edited":"x","__proto__":{"admin":1},"constructor":{"prototype":{}},"toString":null}`;
    const { status, json } = await postRaw(url, body, asJson);
    expect(status).toBe(201);
    expect(Object.keys(json as object).toSorted()).toEqual(['id', 'message', 'room', 'seq', 'timestamp', 'user']);
    expect(json).toMatchObject({ id: 1, seq: 1 });
    expect(Object.prototype).not.toHaveProperty('admin');
  });

  it('refuses a token that it did not give', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    const last = token.at(-1) === 'A' ? 'Q' : 'A';
    const forged = ['x', '', `${token}x`, `${token.slice(0, -1)}${last}`, `.${token}`, 'a.b', '\u00e9'];
    for (const one of forged) {
      const answer = await write(url, '/messages', { user: 'Azin', message: 'hi' }, { token: one });
      expectProblem(answer, 401, 'identity-required');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer\b/);
      expectProblem(
        await call(url, '/messages', { headers: { authorization: `Bearer ${one}` } }),
        401,
        'identity-required',
      );
    }
    const basic = await call(url, '/messages', { headers: { authorization: 'Basic YTpi' } });
    expectProblem(basic, 401, 'identity-required');
    expect((await poll(url)).messages).toEqual([]);
  });
});

describe('a body', () => {
  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['null', 'null'],
    ['an array', '[{"user":"a","message":"b"}]'],
    ['text', '"hi"'],
    ['a number', '1'],
    ['half an object', '{"user":"a"'],
    ['two objects', '{}{}'],
    ['a comma too many', '{"user":"a","message":"b",}'],
    ['single quotes', "{'user':'a','message':'b'}"],
    ['NaN', '{"user":"a","message":NaN}'],
    ['a form', 'user=a&message=b'],
    ['no UTF-8', Buffer.from('{"user":"a","message":"\xff"}', 'latin1')],
    ['an encoded surrogate', Buffer.from('{"user":"a","message":"\xed\xa0\x80"}', 'latin1')],
    ['UTF-16', Buffer.from('{"user":"a","message":"b"}', 'utf16le')],
    ['many brackets', '['.repeat(60_000)],
  ])('of %s is malformed', async (_what, body) => {
    const { url } = await start();
    expectProblem(await postRaw(url, body, asJson), 400, 'malformed-json');
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/json ;x=y',
  ])('is taken as %s', async (type) => {
    const { url } = await start();
    expect((await postRaw(url, '{"user":"a","message":"b"}', { 'Content-Type': type })).status).toBe(201);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/problem+json',
    'text/json',
    'application',
    'application/json, text/plain',
    'x',
  ])('is not taken as %s', async (type) => {
    const { url } = await start();
    const answer = await postRaw(url, '{"user":"a","message":"b"}', { 'Content-Type': type });
    expectProblem(answer, 415, 'unsupported-media-type');
  });

  it('is not taken without a type', async () => {
    const { url } = await start();
    const bytes = Buffer.from('{"user":"a","message":"b"}');
    expectProblem(await postRaw(url, bytes, {}), 415, 'unsupported-media-type');
  });

  it.each(['gzip', 'deflate', 'br', 'GZIP', 'x', 'identity, gzip'])(
    'is not taken compressed by %s',
    async (encoding) => {
      const { url } = await start();
      const answer = await postRaw(url, '{"user":"a","message":"b"}', { ...asJson, 'Content-Encoding': encoding });
      expectProblem(answer, 415, 'unsupported-media-type');
    },
  );

  it('may have 65,536 bytes and not one more, whether or not it tells its length', async () => {
    const { url } = await start();
    const stream = (bytes: number) => new Blob([bodyOf(bytes)]).stream();
    expect((await postRaw(url, bodyOf(MAX_BODY_BYTES), asJson)).status).toBe(201);
    expect((await postRaw(url, stream(MAX_BODY_BYTES), asJson)).status).toBe(201);
    expectProblem(await postRaw(url, bodyOf(MAX_BODY_BYTES + 1), asJson), 413, 'payload-too-large');
    expectProblem(await postRaw(url, stream(MAX_BODY_BYTES + 1), asJson), 413, 'payload-too-large');
    expect((await poll(url)).messages).toHaveLength(2);
  });

  it('far too large is told so, while it is still being sent', async () => {
    const { url } = await start();
    const body = 'x'.repeat(20_000_000);
    for (let round = 0; round < 5; round++) {
      expectProblem(await postRaw(url, body, asJson), 413, 'payload-too-large');
      expectProblem(await postRaw(url, new Blob([body]).stream(), asJson), 413, 'payload-too-large');
    }
  });
});

describe('a limit of rate', () => {
  it('refuses what is too much, says when to come again, and lets reading go on', async () => {
    const { url } = await startTestServer({ journal: 'memory', rateLimit: 3 });
    for (const text of ['1', '2', '3']) await post(url, text);
    const refused = await write(url, '/messages', { user: 'Azin', message: '4' });
    expectProblem(refused, 429, 'rate-limited');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(10);
    expect((await poll(url)).messages).toHaveLength(3);
  });

  it('counts writes of all transports together, and does not believe X-Forwarded-For', async () => {
    const { url } = await startTestServer({ journal: 'memory', rateLimit: 2 });
    await post(url, '1', { headers: { 'X-Forwarded-For': '1.2.3.4' } });
    const client = await connectWs(url, { client: { headers: { 'X-Forwarded-For': '1.2.3.5' } } });
    expect(await client.ask('send-message', { user: 'Azin', message: '2' })).toMatchObject({ command: 'accepted' });
    const refused = { command: 'rejected', message: { code: 'rate-limited' } };
    expect(await client.ask('send-message', { user: 'Azin', message: '3' })).toMatchObject(refused);
    const headers = { 'X-Forwarded-For': '1.2.3.6' };
    expectProblem(await write(url, '/messages', { user: 'Azin', message: '4' }, { headers }), 429, 'rate-limited');
  });

  it('believes X-Forwarded-For of a proxy that it was told to trust', async () => {
    const { url } = await startTestServer({ journal: 'memory', rateLimit: 1, trustProxy: 'loopback' });
    await post(url, '1', { headers: { 'X-Forwarded-For': '1.2.3.4' } });
    await post(url, '2', { headers: { 'X-Forwarded-For': '1.2.3.5' } });
    const headers = { 'X-Forwarded-For': '6.6.6.6, 1.2.3.4' };
    expectProblem(await write(url, '/messages', { user: 'Azin', message: '3' }, { headers }), 429, 'rate-limited');
  });
});

function wrong(field: string, values: readonly unknown[]): [string, unknown][] {
  return values.map((value) => [field, value]);
}
