/** `Idempotency-Key`: a message that is sent again is posted once. */
import { describe, expect, it } from 'vitest';
import { call, expectProblem, identify, poll, post, write } from '../harness/api.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';

const start = () => startTestServer({ journal: 'memory' });

const body = { user: 'Azin', message: 'once' };

describe('an idempotency key', () => {
  it('gives the same message again, and posts nothing', async () => {
    const { url } = await start();
    const first = await write(url, '/messages', body, { key: 'k' });
    const { since } = await poll(url);
    const second = await write(url, '/messages', body, { key: 'k' });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json).toEqual(first.json);
    expect(first.json).toMatchObject({ key: 'k' });
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(await poll(url, { since })).toMatchObject({ messages: [], since });
  });

  it('gives the message as it is by then', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    const { id } = await post(url, body, { key: 'k', token });
    const edited = await write(url, `/messages/${id}`, { message: 'changed' }, { method: 'PATCH', token });
    const again = await write(url, '/messages', body, { key: 'k', token });
    expect(again.status).toBe(200);
    expect(again.json).toEqual(edited.json);
  });

  it('posts once where many come together', async () => {
    const { url } = await start();
    const answers = await Promise.all(Array.from({ length: 50 }, () => write(url, '/messages', body, { key: 'k' })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await poll(url)).messages).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['message', { message: 'twice' }],
    ['user', { user: 'Nika' }],
    ['room', { room: 'attic' }],
    ['color', { color: '#000000' }],
    ['replyTo', { replyTo: 1 }],
  ])('is refused with another %s', async (_field, fields) => {
    const { url } = await start();
    await post(url, 'parent');
    await post(url, body, { key: 'k' });
    expectProblem(await write(url, '/messages', { ...body, ...fields }, { key: 'k' }), 422, 'idempotency-mismatch');
    expect((await poll(url)).messages).toHaveLength(2);
  });

  it('holds with other white space, order and letters that come to the same message', async () => {
    const { url } = await start();
    const first = await post(url, { ...body, color: '#ABCDEF', room: 'lobby' }, { key: 'k' });
    const again = { color: '#abcdef', message: ' once ', user: 'Azin', extra: 1 };
    expect(await post(url, again, { key: 'k' })).toEqual(first);
  });

  it('is not used up by what was refused', async () => {
    const { url } = await start();
    expectProblem(await write(url, '/messages', { user: 'Azin' }, { key: 'k' }), 400, 'invalid-message');
    expect((await write(url, '/messages', body, { key: 'k' })).status).toBe(201);
  });

  it('counts for each identity, and among all without one', async () => {
    const { url } = await start();
    const [one, other] = [await identify(url), await identify(url)];
    const none = await post(url, body, { key: 'k' });
    const ofOne = await post(url, body, { key: 'k', token: one.token });
    const ofOther = await post(url, body, { key: 'k', token: other.token });
    expect(new Set([none.id, ofOne.id, ofOther.id]).size).toBe(3);
    expect((await post(url, body, { key: 'k', token: one.token })).id).toBe(ofOne.id);
    expect((await post(url, body, { key: 'k' })).id).toBe(none.id);
  });

  it('is the same on HTTP and WebSocket', async () => {
    const { url } = await start();
    const client = await connectWs(url);
    const posted = await post(url, body, { key: 'http-first' });
    expect(await client.ask('send-message', body, 'http-first')).toEqual({
      command: 'accepted',
      key: 'http-first',
      message: posted,
    });
    const { message } = await client.ask('send-message', body, 'ws-first');
    const again = await write(url, '/messages', body, { key: 'ws-first' });
    expect([again.status, again.json]).toEqual([200, message]);
    const mismatch = await client.ask('send-message', { ...body, message: 'other' }, 'ws-first');
    expect(mismatch).toMatchObject({ command: 'rejected', message: { code: 'idempotency-mismatch', status: 422 } });
  });

  it('holds over a restart', async () => {
    const server = await startTestServer();
    const first = await post(server.url, body, { key: 'k' });
    await server.stop();
    const { url } = await startTestServer({ dataDir: server.dataDir });
    const again = await write(url, '/messages', body, { key: 'k' });
    expect([again.status, again.json]).toEqual([200, first]);
    expectProblem(await write(url, '/messages', { ...body, user: 'Nika' }, { key: 'k' }), 422, 'idempotency-mismatch');
  });

  it('may have 64 visible characters', async () => {
    const { url } = await start();
    const visible = Array.from({ length: 94 }, (_, index) => String.fromCodePoint(33 + index)).join('');
    for (const key of ['!', visible.slice(0, 64), visible.slice(-64), '__proto__', 'constructor']) {
      expect(await post(url, body, { key })).toMatchObject({ key });
      expect((await write(url, '/messages', body, { key })).status).toBe(200);
    }
  });

  it.each(['', 'x'.repeat(65), 'a b', 'a\tb', 'é'])('is refused as %j', async (key) => {
    const { url } = await start();
    expectProblem(await write(url, '/messages', body, { key }), 400, 'invalid-message');
    expect((await poll(url)).messages).toEqual([]);
  });

  it('is refused when it comes twice', async () => {
    const { port, url } = await start();
    const raw = await connectRaw(port);
    const json = JSON.stringify(body);
    const keys = ['Idempotency-Key: a', 'Idempotency-Key: b'];
    const headers = ['Host: x', 'Content-Type: application/json', `Content-Length: ${json.length}`, ...keys];
    raw.send(['POST /messages HTTP/1.1', ...headers, '']);
    raw.send(json);
    const { status, body: text } = await raw.response();
    expectProblem({ status, text }, 400, 'invalid-message');
    expect((await call(url, '/messages')).json).toEqual([]);
  });
});
