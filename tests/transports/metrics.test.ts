/** What the server tells of itself. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { call, post, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';

async function read(url: string, line: string): Promise<number | undefined> {
  const { text } = await call(url, '/metrics');
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

it('counts what is open, by transport, and what is gone no more', async () => {
  const { url } = await startTestServer();
  expect(await read(url, 'chat_connections{transport="sse"}')).toBe(0);
  const socket = await connectWs(url);
  const stop = new AbortController();
  await fetch(`${url}/messages?as=ndjson`, { signal: stop.signal });
  expect(await read(url, 'chat_connections{transport="websocket"}')).toBe(1);
  expect(await read(url, 'chat_connections{transport="ndjson"}')).toBe(1);
  await socket.close();
  stop.abort();
  await expect.poll(() => read(url, 'chat_connections{transport="websocket"}')).toBe(0);
  await expect.poll(() => read(url, 'chat_connections{transport="ndjson"}')).toBe(0);
});

it('counts commands by what came of them, commits and fan-out', async () => {
  const { url } = await startTestServer();
  const socket = await connectWs(url);
  await post(url, 'once', { key: 'one' });
  await post(url, 'once', { key: 'one' });
  await write(url, '/messages', { user: '', message: 'x' });
  expect(await read(url, 'chat_commands_total{command="send-message",outcome="new"}')).toBe(1);
  expect(await read(url, 'chat_commands_total{command="send-message",outcome="same"}')).toBe(1);
  expect(await read(url, 'chat_commands_total{command="send-message",outcome="invalid-message"}')).toBe(1);
  expect(await read(url, 'chat_journal_entries_total')).toBe(1);
  await socket.nextOf('message');
  expect(await read(url, 'chat_fan_out_seconds_count')).toBe(1);
});

it('is in the text format of Prometheus, with the lag of the event loop, and names no message', async () => {
  const { url } = await startTestServer();
  await post(url, 'a secret of ours');
  const { headers, text } = await call(url, '/metrics');
  expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toContain('nodejs_eventloop_lag_seconds');
  expect(text).not.toContain('secret of ours');
});

it('does not look at the event loop 100 times a second, nor tells as lag what lies between the looks', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const { text } = await call(url, '/metrics');
  expect(text).not.toMatch(/nodejs_eventloop_lag_(?:min|max|mean|stddev|p\d+)_seconds/);
});

it('has the metrics that the documents tell of, and no others of its own', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  const { text } = await call(url, '/metrics');
  const told = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8').matchAll(
    /^\| `(chat_\w+)`/gm,
  );
  const known = text.matchAll(/^# TYPE (chat_\w+)/gm);
  const names = (found: Iterable<RegExpExecArray>) =>
    [...found].map(([, name]) => name).toSorted((one = '', other = '') => one.localeCompare(other));
  expect(names(known)).toEqual(names(told));
});

it('tells what was refused, by its code, and what was asked for, by its route', async () => {
  const { url } = await startTestServer({ journal: 'memory' });
  await call(url, '/messages');
  await call(url, '/messages?as=json');
  await call(url, '/messages/7');
  const client = await connectWs(url);
  await client.ask('react', { id: 7, reaction: '👍' });
  expect(await read(url, 'chat_requests_total{method="GET",route="/messages"}')).toBe(2);
  expect(await read(url, 'chat_requests_total{method="GET",route="/messages/:id"}')).toBe(1);
  expect(await read(url, 'chat_refusals_total{code="not-found"}')).toBe(1);
  expect(await read(url, 'chat_refusals_total{code="identity-required"}')).toBe(1);
});
