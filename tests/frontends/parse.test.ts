/** What the pages take from an answer over HTTP, each from a server that says what it is told to. */
import { createServer } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import { sendCommand } from '../../frontend-shared/link/commands-api.js';
import { fetchMatches, fetchMessage, fetchRooms, fetchScheduled } from '../../frontend-shared/link/directory-api.js';
import { fetchJson, Refused } from '../../frontend-shared/link/http.js';
import { fetchMessages, postMessage } from '../../frontend-shared/link/messages-api.js';
import { NotUnderstood, parseFrontDoor } from '../../frontend-shared/link/parse.js';
import type { AddressInfo } from 'node:net';

const message = { id: 1, seq: 1, room: 'lobby', user: 'Azin', message: 'hi', timestamp: '2026-11-22T06:53:00.000Z' };
const room = { room: 'lobby', messages: 1, seq: 1, online: 1 };
const later = { scheduled: 'x', sendAt: '2026-11-23T06:53:00.000Z', room: 'lobby', user: 'Azin', message: 'hi' };
const outgoing = { key: 'k', room: 'lobby', user: 'Azin', message: 'hi', order: 1 };
const realFetch = fetch;
const signal = new AbortController().signal;

/** What a page asks its own server, it asks this one. */
async function answerWith(body: unknown, status = 200): Promise<void> {
  const server = createServer((_request, response) => response.writeHead(status).end(JSON.stringify(body)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => realFetch(`http://127.0.0.1:${port}${path}`, init));
  onTestFinished(() => {
    vi.unstubAllGlobals();
    server.close().closeAllConnections();
  });
}

const ASKED: [name: string, ask: () => Promise<unknown>, body: unknown, others: unknown[]][] = [
  ['rooms', fetchRooms, [room], [{}, [null], [{ ...room, room: 1 }], [{ ...room, seq: '1' }]]],
  ['what is scheduled', fetchScheduled, [later], [null, [{}], [{ ...later, sendAt: 'soon' }]]],
  ['a message', () => fetchMessage(1), message, [[], { ...message, id: '1' }, 'hi']],
  ['what was found', () => fetchMatches('hi', { signal }), [message], [{}, 'none']],
];

it.each(ASKED)('are %s as the protocol has them, or an error', async (_name, ask, body, others) => {
  await answerWith(body);
  expect(await ask()).toEqual(body);
  for (const other of others) {
    await answerWith(other);
    await expect(ask()).rejects.toThrow(NotUnderstood);
  }
});

it('is no empty answer where a poll is answered by something else', async () => {
  await answerWith({ error: 'moved' });
  await expect(fetchMessages({ room: 'lobby', since: '1' })).rejects.toThrow(NotUnderstood);
  await answerWith([message, { id: 2, of: 'a newer server' }]);
  expect((await fetchMessages({ room: 'lobby' })).messages).toEqual([message]);
});

it('is not known to be done where the answer to a command is another', async () => {
  await answerWith({ ok: true });
  expect(await sendCommand({ command: 'delete-message', message: { id: 1 } })).toEqual({ outcome: 'failed' });
  expect(await postMessage(outgoing)).toMatchObject({ outcome: 'failed' });
  await answerWith(message);
  expect(await sendCommand({ command: 'delete-message', message: { id: 1 } })).toEqual({ outcome: 'done', message });
  expect(await postMessage(outgoing)).toEqual({ outcome: 'sent', message });
});

it('tells a problem by what of it is understood', async () => {
  const problemOf = async (body: unknown) => {
    await answerWith(body, 400);
    const error: unknown = await fetchJson('/', { timeoutMs: 5_000 }).catch((thrown: unknown) => thrown);
    return error instanceof Refused ? error.problem : error;
  };
  const errors = [{ field: 'user', detail: 'must be text' }];
  expect(await problemOf({ code: 'invalid-message', detail: 'Bad.', errors })).toMatchObject({ status: 400, errors });
  for (const body of [null, 'no', { code: 7, detail: {}, errors: [null] }, { errors: 'user' }]) {
    const problem = await problemOf(body);
    expect(problem).toMatchObject({ status: 400, code: 'internal', detail: expect.any(String) });
    expect(problem).not.toHaveProperty('errors');
  }
});

it('takes of the front door what it tells', () => {
  for (const told of [{ isOpen: true }, { isOpen: false, isShared: true, addresses: ['http://10.0.0.2:3000/'] }])
    expect(parseFrontDoor(told)).toEqual(told);
  for (const told of [null, {}, { isOpen: 'yes' }, { isOpen: true, addresses: 'here' }])
    expect(() => parseFrontDoor(told)).toThrow(NotUnderstood);
});
