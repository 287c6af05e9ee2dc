/** Three servers with one journal: what one is told, all know, and a client may go from one to another. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { call, identify, poll, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { shareNats } from '../harness/nats.ts';
import { canRun } from '../harness/programs.ts';
import { connectSse } from '../harness/stream-client.ts';
import { startTcpProxy } from '../harness/tcp-proxy.ts';
import { connectWs } from '../harness/ws-client.ts';
import { startSharing } from './servers.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { TestServerOptions } from '../harness/server.ts';

describe.runIf(canRun('nats-server', 'several servers'))('servers that share a journal', () => {
  const nats = shareNats();
  let streams = 0;

  const startServers = async (count: number, options: TestServerOptions = {}) => {
    const natsStream = `together-${++streams}`;
    const servers = Array.from({ length: count }, () => startSharing([nats()], { natsStream, ...options }));
    return (await Promise.all(servers)).map(({ url }) => url);
  };

  it('give the same messages, with the same numbers, to whoever asks any of them', async () => {
    const urls = await startServers(3);
    const writing = Array.from({ length: 60 }, (_, nth) => post(urls[nth % 3]!, `text ${nth}`));
    const posted = (await Promise.all(writing)).toSorted((one, other) => one.seq - other.seq);
    expect(new Set(posted.map(({ seq }) => seq)).size).toBe(60);
    const since = `${posted.at(-1)?.seq}`;
    for (const url of urls) {
      await poll(url, { since }); // which waits for the last
      expect((await poll(url, { since: 0 })).messages).toEqual(posted);
    }
  });

  it('take a cursor of each other at once, and wait for what it stands for', async () => {
    const [one = '', other = ''] = await startServers(2);
    for (let nth = 0; nth < 50; nth++) {
      const { id } = await post(one, `text ${nth}`);
      const { since } = await poll(one, { since: id - 1 });
      expect(await poll(other, { since })).toMatchObject({ messages: [], since });
      const { id: next } = await post(other, `answer ${nth}`);
      const stream = await connectSse(one, { since: String(next) });
      while ((await stream.next()).event !== 'caught-up');
      stream.drop();
    }
  });

  it(
    'wait for what they are told of and have not heard yet, and say so when it does not come',
    { timeout: 40_000 },
    async () => {
      const natsStream = `together-${++streams}`;
      const way = await startTcpProxy({ port: Number(new URL(nats().url).port) });
      const ahead = await startSharing([nats()], { natsStream });
      const behind = await startSharing([{ ...nats(), url: way.url.replace('http:', 'nats:') }], { natsStream });
      const { token } = await identify(ahead.url);
      way.delayMs = 50; // and little beside the time that is waited for it
      const { id, seq } = await post(ahead.url, 'text', { token });
      const { since } = await poll(ahead.url, { since: seq - 1 });
      expect(await poll(behind.url, { since })).toMatchObject({ messages: [], since });
      const next = await post(ahead.url, 'next', { token });
      const edited = await write(behind.url, `/messages/${next.id}`, { message: 'new' }, { method: 'PATCH', token });
      expect(edited).toMatchObject({ status: 200, json: { message: 'new' } });
      const { id: replyTo } = await post(ahead.url, 'question');
      const reply = await write(behind.url, '/messages', { user: 'Bea', message: 'answer', replyTo });
      expect(reply).toMatchObject({ status: 201, json: { replyTo } });
      way.delayMs = 0;
      way.pause();
      const last = await post(ahead.url, 'last', { token });
      expect((await call(behind.url, `/messages?since=${last.seq}`)).status).toBe(503);
      const { messages } = await poll(behind.url, { since: id });
      expect(messages.map(({ message }) => message)).toEqual(['new', 'question', 'answer']);
      way.resume();
      await expect
        .poll(async () => (await call(behind.url, `/messages?since=${last.seq}`)).status, { timeout: 15_000 })
        .toBe(200);
    },
  );

  it('do not take a cursor for gone by what they asked before it was given', async () => {
    const natsStream = `together-${++streams}`;
    const way = await startTcpProxy({ port: Number(new URL(nats().url).port) });
    const ahead = await startSharing([nats()], { natsStream });
    const behind = await startSharing([{ ...nats(), url: way.url.replace('http:', 'nats:') }], { natsStream });
    way.delayMs = 150;
    const early = call(behind.url, '/messages?since=1');
    await pause(1.5 * way.delayMs); // the question has come to NATS, its answer is on the way
    expect(await post(ahead.url, 'text')).toMatchObject({ seq: 1 });
    const ask = async () => (await call(behind.url, '/messages?since=1')).status;
    let status = await ask();
    while (status === 503) status = await ask(); // not known yet, on a machine that is slow: that says nothing of it
    expect(status).toBe(200);
    await early;
  });

  it('know that a cursor is gone which none of them has reached', async () => {
    const urls = await startServers(2);
    const { id } = await post(urls[0]!, 'text');
    for (const url of urls) expect((await call(url, `/messages?since=${id + 1}`)).status).toBe(410);
  });

  it('post a message once that is sent to all of them with one key', async () => {
    const urls = await startServers(3);
    for (let nth = 0; nth < 20; nth++) {
      const answers = await Promise.all(
        urls.map((url) => write(url, '/messages', { user: 'Azin', message: `once ${nth}` }, { key: `k-${nth}` })),
      );
      const [first, ...others] = answers.map(({ json }) => json as Message);
      for (const one of others) expect(one).toEqual(first);
      expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([201]));
    }
    const { messages } = await poll(urls[0]!, { since: 0 });
    expect(messages).toHaveLength(20);
  });

  it('refuse a key that another has taken for another message', async () => {
    const urls = await startServers(2);
    for (let nth = 0; nth < 20; nth++) {
      const answers = await Promise.all(
        urls.map((url, index) =>
          write(url, '/messages', { user: 'Azin', message: `text ${index}` }, { key: `k${nth}` }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 422]));
    }
  });

  it('let the author of a message change it on any of them', async () => {
    const urls = await startServers(3);
    const { token } = await identify(urls[0]!);
    const { id } = await post(urls[0]!, 'text', { token });
    const edited = await write(urls[1]!, `/messages/${id}`, { message: 'edited' }, { method: 'PATCH', token });
    expect(edited).toMatchObject({ status: 200, json: { message: 'edited' } });
    const deleted = await write(urls[2]!, `/messages/${id}`, undefined, { method: 'DELETE', token });
    expect(deleted).toMatchObject({ status: 200, json: { id, deleted: true } });
  });

  it('release a scheduled message once, also when it is due on all of them at once', async () => {
    const clock = createClock();
    const urls = await startServers(3, { clock });
    const { token } = await identify(urls[0]!);
    const sendAt = new Date(clock.now() + 5_000).toISOString();
    for (let nth = 0; nth < 5; nth++) {
      await write(urls[nth % 3]!, '/messages', { user: 'Azin', message: `later ${nth}`, sendAt }, { token });
    }
    for (const url of urls) {
      const scheduled = async () =>
        (await call(url, '/scheduled', { headers: { Authorization: `Bearer ${token}` } })).json;
      await expect.poll(scheduled).toHaveLength(5);
    }
    const { since } = await poll(urls[0]!);
    const watcher = await connectWs(urls[0]!, { since });
    clock.advance(5_000);
    for (let nth = 0; nth < 5; nth++) await watcher.nextOf('message');
    const { id } = await post(urls[1]!, 'after them'); // what came later would come before it, or be refused
    await poll(urls[2]!, { since: id });
    const { messages } = await poll(urls[2]!, { since: 0 });
    expect(messages.map(({ message }) => message).toSorted()).toEqual([
      'after them',
      ...Array.from({ length: 5 }, (_, nth) => `later ${nth}`),
    ]);
  });

  it('release what was scheduled on one of them that is gone', async () => {
    const clock = createClock();
    const natsStream = `together-${++streams}`;
    const [gone, left] = [
      await startSharing([nats()], { natsStream, clock }),
      await startSharing([nats()], { natsStream, clock }),
    ];
    const { token } = await identify(gone.url);
    const sendAt = new Date(clock.now() + 5_000).toISOString();
    await write(gone.url, '/messages', { user: 'Azin', message: 'later', sendAt }, { token });
    const { since } = await poll(gone.url);
    await gone.stop();
    const coming = poll(left.url, { since, wait: 10 });
    await poll(left.url, { since });
    clock.advance(5_000);
    expect((await coming).messages).toMatchObject([{ message: 'later' }]);
  });

  it('tell a server that starts with nothing all that was said, but for what was deleted', async () => {
    const natsStream = `together-${++streams}`;
    const { url } = await startSharing([nats()], { natsStream });
    const { token } = await identify(url);
    const posted = [];
    for (let nth = 0; nth < 10; nth++) posted.push(await post(url, `text ${nth}`, { token }));
    for (const { id } of posted.slice(0, 3)) {
      await write(url, `/messages/${id}`, { message: `edited ${id}` }, { method: 'PATCH', token });
      await write(url, `/messages/${id}`, undefined, { method: 'DELETE', token });
    }
    const late = await startSharing([nats()], { natsStream });
    expect(await poll(late.url, { since: 0 })).toEqual(await poll(url, { since: 0 }));
  });
});
