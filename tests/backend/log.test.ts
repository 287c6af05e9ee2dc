/** What the log of a real server holds, at its most talkative, and what it must never hold. */
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createFailures } from '../../backend/failures.ts';
import { LOG_OVERLOAD_EVERY_MS } from '../../backend/limits.ts';
import { createLog } from '../../backend/log.ts';
import { ChatError } from '../../backend/errors.ts';
import { call, identify, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectSse } from '../harness/stream-client.ts';
import { connectWs } from '../harness/ws-client.ts';

interface Line {
  level: number;
  msg: string;
  [field: string]: unknown;
}

function collect(level: string) {
  const written: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  const lines = (msg?: string) =>
    written.map((one) => JSON.parse(one) as Line).filter((one) => msg === undefined || one.msg === msg);
  return { log: createLog(level, destination), text: () => written.join(''), lines };
}

it('holds no text, name, token or key of all that was sent, also where it was refused', async () => {
  const { log, text, lines } = collect('trace');
  const { url, port } = await startTestServer({ log, moderatorToken: 'moderators-secret', maxConnections: 3 });
  const { token, author } = await identify(url);
  const secret = 'hush-this-is-secret';
  const { id } = await post(url, `${secret} message`, { key: `${secret}-key`, token });
  await write(url, `/messages/${id}`, { message: `${secret} edit` }, { method: 'PATCH', token });
  await write(url, '/messages', { user: secret.repeat(9), message: secret }, { key: `${secret}-key`, token });
  await write(url, '/messages', { user: secret, message: `${secret} other` }, { key: `${secret}-key`, token });
  await write(url, '/messages', { user: 'x', message: 'x' }, { token: `${secret}.token` });
  await call(url, `/messages?access_token=${secret}&since=${secret}&room=${secret}!`);
  await call(url, `/${secret}/%ff?q=${secret}`, { headers: { Cookie: `since_identity=${secret}` } });
  await call(url, `/search?q=${secret}`, { headers: { 'X-Request-Id': secret } });
  await call(url, '/messages', {
    method: 'POST',
    body: `{"${secret}`,
    headers: { 'Content-Type': 'application/json' },
  });
  await call(url, `/messages/${id}`, { method: 'DELETE', headers: { Authorization: 'Bearer moderators-secret' } });
  const { json } = await write(url, '/subscriptions', {});
  const { subscription } = json as { subscription: string };
  await call(url, `/subscriptions/${subscription}/messages?ack=77`);
  await call(url, `/subscriptions/${subscription}`, { method: 'DELETE' });
  await call(url, `/subscriptions/${subscription}/messages`);

  const client = await connectWs(url, { token });
  client.socket.send(`{"command": "${secret}", "message": {"x": "${secret}"}}`);
  client.socket.send(`{${secret}`);
  await client.ask('send-message', { user: secret, message: secret, room: `${secret}!` }, `${secret}-2`);
  await client.ask('send-message', { user: secret, message: secret }, `${secret}-3`);
  await connectWs(url, { path: `/messages?access_token=${secret}&since=${secret}` }).catch(() => {});
  await connectSse(url, { headers: { 'Last-Event-ID': secret } });
  const raw = await connectRaw(port);
  raw.send(`GET /${secret} HTTP/9.9\r\n${secret}\r\n\r\n`);
  await raw.ended;

  expect(lines('request: refused').length).toBeGreaterThan(8);
  expect(lines('connection: opened').length).toBeGreaterThan(0);
  const held = [secret, token, token.split('.')[0] ?? '', author, subscription, 'moderators-secret', 'Azin'];
  for (const one of held) expect(text()).not.toContain(one);
});

it('has a line for each event, with its kind: started, stopped, opened, closed, refused', async () => {
  const { log, lines } = collect('debug');
  const { url, stop } = await startTestServer({ journal: 'memory', log });
  const client = await connectWs(url);
  await client.close();
  await expect.poll(() => lines('connection: closed').length).toBe(1);
  const { status, headers } = await call(url, '/messages/12');
  const requestId = headers.get('x-request-id');
  expect([status, requestId]).toEqual([404, expect.stringMatching(/^[\w-]{36}$/)]);
  expect(lines('request: refused')).toMatchObject([
    { level: 20, requestId, code: 'not-found', transport: 'http', method: 'GET', route: '/messages/:id' },
  ]);
  await stop();
  expect(lines().map(({ msg }) => msg)).toEqual([
    'server: listening',
    'connection: opened',
    'connection: closed',
    'request: refused',
    'server: stopped',
  ]);
});

it('takes a request id from nobody, and gives none where nothing went wrong', async () => {
  const { url } = await startTestServer({ journal: 'memory', trustProxy: 'loopback' });
  const headers = { 'X-Request-Id': 'mine' };
  expect((await call(url, '/messages', { headers })).headers.has('x-request-id')).toBe(false);
  expect((await call(url, '/nothing', { headers })).headers.get('x-request-id')).not.toBe('mine');
});

it('tells of overload once in a while, with how often it was not told', () => {
  const { log, lines } = collect('info');
  const clock = createClock();
  const codes: string[] = [];
  const { note } = createFailures(log, { refused: (code) => codes.push(code) }, clock);
  for (let nth = 0; nth < 1_000; nth++) note(new ChatError('overloaded', 'Too much.'), { transport: 'http' });
  expect(lines()).toHaveLength(1);
  clock.advance(LOG_OVERLOAD_EVERY_MS);
  note(new ChatError('overloaded', 'Too much.'), { transport: 'http' });
  expect(lines().map(({ level, untold }) => [level, untold])).toEqual([
    [40, undefined],
    [40, 999],
  ]);
  expect(codes).toHaveLength(1_001);
});

it('tells of a bug each time, by its own words and place, but nothing that hangs on it', () => {
  const { log, lines, text } = collect('info');
  const { note } = createFailures(log, { refused() {} }, createClock());
  const bug = Object.assign(new TypeError('it is broken', { cause: new Error('hush') }), { input: 'hush', code: 'E1' });
  const requestId = note(bug, { transport: 'websocket' });
  expect(lines('request: failed')).toMatchObject([
    { level: 50, requestId, code: 'internal', err: { type: 'TypeError', message: 'it is broken', code: 'E1' } },
  ]);
  expect(text()).toContain('log.test.ts');
  expect(text()).not.toContain('hush');
});
