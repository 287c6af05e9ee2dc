/** A disk that is full, and has room again: nothing is restarted. */
import { describe, expect, it, vi } from 'vitest';
import { call, expectProblem, post, write } from '../harness/api.ts';
import { startServerProcess } from '../harness/process.ts';
import { makeDataDir } from '../harness/server.ts';
import { connectSse } from '../harness/stream-client.ts';
import { connectWs } from '../harness/ws-client.ts';
import { untilLogsGrow } from './logs.ts';
import { waysToFill } from './small-disk.ts';
import { isAscending, readAll } from './writers.ts';
import type { Message } from '../../protocol/envelope.ts';

/** It looks for itself each second; a busy machine takes longer. */
const WITHIN = { timeout: 30_000, interval: 100 };
const TIMEOUT_MS = 90_000;

describe.each(waysToFill())('when $name', ({ make, says }) => {
  it('refuses what it cannot keep, goes on reading, and recovers by itself', { timeout: TIMEOUT_MS }, async () => {
    const disk = make();
    const server = await startServerProcess({ dataDir: disk.dataDir });
    const { url } = server;
    await untilLogsGrow(disk.dataDir);
    const [sse, ws] = [await connectSse(url, { since: 0 }), await connectWs(url, { since: 0 })];
    const accepted: Message[] = [];
    const refused: string[] = [];
    let sent = 0;
    // Without keys: what was answered no to must never appear, or trying again would double it.
    const say = async () => {
      const message = `text ${++sent} ${'x'.repeat(sent % 2_000)}`.trim();
      const answer = await write(url, '/messages', { user: 'Azin', message });
      if (answer.status === 201) accepted.push(answer.json as Message);
      else {
        expectProblem(answer, 503, 'overloaded');
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        refused.push(message);
      }
    };
    for (let nth = 0; nth < 30; nth++) await say();
    expect(refused).toEqual([]);
    const search = async () => (await call(url, `/search?q=${encodeURIComponent('"text 7"')}`)).json;
    expect(await search()).toHaveLength(1); // which takes it into the index too

    disk.fill(server);
    while (refused.length < 50) await Promise.all(Array.from({ length: 10 }, () => say()));
    const full = await call(url, '/readyz');
    expectProblem(full, 503, 'overloaded');
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await call(url, '/healthz')).status).toBe(200);
    expect(await readAll(url)).toEqual(accepted.toSorted((one, other) => one.id - other.id));
    expect((await call(url, '/messages?before=20&limit=5')).json).toHaveLength(5);
    expect(await search()).toMatchObject([{ message: expect.stringContaining('text 7') }]);
    const answer = await ws.ask('send-message', { user: 'Azin', message: 'by WebSocket' });
    expect(answer).toMatchObject({ command: 'rejected', message: { code: 'overloaded' } });

    expect(server.stderr()).toContain(says);
    disk.free(server);
    await vi.waitFor(async () => expect((await call(url, '/readyz')).status).toBe(200), WITHIN);
    const last = await post(url, 'there is room again');
    accepted.push(last);

    const kept = await readAll(url);
    expect(kept.map(({ message }) => message).toSorted()).toEqual(accepted.map(({ message }) => message).toSorted());
    // Those who listened heard all of it, once and in order.
    const heard: Message[][] = [[], []];
    while (heard[0]?.at(-1)?.id !== last.id) heard[0]?.push(await sse.message());
    while (heard[1]?.at(-1)?.id !== last.id) heard[1]?.push(await ws.nextOf('message'));
    expect(heard).toEqual([kept, kept]);
    expect(isAscending(kept.map(({ seq }) => seq))).toBe(true);

    // And it is on the disk: another process finds it.
    await server.end('SIGKILL');
    const again = await startServerProcess({ dataDir: disk.dataDir });
    expect(await readAll(again.url)).toEqual(kept);
  });

  it(
    'stops in an orderly way, and has what it accepted when it is started with room',
    { timeout: TIMEOUT_MS },
    async () => {
      const disk = make();
      const server = await startServerProcess({ dataDir: disk.dataDir });
      const accepted: string[] = [];
      for (let nth = 0; nth < 20; nth++) accepted.push((await post(server.url, `text ${nth}`)).message);
      disk.fill(server);
      for (let isFull = false; !isFull;) {
        const message = `text ${accepted.length}`;
        const { status } = await write(server.url, '/messages', { user: 'Azin', message });
        if (status === 201) accepted.push(message);
        isFull = status === 503;
      }
      expect(await server.end('SIGTERM')).toBe(0);
      disk.free(server);
      const again = await startServerProcess({ dataDir: disk.dataDir });
      expect((await readAll(again.url)).map(({ message }) => message)).toEqual(accepted);
    },
  );
});

it(
  'says in one line that it cannot start on a full disk, and starts when there is room',
  { timeout: TIMEOUT_MS },
  async () => {
    // 2 KB a file: not even an empty database.
    const dataDir = makeDataDir();
    const failing = startServerProcess({ dataDir, wrapper: ['prlimit', '--fsize=2048:unlimited'] });
    await expect(failing).rejects.toThrow(/^the server ended with code 1: DATA_DIR [^\n]+\n$/);
    const { url } = await startServerProcess({ dataDir });
    expect((await call(url, '/readyz')).status).toBe(200);
  },
);
