/** The start and the end of the real process: what it refuses to start with, and how it stops. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, poll, post } from '../harness/api.ts';
import { startServerProcess } from '../harness/process.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { makeDataDir, startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { AddressInfo } from 'node:net';

/** Milliseconds: two starts, and between them an end that waits 8 s for the rest of a request. */
const WHOLE_LIFE_MS = 60_000;
const MAIN = fileURLToPath(new URL('../../backend/main.ts', import.meta.url));

/** Start a server that must not start. */
async function startInVain(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  let stdout = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr, stdout };
}

/** It says why in one line that names the culprit, and ends with an error. */
async function expectRefusal(env: NodeJS.ProcessEnv, culprit: string | RegExp) {
  const { code, stderr, stdout } = await startInVain(env);
  expect(code).toBeGreaterThan(0);
  const lines = stderr.trimEnd().split('\n');
  expect(lines, stderr).toHaveLength(1);
  expect(lines[0]).toMatch(culprit);
  expect(stdout).not.toContain('/polling/');
  expect(stdout + stderr).not.toMatch(/\n\s+at |node:internal/);
}

describe('the start', () => {
  it.each<[variable: string, value: string]>([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', ''],
    ['JOURNAL', 'postgres'],
    ['JOURNAL', '__proto__'],
    ['ALLOWED_ORIGINS', 'chat.example'],
    ['ALLOWED_ORIGINS', 'https://chat.example/path'],
    ['RATE_LIMIT', '0'],
    ['RATE_LIMIT', 'none'],
    ['MAX_CONNECTIONS', '0'],
    ['MAX_CONNECTIONS', '1e4'],
    ['TRUST_PROXY', 'everyone'],
    ['LOG_LEVEL', 'loud'],
    ['HOST', ''],
    ['DATA_DIR', ''],
  ])('is refused with %s=%s', async (variable, value) => {
    await expectRefusal({ DATA_DIR: makeDataDir(), [variable]: value }, new RegExp(`\\b${variable}\\b`));
  });

  it('is refused on a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expectRefusal({ DATA_DIR: makeDataDir(), PORT: String(port) }, new RegExp(`\\bPORT\\b.*\\b${port}\\b`));
  });

  it('is refused on an address that is not of this machine', async () => {
    await expectRefusal({ DATA_DIR: makeDataDir(), HOST: '192.0.2.1' }, /\bHOST\b/);
  });

  it('is refused on a data directory that another server has', async () => {
    const { dataDir } = await startTestServer();
    await expectRefusal({ DATA_DIR: dataDir }, /\bDATA_DIR\b.*in use/);
  });

  it('is refused on a data directory that is a file', async () => {
    const path = join(makeDataDir(), 'file');
    writeFileSync(path, '');
    await expectRefusal({ DATA_DIR: path }, /\bDATA_DIR\b/);
    await expectRefusal({ DATA_DIR: join(path, 'below') }, /\bDATA_DIR\b/);
  });

  it('is refused on a data directory that cannot be made', async () => {
    await expectRefusal({ DATA_DIR: '/proc/since' }, /\bDATA_DIR\b/); // where not even root can
  });

  it.each(['journal.db', 'secret', 'server.lock'])('is refused where %s is damaged', async (name) => {
    const path = makeDataDir();
    writeFileSync(join(path, name), 'x'.repeat(name === 'secret' ? 3 : 8_192));
    await expectRefusal({ DATA_DIR: path }, /\bDATA_DIR\b|journal|damaged/);
  });
});

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s answers what is held, says goodbye, and keeps all',
    { timeout: WHOLE_LIFE_MS },
    async (signal) => {
      const server = await startServerProcess();
      const { url, port } = server;
      const { since } = await poll(url);
      const client = await connectWs(url, { room: 'attic' });
      await client.untilCaughtUp('attic');
      const held = [poll(url, { since, wait: 55 }), poll(url, { since, wait: 55, room: 'cellar' })];
      const half = await connectRaw(port);
      half.send('POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
      const silent = await connectRaw(port);
      const posted = await Promise.all(
        Array.from({ length: 50 }, (_, index) => post(url, { message: `${index}`, room: 'attic' })),
      );
      for (let index = 0; index < 50; index++) await client.nextOf('message');
      const before = Date.now();
      const code = await server.end(signal);
      expect(code).toBe(0);
      expect(Date.now() - before).toBeLessThan(10_000);
      expect(await client.closed).toMatchObject({ code: 1001 });
      for (const { messages } of await Promise.all(held)) expect(messages).toEqual([]);
      await silent.ended;
      expect(server.stderr()).not.toMatch(/\n\s+at /);

      const again = await startServerProcess({ dataDir: server.dataDir });
      const { messages } = await poll(again.url, { since: 0, room: 'attic' });
      expect(messages).toEqual(posted.toSorted((one, other) => one.seq - other.seq));
      expect((await poll(again.url, { since, room: 'attic' })).messages).toHaveLength(50);
    },
  );

  it('is quick where connections are only kept for later, and takes no new ones', async () => {
    const server = await startTestServer({ journal: 'memory' });
    const idle = await connectRaw(server.port);
    idle.send(['GET /healthz HTTP/1.1', 'Host: x', '']);
    await idle.response();
    const fresh = await connectRaw(server.port);
    const before = Date.now();
    await server.stop();
    expect(Date.now() - before).toBeLessThan(5_000);
    await Promise.all([idle.ended, fresh.ended]);
    await expect(call(server.url, '/healthz')).rejects.toThrow('fetch failed');
  });

  it('is quick where requests were under way, on connections that would be kept for later', async () => {
    const server = await startTestServer({ journal: 'memory' });
    const raw = await connectRaw(server.port);
    const body = '{"user": "Azin", "message": "The last word"}';
    const head = ['POST /messages HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
    raw.send([...head, `Content-Length: ${body.length}`, 'Expect: 100-continue', '']);
    expect((await raw.response()).status).toBe(100); // the request has begun
    const before = Date.now();
    const stopped = server.stop();
    raw.send(body);
    expect((await raw.response()).status).toBe(201);
    await stopped;
    expect(Date.now() - before).toBeLessThan(5_000);
  });

  it('answers what had come when it began, also on connections that had said nothing yet', async () => {
    const server = await startTestServer({ journal: 'memory' });
    const clients = await Promise.all(Array.from({ length: 50 }, async () => connectRaw(server.port)));
    for (const client of clients) client.send(['GET /messages HTTP/1.1', 'Host: x', '']);
    void server.stop();
    const answers = await Promise.all(clients.map(async (client) => client.response()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
  });

  it('keeps what was accepted while it came', async () => {
    const server = await startServerProcess();
    const accepted: number[] = [];
    const write = async (): Promise<void> => {
      const posted = await post(server.url, 'again and again').catch(() => undefined);
      if (posted === undefined) return; // the server is gone
      accepted.push(posted.id);
      await write();
    };
    const writing = Array.from({ length: 8 }, write);
    while (accepted.length < 100) await poll(server.url);
    expect(await server.end('SIGTERM')).toBe(0);
    await Promise.all(writing);
    const { url } = await startServerProcess({ dataDir: server.dataDir });
    let { messages, since, hasMore } = await poll(url, { since: 0 });
    const kept = new Set(messages.map(({ id }) => id));
    while (hasMore) {
      ({ messages, since, hasMore } = await poll(url, { since }));
      for (const { id } of messages) kept.add(id);
    }
    expect(accepted.filter((id) => !kept.has(id))).toEqual([]);
  });

  it('is not brought about by peers that reset amid the handshake', async () => {
    const server = await startServerProcess({ env: { JOURNAL: 'memory' } });
    for (let count = 0; count < 100; count++) {
      const raw = await connectRaw(server.port);
      raw.send(
        'GET /messages HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      raw.socket.resetAndDestroy();
    }
    expect((await call(server.url, '/healthz')).status).toBe(200);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});
