/** Messages that wait for their time. The clock is moved by hand. */
import { describe, expect, it } from 'vitest';
import { call, identify, poll, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startTestServer } from '../harness/server.ts';
import { accepted, openIdentified, refusal, WAYS_TO_SPEAK } from '../harness/speakers.ts';
import type { Message, ScheduledMessage } from '../../protocol/envelope.ts';
import type { ManualClock } from '../harness/clock.ts';

const YEAR_MS = 366 * 24 * 3_600_000;

const start = async (options = {}) => {
  const clock = createClock();
  const { url, dataDir, stop } = await startTestServer({ journal: 'memory', clock, ...options });
  return {
    clock,
    url,
    dataDir,
    stop,
    inMs: (ms: number) => new Date(clock.now() + ms).toISOString(),
    ...(await identify(url)),
  };
};

describe.each(WAYS_TO_SPEAK)('over $name', (way) => {
  it('is answered with what waits and until when', async () => {
    const { url, inMs } = await start();
    const azin = await openIdentified(way, url);
    const sendAt = inMs(60_000);
    const answer = await accepted(azin.say({ message: 'later', sendAt }));
    expect(answer).toEqual({ scheduled: expect.stringMatching(/^.{8,}$/), sendAt });
    expect((await poll(url)).messages).toEqual([]);
    expect(await listOf(url, azin.token)).toEqual([
      { scheduled: answer.scheduled, sendAt, room: 'lobby', user: 'Azin', message: 'later' },
    ]);
  });

  it('gives the time back in UTC with milliseconds, whatever its offset was', async () => {
    const { url } = await start();
    const azin = await openIdentified(way, url);
    for (const sendAt of [
      '2027-01-01T01:30:00+02:30',
      '2026-12-31T23:00:00Z',
      '2026-12-31t22:00:00.0000-01:00',
      '2026-12-31t23:00:00z',
    ]) {
      expect(await accepted(azin.say({ message: 'later', sendAt }))).toMatchObject({
        sendAt: '2026-12-31T23:00:00.000Z',
      });
    }
  });

  it('needs an identity', async () => {
    const { url, inMs } = await start();
    const nobody = await way.open(url);
    expect(await refusal(nobody.say({ message: 'later', sendAt: inMs(60_000) }))).toBe('identity-required');
  });

  it('must be in the future, at most a year', async () => {
    const { url, inMs } = await start();
    const azin = await openIdentified(way, url);
    for (const ms of [-60_000, -1, 0, YEAR_MS + 1]) {
      const { problem } = await azin.say({ message: 'later', sendAt: inMs(ms) });
      expect(problem).toMatchObject({ code: 'invalid-message', errors: [{ field: 'sendAt' }] });
    }
    expect(await refusal(azin.say({ message: 'later', sendAt: inMs(1) }))).toBeUndefined();
    expect(await refusal(azin.say({ message: 'later', sendAt: inMs(365 * 24 * 3_600_000) }))).toBeUndefined();
  });

  it.each([
    'tomorrow',
    '',
    '2027-01-01',
    '2027-01-01T10:00:00',
    '2027-01-01 10:00:00Z',
    '2027-02-30T10:00:00Z',
    '2027-13-01T10:00:00Z',
    '2027-01-01T24:00:01Z',
    '2027-01-01T10:00Z',
    '2027-01-01T10:00:00+25:00',
    '+002027-01-01T10:00:00Z',
    1_800_000_000_000,
    null,
    true,
    {},
  ])('refuses %j as a time', async (sendAt) => {
    const { url } = await start();
    const azin = await openIdentified(way, url);
    const { problem } = await azin.say({ message: 'later', sendAt });
    expect(problem).toMatchObject({ code: 'invalid-message', errors: [{ field: 'sendAt' }] });
  });

  it('is refused where a message would be, and then does not wait', async () => {
    const { url, inMs } = await start();
    const azin = await openIdentified(way, url);
    const sendAt = inMs(1_000);
    expect(await refusal(azin.say({ message: '', sendAt }))).toBe('invalid-message');
    expect(await refusal(azin.say({ message: 'x', sendAt, replyTo: 7 }))).toBe('invalid-message');
    expect(await listOf(url, azin.token)).toEqual([]);
  });

  it('waits in a hundred at most, also when they come all at once', async () => {
    const { url, inMs } = await start();
    const azin = await openIdentified(way, url);
    const sendAt = inMs(60_000);
    const codes = await Promise.all(
      Array.from({ length: 120 }, (_, index) => refusal(azin.say({ message: `${index}`, sendAt }, `key-${index}`))),
    );
    expect(codes.filter((code) => code === undefined)).toHaveLength(100);
    expect(codes.filter((code) => code === 'rate-limited')).toHaveLength(20);
    const waiting = await listOf(url, azin.token);
    expect(waiting).toHaveLength(100);
    const bela = await openIdentified(way, url);
    expect(await refusal(bela.say({ message: 'mine', sendAt }))).toBeUndefined();
    // What was refused can be asked for again with its key, once there is room.
    await withdraw(url, waiting[0]?.scheduled ?? '', azin.token);
    expect(
      await refusal(
        azin.say({ message: `${codes.indexOf('rate-limited')}`, sendAt }, `key-${codes.indexOf('rate-limited')}`),
      ),
    ).toBeUndefined();
    expect(await listOf(url, azin.token)).toHaveLength(100);
  });

  it('counts the same key once, while it waits and after it came out', async () => {
    const { url, clock, inMs } = await start();
    const azin = await openIdentified(way, url);
    const fields = { message: 'later', sendAt: inMs(5_000) };
    const first = await accepted(azin.say(fields, 'key-1'));
    expect(await accepted(azin.say(fields, 'key-1'))).toEqual(first);
    expect(await refusal(azin.say({ ...fields, message: 'other' }, 'key-1'))).toBe('idempotency-mismatch');
    expect(await refusal(azin.say({ message: 'later' }, 'key-1'))).toBe('idempotency-mismatch');
    expect(await listOf(url, azin.token)).toHaveLength(1);
    const [message] = await comeOut(url, clock, 5_000, 1);
    expect(message).toMatchObject({ message: 'later', key: 'key-1', author: azin.author });
    expect(await accepted(azin.say(fields, 'key-1'))).toEqual(message);
    expect(await refusal(azin.say({ ...fields, message: 'other' }, 'key-1'))).toBe('idempotency-mismatch');
    expect((await poll(url)).messages).toHaveLength(1);
  });
});

it('answers 202 over HTTP, without a place', async () => {
  const { url, token, inMs } = await start();
  const answer = await write(url, '/messages', { user: 'Azin', message: 'x', sendAt: inMs(1_000) }, { token });
  expect([answer.status, answer.headers.get('location')]).toEqual([202, null]);
});

it('answers the hundred and first with 429 and when to try again', async () => {
  const { url, token, inMs } = await start();
  const body = { user: 'Azin', message: 'x', sendAt: inMs(60_000) };
  const answers = await Promise.all(Array.from({ length: 101 }, () => write(url, '/messages', body, { token })));
  const refused = answers.filter(({ status }) => status !== 202);
  expect(refused.map(({ status }) => status)).toEqual([429]);
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
});

it('comes out at its time, with all it had, and is then on no list', async () => {
  const { url, clock, token, author, inMs } = await start();
  const parent = await post(url, { message: 'parent', room: 'attic' });
  const sendAt = inMs(3_600_000);
  const fields = { user: ' Azin ', message: 'later ', room: 'attic', color: '#AABBCC', replyTo: parent.id, sendAt };
  await write(url, '/messages', fields, { token });
  clock.advance(3_599_000);
  expect((await poll(url, { room: 'attic' })).messages).toEqual([parent]);
  const [message] = await comeOut(url, clock, 1_000, 1, 'attic');
  expect(message).toEqual({
    id: message?.seq,
    seq: message?.seq,
    room: 'attic',
    user: 'Azin',
    author,
    message: 'later',
    color: '#aabbcc',
    replyTo: parent.id,
    timestamp: sendAt,
  });
  expect(await listOf(url, token)).toEqual([]);
});

it('gets its seq when it comes out, above all that was posted meanwhile', async () => {
  const { url, clock, token, inMs } = await start();
  await write(url, '/messages', { user: 'Azin', message: 'later', sendAt: inMs(1_000) }, { token });
  const between = await post(url, 'between');
  const [message] = await comeOut(url, clock, 1_000, 1);
  expect(message?.id).toBeGreaterThan(between.id);
});

it('is its author’s: edited, deleted and reacted to like any other', async () => {
  const { url, clock, token, inMs } = await start();
  await write(url, '/messages', { user: 'Azin', message: 'later', sendAt: inMs(1_000) }, { token });
  const [message] = await comeOut(url, clock, 1_000, 1);
  const path = `/messages/${message?.id}`;
  expect((await write(url, path, { message: 'edited' }, { method: 'PATCH', token })).status).toBe(200);
  expect((await write(url, `${path}/reactions/👍`, undefined, { method: 'PUT', token })).status).toBe(200);
  expect((await write(url, path, undefined, { method: 'DELETE', token })).json).toMatchObject({ deleted: true });
});

it('lists one’s own, the next first, and nobody else’s', async () => {
  const { url, token, inMs } = await start();
  const other = await identify(url);
  for (const ms of [3_000, 1_000, 2_000]) {
    await write(url, '/messages', { user: 'Azin', message: `in ${ms}`, sendAt: inMs(ms) }, { token });
  }
  expect((await listOf(url, token)).map(({ message }) => message)).toEqual(['in 1000', 'in 2000', 'in 3000']);
  expect(await listOf(url, other.token)).toEqual([]);
  expect((await call(url, '/scheduled')).status).toBe(401);
});

describe('withdrawing', () => {
  it('takes it back, once', async () => {
    const { url, clock, token, inMs } = await start();
    await write(url, '/messages', { user: 'Azin', message: 'later', sendAt: inMs(1_000) }, { token });
    const [waiting] = await listOf(url, token);
    expect((await withdraw(url, waiting!.scheduled, token)).status).toBe(204);
    expect((await withdraw(url, waiting!.scheduled, token)).json).toMatchObject({ code: 'not-found' });
    expect(await listOf(url, token)).toEqual([]);
    await write(url, '/messages', { user: 'Azin', message: 'another', sendAt: inMs(2_000) }, { token });
    expect((await comeOut(url, clock, 5_000, 1)).map(({ message }) => message)).toEqual(['another']);
  });

  it('is 404 for someone else’s, for what came out and for what never was, and 401 without identity', async () => {
    const { url, clock, token, inMs } = await start();
    const other = await identify(url);
    await write(url, '/messages', { user: 'Azin', message: 'later', sendAt: inMs(1_000) }, { token });
    const [waiting] = await listOf(url, token);
    const id = waiting?.scheduled ?? '';
    expect((await withdraw(url, id, other.token)).status).toBe(404);
    expect((await withdraw(url, id)).status).toBe(401);
    for (const wrong of ['x', '1', '__proto__', '%00', `${id}x`, id.toUpperCase(), '..']) {
      expect([404, 405]).toContain((await withdraw(url, wrong, token)).status);
    }
    await comeOut(url, clock, 1_000, 1);
    expect((await withdraw(url, id, token)).status).toBe(404);
  });

  it('and coming out at one moment end in one of both, and hold up no one else', async () => {
    const { url, clock, token, inMs } = await start({ journal: 'sqlite' });
    const other = await identify(url);
    await write(url, '/messages', { user: 'Azin', message: 'at once', sendAt: inMs(1_000) }, { token });
    await write(url, '/messages', { user: 'Bela', message: 'next', sendAt: inMs(1_000) }, { token: other.token });
    const [waiting] = await listOf(url, token);
    const { since } = await poll(url);
    const next = poll(url, { since, wait: 20 });
    const withdrawing = withdraw(url, waiting?.scheduled ?? '', token);
    clock.advance(1_000);
    const { status } = await withdrawing;
    await next;
    const last = await post(url, 'last');
    const { messages } = await poll(url, { since });
    const texts = messages.map(({ message }) => message);
    expect(texts).toEqual(status === 204 ? ['next', last.message] : ['at once', 'next', last.message]);
  });
});

it('comes out in due order, those of one time in the order they were asked for', async () => {
  const { url, clock, token, inMs } = await start();
  const times = [5_000, 1_000, 3_000, 1_000, 5_000, 2_000];
  for (const [index, ms] of times.entries()) {
    await write(url, '/messages', { user: 'Azin', message: `${ms} ${index}`, sendAt: inMs(ms) }, { token });
  }
  const messages = await comeOut(url, clock, 60_000, times.length);
  expect(messages.map(({ message }) => message)).toEqual(['1000 1', '1000 3', '2000 5', '3000 2', '5000 0', '5000 4']);
});

it('comes out at its time also when the clock on the wall was set forward', async () => {
  const { url, clock, token, inMs } = await start();
  await write(url, '/messages', { user: 'Azin', message: 'later', sendAt: inMs(3_600_000) }, { token });
  clock.jump(3_600_000);
  const [message] = await comeOut(url, clock, 31_000, 1);
  expect(message?.message).toBe('later');
});

async function listOf(url: string, token: string): Promise<ScheduledMessage[]> {
  const { status, json } = await call(url, '/scheduled', { headers: { authorization: `Bearer ${token}` } });
  expect(status).toBe(200);
  return json as ScheduledMessage[];
}

function withdraw(url: string, id: string, token?: string) {
  return write(url, `/scheduled/${id}`, undefined, { method: 'DELETE', ...(token !== undefined && { token }) });
}

/** Let time pass, and see so many messages come out. */
async function comeOut(url: string, clock: ManualClock, ms: number, count: number, room = 'lobby'): Promise<Message[]> {
  const { since } = await poll(url, { room });
  clock.advance(ms);
  for (;;) {
    const { messages } = await poll(url, { room, since });
    if (messages.length >= count) return messages;
    clock.advance(0); // what was set meanwhile for a time that has come
  }
}
