/** The clock on the wall is set, back and forward, while the server runs and while it does not. Order is by number alone. */
import { expect, it, vi } from 'vitest';
import { call, identify, poll, post, write } from '../harness/api.ts';
import { startServerProcess } from '../harness/process.ts';
import { makeDataDir } from '../harness/server.ts';
import { connectSse } from '../harness/stream-client.ts';
import { connectWs } from '../harness/ws-client.ts';
import { readAll } from './writers.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { ProcessOptions } from '../harness/process.ts';

const HOUR_MS = 3_600_000;

vi.setConfig({ testTimeout: 60_000 });

/** A clock that is wrong by SHIFT_MS, and at SIGUSR2 by STEP_MS more. */
const SHIFTED_CLOCK = `data:text/javascript,${encodeURIComponent(`
  const RealDate = Date;
  let shiftMs = Number(process.env.SHIFT_MS);
  globalThis.Date = class Date extends RealDate {
    constructor(...parts) { if (parts.length === 0) super(Date.now()); else super(...parts); }
    static now() { return RealDate.now() + shiftMs; }
  };
  process.on('SIGUSR2', () => (shiftMs += Number(process.env.STEP_MS)));
`)}`;

const start = (dataDir: string, shiftHours: number, stepHours = 0, options: ProcessOptions = {}) =>
  startServerProcess({
    dataDir,
    execArgv: ['--import', SHIFTED_CLOCK],
    ...options,
    env: { SHIFT_MS: String(shiftHours * HOUR_MS), STEP_MS: String(stepHours * HOUR_MS), ...options.env },
  });

it('keeps messages in the order they came, though their times go back and forward', async () => {
  const dataDir = makeDataDir();
  const posted: Message[] = [];
  for (const [shiftHours, stepHours] of [
    [0, -24],
    [-72, 48],
  ] as const) {
    const server = await start(dataDir, shiftHours, stepHours);
    const { url } = server;
    const [sse, ws] = [await connectSse(url, { since: 0 }), await connectWs(url, { since: 0 })];
    posted.push(await post(url, 'before it is set'));
    const { since } = await poll(url, { since: 0 });
    const held = poll(url, { since, wait: 30 });
    server.signal('SIGUSR2');
    const wasAt = Date.parse(posted.at(-1)?.timestamp ?? '');
    // A signal may be later than a request.
    do posted.push(await post(url, 'after it was set'));
    while (Math.abs(Date.parse(posted.at(-1)?.timestamp ?? '') - wasAt) < HOUR_MS);
    const all = await readAll(url);
    expect(all).toEqual(posted);
    expect((await poll(url)).messages).toEqual(posted);
    expect((await held).messages[0]?.seq).toBe(Number(since.split('-')[0]) + 1);
    for (const message of posted) expect(await sse.message()).toEqual(message);
    for (const message of posted) expect(await ws.nextOf('message')).toEqual(message);
    await server.end('SIGKILL');
  }
  expect(posted.map(({ id }) => id)).toEqual(posted.map((_, index) => index + 1));
  const times = posted.map(({ timestamp }) => timestamp);
  expect(times).not.toEqual(times.toSorted());
});

it('releases a scheduled message when the clock says so, once, also when it is set back afterwards', async () => {
  const dataDir = makeDataDir();
  const first = await start(dataDir, 0);
  const { token } = await identify(first.url);
  const later = { user: 'Azin', message: 'later', sendAt: new Date(Date.now() + HOUR_MS).toISOString() };
  expect((await write(first.url, '/messages', later, { token })).status).toBe(202);
  const next = await post(first.url, 'now');
  await first.end('SIGKILL');

  const second = await start(dataDir, 2);
  await vi.waitFor(async () => expect((await readAll(second.url)).length).toBe(2), { timeout: 30_000 });
  const all = await readAll(second.url);
  expect(all.map(({ message }) => message)).toEqual(['now', 'later']);
  expect(all[1]?.id).toBeGreaterThan(next.id);
  await second.end('SIGKILL');

  const third = await start(dataDir, -24);
  expect(await readAll(third.url)).toEqual(all);
  expect((await call(third.url, '/scheduled', { headers: { Authorization: `Bearer ${token}` } })).json).toEqual([]);
});

it('counts how much is written by the time that passes, not by the clock', async () => {
  const server = await start(makeDataDir(), 0, 24, { env: { RATE_LIMIT: '3' } });
  const say = async () => (await write(server.url, '/messages', { user: 'Azin', message: 'hello' })).status;
  const statuses = [await say(), await say(), await say(), await say()];
  expect(statuses).toEqual([201, 201, 201, 429]);
  server.signal('SIGUSR2');
  const asked = await call(server.url, '/healthz');
  expect(asked.status).toBe(200);
  expect(await say()).toBe(429);
});
