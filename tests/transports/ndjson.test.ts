import { expect, it } from 'vitest';
import { expectProblem, post } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectNdjson, untilText } from '../harness/stream-client.ts';

it('writes a message a line and nothing else, each change as one chunk', async () => {
  const { port, url } = await startTestServer({ journal: 'memory' });
  const first = await post(url, 'one');
  const client = await connectRaw(port);
  client.send(['GET /messages HTTP/1.1', 'Host: localhost', 'Accept: application/x-ndjson', '']);
  const start = await untilText(client, JSON.stringify(first));
  const [head = '', body = ''] = start.split('\r\n\r\n');
  expect(head.split('\r\n')).toEqual(
    expect.arrayContaining([
      'HTTP/1.1 200 OK',
      'Content-Type: application/x-ndjson',
      'Cache-Control: no-store, no-transform',
      'X-Accel-Buffering: no',
      'X-Content-Type-Options: nosniff',
      'Access-Control-Allow-Origin: *',
      'Transfer-Encoding: chunked',
    ]),
  );
  expect(head).toMatch(/^Vary: .*Accept/m);
  const line = `${JSON.stringify(first)}\n`;
  expect(body).toBe(`${Buffer.byteLength(line).toString(16)}\r\n${line}\r\n`);

  const live = untilText(client, 'é 👍');
  const second = `${JSON.stringify(await post(url, 'two lines\nof it é 👍'))}\n`;
  expect(await live).toBe(`${Buffer.byteLength(second).toString(16)}\r\n${second}\r\n`);
});

it('opens with nothing in an empty room, and says an empty line at least every 15 s', async () => {
  const clock = createClock();
  const { url } = await startTestServer({ journal: 'memory', clock });
  const stream = await connectNdjson(url);
  expect(stream.status).toBe(200);
  for (let passed = 0; passed < 10; passed++) {
    clock.advance(15_000);
    await post(url, 'now');
    const lines: string[] = [];
    while (!lines.at(-1)) lines.push(await stream.next());
    expect(lines.slice(0, -1)).toEqual(expect.arrayContaining(['']));
    expect(lines.length).toBeLessThanOrEqual(3);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ message: 'now' });
  }
});

it('is also given to those who ask for it in the query', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const response = await fetch(`${url}/messages?as=ndjson`, { headers: { accept: 'text/html' } });
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  await response.body?.cancel();
});

it('tells by its status that a cursor is gone', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const stream = await connectNdjson(url, { since: '1-elsewhere' });
  expectProblem({ status: stream.status, text: await stream.text() }, 410, 'cursor-gone');
});

it('takes no cursor from Last-Event-ID, which is for events', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  await post(url, 'one');
  const stream = await connectNdjson(url, { since: 0, headers: { 'Last-Event-ID': '1' } });
  expect((await stream.message()).message).toBe('one');
});

it('gives one that speaks HTTP/1.0 bare lines', async () => {
  const { port, url } = await startTestServer({ journal: 'memory' });
  const line = `${JSON.stringify(await post(url, 'one'))}\n`;
  const client = await connectRaw(port);
  client.send(['GET /messages?as=ndjson HTTP/1.0', '']);
  const bytes = await untilText(client, line);
  expect(bytes.split('\r\n\r\n')[1]).toBe(line);
});

it('is refused with others when there are too many connections', async () => {
  const { url } = await startTestServer({ journal: 'memory', maxConnections: 1 });
  const only = await connectNdjson(url);
  const second = await connectNdjson(url);
  expectProblem({ status: second.status, text: await second.text() }, 503, 'overloaded');
  only.drop();
  await expect.poll(async () => (await connectNdjson(url)).status).toBe(200);
});

it('ends properly when the server stops', async () => {
  const { url, stop } = await startTestServer({ journal: 'memory' });
  const stream = await connectNdjson(url);
  await Promise.all([stop(), expect(stream.over).resolves.toBe(true)]);
});
