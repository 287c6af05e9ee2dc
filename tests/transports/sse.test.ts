import { describe, expect, it } from 'vitest';
import { expectProblem, identify, poll, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectSse, untilText } from '../harness/stream-client.ts';
import type { Message } from '../../protocol/envelope.ts';

it('gives what stands, then says that it is caught up, then each message as it comes', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const first = await post(url, 'one');
  const stream = await connectSse(url);
  const { events, messages, since } = await stream.untilCaughtUp();
  const epoch = since.split('-')[1];

  expect(events.map(({ retry }) => retry)).toEqual(['2000', undefined, undefined]);
  expect(messages).toEqual([first]);
  expect(events[1]?.id).toBe(`${first.seq}-${epoch}`);
  expect(events[2]).toMatchObject({ event: 'caught-up', id: since, data: JSON.stringify({ since }) });

  const second = await post(url, 'two');
  const event = await stream.next();
  expect(event.id).toBe(`${second.seq}-${epoch}`);
  expect(event.data).toBe(JSON.stringify(second));
});

it('writes chunks that hold whole events, behind a head that keeps proxies from touching them', async () => {
  const { port, url } = await startTestServer({ journal: 'memory' });
  const client = await connectRaw(port);
  client.send(['GET /messages?as=sse HTTP/1.1', 'Host: localhost', 'Origin: https://chat.example', '']);
  const start = await untilText(client, 'caught-up');
  const [head = '', ...rest] = start.split('\r\n\r\n');
  expect(head.split('\r\n')).toEqual(
    expect.arrayContaining([
      'HTTP/1.1 200 OK',
      'Content-Type: text/event-stream',
      'Cache-Control: no-store, no-transform',
      'X-Accel-Buffering: no',
      'X-Content-Type-Options: nosniff',
      'Access-Control-Allow-Origin: *',
      'Transfer-Encoding: chunked',
    ]),
  );
  expect(head).toMatch(/^Vary: .*Accept/m);
  expect(head).not.toMatch(/Content-Encoding|Content-Length|X-Powered-By/i);
  expect(rest.join('\r\n\r\n')).toMatch(/^d\r\nretry: 2000\n\n\r\n/);

  const text = '{"quoted"}\r\nsecond line é 👍';
  const live = untilText(client, '👍');
  const message = await post(url, text);
  const payload = `id: ${message.seq}-EPOCH\ndata: ${JSON.stringify(message)}\n\n`;
  const bytes = await live;
  const epoch = /id: \d+-(\w+)\n/.exec(bytes)?.[1] ?? '';
  const expected = payload.replace('EPOCH', epoch);
  expect(bytes).toBe(`${Buffer.byteLength(expected).toString(16)}\r\n${expected}\r\n`);
});

it('gives one that speaks HTTP/1.0 the events without chunks', async () => {
  const { port, url } = await startTestServer({ journal: 'memory' });
  await post(url, 'one');
  const client = await connectRaw(port);
  client.send(['GET /messages?as=sse HTTP/1.0', '']);
  const bytes = await untilText(client, 'caught-up');
  expect(bytes).not.toMatch(/transfer-encoding/i);
  expect(bytes).toContain('\r\n\r\nretry: 2000\n\nid: 1-');
});

it('does not open a stream for HEAD', async () => {
  const { port, url } = await startTestServer({ journal: 'memory', maxConnections: 1 });
  const client = await connectRaw(port);
  client.send(['HEAD /messages?as=sse HTTP/1.1', 'Host: localhost', '']);
  const { status, headers } = await client.response({ hasBody: false });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/event-stream');
  await client.ended;
  expect((await connectSse(url)).status).toBe(200);
});

describe('a cursor', () => {
  it('of Last-Event-ID wins over that of the query; an empty one counts for nothing', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    await post(url, 'one');
    await post(url, 'two');
    const { since } = await (await connectSse(url)).untilCaughtUp();
    const epoch = since.split('-')[1];
    await post(url, 'three');

    const textsAfter = async (id: string) => {
      const stream = await connectSse(url, { since: 1, headers: { 'Last-Event-ID': id } });
      return (await stream.untilCaughtUp()).messages.map(({ message }) => message);
    };
    expect(await textsAfter(`2-${epoch}`)).toEqual(['three']);
    expect(await textsAfter('2')).toEqual(['three']);
    expect(await textsAfter('')).toEqual(['two', 'three']);
  });

  it.each(['9-elsewhere', '1000', String(2 ** 53 - 1)])(
    'that is gone (%s) gives reset first, and goes on',
    async (id) => {
      const { url } = await startTestServer({ journal: 'memory' });
      await post(url, 'one');
      const stream = await connectSse(url, { headers: { 'Last-Event-ID': id } });
      const { events, messages } = await stream.untilCaughtUp();
      const named = events.filter(({ event, data }) => event ?? data);
      expect(named[0]).toMatchObject({ event: 'reset', data: '{"code":"cursor-gone"}' });
      expect(messages.map(({ message }) => message)).toEqual(['one']);
      await post(url, 'two');
      expect((await stream.message()).message).toBe('two');
    },
  );

  it.each([
    { headers: { 'Last-Event-ID': 'x' } },
    { headers: { 'Last-Event-ID': '-1' }, since: 0 },
    { since: '' },
    { since: '9007199254740992' },
  ])('that is none is refused before there is a stream: %j', async (options) => {
    const { url } = await startTestServer({ journal: 'memory' });
    const stream = await connectSse(url, options);
    expect(stream.headers).toMatchObject({
      'content-type': expect.stringContaining('application/problem+json'),
      vary: expect.stringContaining('Accept'),
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
    });
    expectProblem({ status: stream.status, text: await stream.text() }, 400, 'invalid-cursor');
  });
});

it('refuses a token that it did not give, and a room that can be none', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const stranger = await connectSse(url, { headers: { authorization: 'Bearer made-up' } });
  expect(stranger.status).toBe(401);
  expect((await connectSse(url, { room: 'No Room' })).status).toBe(400);
});

it('gives the messages of its room only', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const stream = await connectSse(url, { room: 'garden' });
  await stream.untilCaughtUp();
  await post(url, 'elsewhere');
  await post(url, { message: 'here', room: 'garden' });
  expect((await stream.message()).message).toBe('here');
});

it('says something at least every 15 s, and nothing once its clients are gone', async () => {
  const clock = createClock();
  const { url } = await startTestServer({ journal: 'memory', clock });
  const streams = [await connectSse(url)];
  clock.advance(700);
  streams.push(await connectSse(url));
  for (const stream of streams) await stream.untilCaughtUp();

  for (let passed = 0; passed < 10; passed++) {
    clock.advance(15_000);
    await post(url, 'now');
    for (const stream of streams) {
      let heartbeats = 0;
      for (let event = await stream.next(); event.data === undefined; event = await stream.next()) {
        expect(event.isHeartbeat).toBe(true);
        heartbeats++;
      }
      expect(heartbeats).toBeGreaterThanOrEqual(1);
      expect(heartbeats).toBeLessThanOrEqual(2);
    }
  }
  for (const stream of streams) stream.drop();
  await expect.poll(() => (clock.advance(1_000), clock.pending())).toBe(0);
});

it('takes as many connections as are allowed, and gives a place back when a client leaves', async () => {
  const { url } = await startTestServer({ journal: 'memory', maxConnections: 1 });
  const only = await connectSse(url);
  await only.untilCaughtUp();
  const second = await connectSse(url);
  expect(second.headers['retry-after']).toMatch(/^\d+$/);
  expectProblem({ status: second.status, text: await second.text() }, 503, 'overloaded');
  only.drop();
  await expect.poll(async () => (await connectSse(url)).status).toBe(200);
});

it('waits for the answers that were asked for before on the same connection', async () => {
  const { port, url } = await startTestServer({ journal: 'memory' });
  const client = await connectRaw(port);
  client.send(['GET /messages?since=0&wait=50 HTTP/1.1', 'Host: localhost', '']);
  client.send(['GET /messages?as=sse&since=0 HTTP/1.1', 'Host: localhost', '']);
  await (await fetch(`${url}/healthz`)).text();
  const all = untilText(client, 'caught-up');
  const message = JSON.stringify(await post(url, 'one'));
  const bytes = await all;
  expect(bytes.indexOf(`[${message}]`)).toBeGreaterThan(0);
  expect(bytes.indexOf(`data: ${message}`)).toBeGreaterThan(bytes.indexOf('text/event-stream'));
});

it('ends its streams properly when the server stops', async () => {
  const { url, stop } = await startTestServer({ journal: 'memory' });
  const stream = await connectSse(url);
  await stream.untilCaughtUp();
  await post(url, 'last');
  const stopped = stop();
  expect((await stream.message()).message).toBe('last');
  expect(await stream.over).toBe(true);
  await stopped;
});

describe('a client that does not read', () => {
  it('costs a bounded number of bytes, and gets each message at its newest state when it reads again', async () => {
    const { port, url } = await startTestServer({ journal: 'memory' });
    const { token } = await identify(url);
    const ids: number[] = [];
    for (const user of ['A', 'B', 'C']) ids.push((await post(url, { user, message: 'new' }, { token })).id);

    const client = await connectRaw(port);
    client.socket.pause();
    client.send(['GET /messages?as=sse&since=0 HTTP/1.1', 'Host: localhost', '']);
    const edits = 1_000;
    const long = '€'.repeat(3_900); // 12 kB: 12 MB in all
    let sent = 0;
    const editor = async () => {
      for (let number = ++sent; number <= edits; number = ++sent) {
        const message = `${long}${number}`;
        const { status } = await write(
          url,
          `/messages/${ids[number % ids.length]}`,
          { message },
          { method: 'PATCH', token },
        );
        expect(status).toBe(200);
      }
    };
    await Promise.all(Array.from({ length: 20 }, editor));
    const end = await post(url, 'the end');

    const all = untilText(client, `id: ${end.seq}-`);
    client.socket.resume();
    const bytes = await all;
    const messages = bytes
      .split('\n')
      .filter((line) => line.startsWith('data: {"id"') && line.endsWith('}'))
      .map((line) => JSON.parse(line.slice(6)) as Message);
    const seqs = messages.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((one, other) => one - other));
    const newest = new Map(messages.map((message) => [message.id, message]));
    const { messages: standing } = await poll(url);
    expect(
      [...newest.values()].filter(({ id }) => ids.includes(id)).toSorted((one, other) => one.id - other.id),
    ).toEqual(standing.filter(({ id }) => ids.includes(id)));
    // What comes beside the newest state is what the kernel takes on both ends: some 4 MB.
    expect(Buffer.byteLength(bytes)).toBeLessThan((edits * Buffer.byteLength(long) * 3) / 4);
  });

  it('is cut after a minute', async () => {
    const clock = createClock();
    const { port, url } = await startTestServer({ journal: 'memory', clock });
    const client = await connectRaw(port);
    client.socket.pause();
    client.send(['GET /messages?as=sse HTTP/1.1', 'Host: localhost', '']);
    const other = await connectSse(url, { since: 0 });
    const long = '€'.repeat(4_000); // 12 kB: 8 MB in all, more than the kernel takes
    for (let batch = 0; batch < 14; batch++) await Promise.all(Array.from({ length: 50 }, () => post(url, long)));
    const { seq } = await post(url, 'the end');
    while ((await other.message()).seq < seq);
    other.drop();
    clock.advance(66_000);
    client.socket.resume();
    await client.ended;
    await expect.poll(() => (clock.advance(5_000), clock.pending())).toBe(0);
  });

  it('does not keep the server from stopping', async () => {
    const { port, url, stop } = await startTestServer({ journal: 'memory' });
    const client = await connectRaw(port);
    client.socket.pause();
    client.send(['GET /messages?as=sse HTTP/1.1', 'Host: localhost', '']);
    const long = '€'.repeat(4_000);
    for (let batch = 0; batch < 14; batch++) await Promise.all(Array.from({ length: 50 }, () => post(url, long)));
    const begin = performance.now();
    await stop();
    expect(performance.now() - begin).toBeLessThan(8_000);
  });
});
