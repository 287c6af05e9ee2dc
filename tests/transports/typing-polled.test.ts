/** Who is writing, for those who have nothing but requests. The clock is moved by hand. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import * as limits from '../../backend/limits.ts';
import { createRecentTyping } from '../../backend/transports/recent-typing.ts';
import { createTyping } from '../../backend/transports/typing.ts';
import { call, expectProblem, identify, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { Json } from '../../backend/journal/journal.ts';
import type { TestServerOptions } from '../harness/server.ts';

interface Heard {
  users: string[];
  /** What to ask with the next time. */
  typing: number;
  texts: string[];
}

async function start(options: TestServerOptions = {}) {
  const clock = createClock();
  const { url } = await startTestServer({ journal: 'memory', clock, ...options });
  const [azin, bela] = [await identify(url), await identify(url)];
  await post(url, 'so that there is a cursor');

  const tell = (body: object = { user: 'Azin' }, token: string | undefined = azin.token) =>
    write(url, '/typing', body, token === undefined ? {} : { token });
  const ask = async (query: string, token: string | undefined = bela.token): Promise<Heard> => {
    const headers = { Authorization: `Bearer ${token}` };
    const { status, json, headers: told } = await call(url, `/messages?${query}`, { headers });
    expect(status).toBe(200);
    const users = (told.get('typing') ?? '').split(',').filter(Boolean).map(decodeURIComponent);
    const texts = (json as { message: string }[]).map(({ message }) => message);
    return { users, typing: Number(told.get('next-typing')), texts };
  };
  const held = async (count: number) => {
    for (;;) {
      const { text } = await call(url, '/metrics');
      if (text.includes(`chat_connections{transport="longpoll"} ${count}\n`)) return;
      await nextTurn();
    }
  };
  return { url, clock, azin, bela, tell, ask, held };
}

describe('a request that tells of writing', () => {
  it('reaches the others on WebSockets, and is answered by nothing', async () => {
    const { url, clock, tell } = await start();
    const [ear, elsewhere] = [await connectWs(url), await connectWs(url, { room: 'attic' })];
    expect(await tell({ user: ' Azin ', room: 'lobby' })).toMatchObject({ status: 204, text: '' });
    clock.advance(200);
    expect(await ear.nextOf('typing')).toEqual({ room: 'lobby', user: 'Azin' });
    await post(url, { message: 'done', room: 'attic' });
    await elsewhere.nextOf('message');
    expect(elsewhere.received.map(({ command }) => command)).not.toContain('typing');
  });

  it('needs no identity, and is taken once a second from an address without one', async () => {
    const { url, clock, tell } = await start();
    const ear = await connectWs(url);
    for (const user of ['Azin', 'Bela']) expect(await write(url, '/typing', { user })).toMatchObject({ status: 204 });
    await tell({ user: 'Cy' });
    clock.advance(200);
    expect([await ear.nextOf('typing'), await ear.nextOf('typing')]).toMatchObject([{ user: 'Azin' }, { user: 'Cy' }]);
    clock.advance(1_000);
    await write(url, '/typing', { user: 'Bela' });
    clock.advance(200);
    expect(await ear.nextOf('typing')).toMatchObject({ user: 'Bela' });
  });

  it.each([{}, { user: '' }, { user: 'x'.repeat(41) }, { user: '\u202ex' }, { user: 5 }, { user: 'A', room: 'Attic' }])(
    'is refused with %j',
    async (body) => {
      const { tell } = await start();
      expectProblem(await tell(body), 400, 'invalid-message');
    },
  );

  it('is refused where any other writing is', async () => {
    const { url } = await start();
    expectProblem(await write(url, '/typing', { user: 'Azin' }, { token: 'x.y' }), 401, 'identity-required');
    expectProblem(await call(url, '/typing', { method: 'POST', body: '{}' }), 415, 'unsupported-media-type');
    expectProblem(await write(url, '/typing', []), 400, 'malformed-json');
    const other = await call(url, '/typing');
    expectProblem(other, 405, 'method-not-allowed');
    expect(other.headers.get('allow')).toMatch(/^POST\b/);
  });

  it('counts as one of the requests that an identity may make', async () => {
    const rateLimit = 3;
    const { tell } = await start({ rateLimit });
    for (let count = 0; count < rateLimit * limits.REQUESTS_PER_WRITE; count++) expect((await tell()).status).toBe(204);
    expectProblem(await tell(), 429, 'rate-limited');
  });
});

describe('a poll', () => {
  it('that is held and asks for it is answered when someone begins to write', async () => {
    const { clock, tell, ask, held } = await start();
    const answer = ask('since=1&wait=55&typing=0');
    await held(1);
    await tell({ user: 'Äzin, 你好 🎉' });
    clock.advance(200);
    expect(await answer).toMatchObject({ users: ['Äzin, 你好 🎉'], texts: [] });
  });

  it('hears of those on WebSockets', async () => {
    const { url, clock, ask, held } = await start();
    const azin = await connectWs(url);
    const answer = ask('since=1&wait=55&typing=0');
    await held(1);
    await azin.ask('typing', { user: 'Azin' }, 'k');
    clock.advance(200);
    expect(await answer).toMatchObject({ users: ['Azin'] });
  });

  it('that does not ask for it stays held, and no answer names anyone', async () => {
    const { url, clock, tell, ask, held } = await start();
    const answer = ask('since=1&wait=55');
    const asking = ask('since=1&wait=55&typing=0');
    await held(2);
    await tell();
    clock.advance(200);
    await asking;
    await held(1);
    expect(await ask('since=0')).toEqual({ users: [], typing: 0, texts: ['so that there is a cursor'] });
    await post(url, 'here');
    expect(await answer).toEqual({ users: [], typing: 0, texts: ['here'] });
  });

  it('in another room, or of the one who writes, stays held', async () => {
    const { url, azin, clock, tell, ask, held } = await start();
    const own = ask('since=1&wait=55&typing=0', azin.token);
    const elsewhere = ask('room=attic&since=1&wait=55&typing=0');
    const other = ask('since=1&wait=55&typing=0');
    await held(3);
    await tell();
    clock.advance(200);
    expect((await other).users).toEqual(['Azin']);
    await held(2);
    await post(url, 'here');
    await post(url, { message: 'there', room: 'attic' });
    expect(await own).toEqual({ users: [], typing: 0, texts: ['here'] });
    expect(await elsewhere).toEqual({ users: [], typing: 0, texts: ['there'] });
  });

  it('is told at once who began between two polls, once', async () => {
    const { url, clock, tell, ask, held } = await start();
    await tell();
    clock.advance(200);
    const { users, typing } = await ask('since=1&wait=55&typing=0');
    expect(users).toEqual(['Azin']);
    const next = ask(`since=1&wait=55&typing=${typing}`);
    await held(1);
    await post(url, 'here');
    expect(await next).toEqual({ users: [], typing: 0, texts: ['here'] });
  });

  it('that is not held is told what is fresh, with the messages, and nothing old', async () => {
    const { clock, tell, ask } = await start();
    await tell();
    clock.advance(200);
    expect(await ask('typing=0')).toMatchObject({ users: ['Azin'], texts: ['so that there is a cursor'] });
    expect(await ask('since=0&typing=0')).toMatchObject({ users: ['Azin'], texts: ['so that there is a cursor'] });
    expect(await ask('before=5&typing=0')).toMatchObject({ users: [] });
    clock.advance(limits.TYPING_FRESH_MS);
    expect(await ask('since=0&typing=0')).toMatchObject({ users: [] });
  });

  it('is not told of one whose message is there by then', async () => {
    const { url, clock, tell, ask } = await start();
    await tell({ user: 'Azin' });
    await tell({ user: 'Cy' }, (await identify(url)).token);
    clock.advance(200);
    await post(url, { user: 'Azin', message: 'said' });
    expect(await ask('since=1&wait=55&typing=0')).toMatchObject({ users: ['Cy'], texts: ['said'] });
  });

  it.each(['', '-1', '1.5', 'x', '1e3', '0x1', '99999999999999999', '%F0%9F', '1&typing=2', ' 1'])(
    'is refused with typing=%s',
    async (typing) => {
      const { url } = await start();
      expectProblem(await call(url, `/messages?since=1&wait=1&typing=${typing}`), 400, 'invalid-query');
    },
  );

  it('that asks with a time to come is told all the same', async () => {
    const { clock, tell, ask } = await start();
    await tell();
    clock.advance(200);
    expect((await ask(`since=1&typing=${Number.MAX_SAFE_INTEGER}`)).users).toEqual(['Azin']);
  });

  it('that was answered by a message is not answered again', async () => {
    const { url, clock, tell, ask, held } = await start();
    const answer = ask('since=1&wait=55&typing=0');
    await held(1);
    await post(url, 'here');
    expect((await answer).texts).toEqual(['here']);
    await tell({ user: 'Cy' });
    clock.advance(200);
    expect((await ask('since=1&typing=0')).users).toEqual(['Cy']);
    expect((await call(url, '/metrics')).text).not.toMatch(/chat_refusals_total\{code="internal"\} [1-9]/);
  });

  it('leaves nothing behind when it ends', async () => {
    const { url, clock, tell, held } = await start();
    const idle = clock.pending();
    const leaving = new AbortController();
    const left = call(url, '/messages?since=1&wait=55&typing=0', { signal: leaving.signal }).catch(() => 'left');
    await held(1);
    leaving.abort();
    expect(await left).toBe('left');
    await held(0);
    await tell();
    clock.advance(60_000);
    expect(clock.pending()).toBeLessThanOrEqual(idle);
  });
});

describe('a crowd', () => {
  const typists = (...users: string[]) =>
    new Map(users.map((user) => [user, { user, author: undefined, isHere: true }]));

  function startCrowd(count: number) {
    const clock = createClock();
    const recent = createRecentTyping(clock);
    let answers = 0;
    const told = Array.from({ length: count }, () => 0);
    const hold = (index: number) => {
      const asking = { told: told[index] ?? 0, author: undefined };
      const news = recent.after('lobby', asking);
      if (news === undefined) return void recent.once('lobby', asking, () => answer(index));
      told[index] = news.next;
      hold(index);
    };
    const answer = (index: number) => {
      answers++;
      told[index] = recent.after('lobby', { told: told[index] ?? 0, author: undefined })?.next ?? 0;
      expect(told[index]).toBeGreaterThan(0);
      hold(index);
    };
    for (const index of told.keys()) hold(index);
    return { clock, recent, answers: () => answers };
  }

  it('that polls is answered at intervals, whatever is typed', () => {
    const { clock, recent, answers } = startCrowd(1_000);
    for (let tenths = 0; tenths < 100; tenths++) {
      recent.add('lobby', typists(`U${tenths}`, `V${tenths}`));
      clock.advance(100);
    }
    // Every four seconds, as there are a thousand: at the beginning, and at 4 and 8 s.
    expect(answers()).toBe(3_000);
    const comesNow = { told: 0, author: undefined };
    expect(recent.after('lobby', comesNow)).toBeDefined();
    clock.advance(1_100); // 3.1 s after it was told; it is not told again before 4 s
    expect(recent.after('lobby', comesNow)).toBeUndefined();
  });

  it('of two is told after three seconds of who else began', () => {
    const { clock, recent, answers } = startCrowd(2);
    recent.add('lobby', typists('Azin'));
    expect(answers()).toBe(2);
    recent.add('lobby', typists('Bela'));
    clock.advance(2_900);
    expect(answers()).toBe(2);
    clock.advance(200);
    expect(answers()).toBe(4);
  });

  it('that is told seldom is not told of one who has stopped long since', () => {
    const { clock, recent, answers } = startCrowd(2_000);
    recent.add('lobby', typists('Azin'));
    clock.advance(1_000);
    recent.add('lobby', typists('Bela'));
    clock.advance(7_000); // Every eight seconds, as there are two thousand.
    expect(answers()).toBe(2_000);
    recent.add('lobby', typists('Cy'));
    expect(answers()).toBe(4_000);
    recent.add('lobby', typists('Bela'));
    clock.advance(6_000);
    recent.add('lobby', typists('Bela', 'Dee'));
    clock.advance(2_000);
    expect(recent.after('lobby', { told: 0, author: undefined })?.users).toEqual(['Bela', 'Dee']);
  });

  it('that writes on another server is told of whole, though it was heard of one by one', () => {
    const clock = createClock();
    const recent = createRecentTyping(clock);
    let hear = (_said: Json, _from: string) => {};
    createTyping(clock, recent.add, { say() {}, listen: (_topic, listener) => void (hear = listener) });
    for (const user of ['Azin', 'Bela', 'Cy']) {
      hear({ room: 'lobby', users: [user] }, 'other');
      clock.advance(1_000);
    }
    clock.advance(1_000);
    expect(recent.after('lobby', { told: 0, author: undefined })?.users).toEqual(['Bela', 'Cy']);
  });

  it('that writes fits into a header', () => {
    const recent = createRecentTyping(createClock());
    recent.add('lobby', typists(...Array.from({ length: 50 }, (_, index) => '🎉'.repeat(38) + index)));
    const { users } = recent.after('lobby', { told: 0, author: undefined })!;
    expect(users.length).toBeGreaterThan(2);
    expect(users.join().length).toBeLessThanOrEqual(limits.MAX_TYPING_HEADER_CHARS);
  });
});
