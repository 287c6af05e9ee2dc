/** The proxy of deploy/haproxy.cfg with real servers behind it: TLS, HTTP/2, and nothing held back. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, constants } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, poll, post, write } from '../harness/api.ts';
import { startNats } from '../harness/nats.ts';
import { canRun, WITH_SBIN } from '../harness/programs.ts';
import { startTestServer } from '../harness/server.ts';
import { connectSse } from '../harness/stream-client.ts';
import { connectWs } from '../harness/ws-client.ts';
import { startProxy } from './proxy.ts';
import { startSharing } from './servers.ts';
import type { ClientHttp2Session } from 'node:http2';
import type { Message } from '../../protocol/envelope.ts';

/** Three, of which only the first is there: those that do not answer are passed over. */
const startBehindProxy = async (tls?: string) => {
  const server = await startTestServer({ journal: 'memory', trustProxy: 'loopback', rateLimit: 3 });
  const proxy = await startProxy([server.port, 1, 2], tls);
  return { ...proxy, server };
};

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.runIf(canRun('haproxy', 'the proxy'))('the proxy', () => {
  it('has a configuration without a warning', async () => {
    const servers = { CHAT_BIND: '127.0.0.1:1', CHAT_1: '127.0.0.1:1', CHAT_2: '127.0.0.1:2', CHAT_3: '127.0.0.1:3' };
    const path = new URL('../../deploy/haproxy.cfg', import.meta.url).pathname;
    const { status, stderr } = spawnSync('haproxy', ['-c', '-f', path], { env: { ...WITH_SBIN, ...servers } });
    expect([status, String(stderr)]).toEqual([0, expect.not.stringMatching(/WARNING|ALERT/)]);
  });

  it('passes a stream on as it comes', async () => {
    const { url } = await startBehindProxy();
    const stream = await connectSse(url);
    while ((await stream.next()).event !== 'caught-up');
    for (let nth = 0; nth < 3; nth++) {
      const { id } = await post(url, `text ${nth}`);
      const { data } = await stream.next(); // each before the next is posted
      expect(JSON.parse(data ?? '')).toMatchObject({ id });
    }
  });

  it('lets WebSockets through', async () => {
    const { url } = await startBehindProxy();
    const client = await connectWs(url, { since: '0' });
    await client.untilCaughtUp();
    const answer = await client.ask('send-message', { user: 'Azin', message: 'hello' });
    expect(answer).toMatchObject({ command: 'accepted' });
  });

  it('holds a long poll as long as the server does', async () => {
    const { url } = await startBehindProxy();
    const held = poll(url, { since: 0, wait: 20 });
    const { id } = await post(url, 'text');
    expect((await held).messages).toMatchObject([{ id }]);
  });

  it('says who asks, whatever that one says of itself', async () => {
    const { url } = await startBehindProxy();
    const say = (nth: number) =>
      write(url, '/messages', { user: 'Azin', message: 'x' }, { headers: { 'X-Forwarded-For': `192.0.2.${nth}` } });
    const statuses = [];
    for (let nth = 0; nth < 4; nth++) statuses.push((await say(nth)).status);
    expect(statuses).toEqual([201, 201, 201, 429]);
  });

  it.runIf(canRun('nats-server', 'reading without NATS'))(
    'lets read all the while when no server can reach the journal',
    { timeout: 60_000 },
    async () => {
      const node = await startNats();
      const server = await startSharing([node]);
      const { url } = await startProxy([server.port, 1, 2]);
      const message = await post(url, 'before');
      await node.kill();
      await expect.poll(async () => (await call(server.url, '/readyz')).status).toBe(503);
      // The proxy asks each second, and believes it the second time.
      for (let nth = 0; nth < 40; nth++) {
        expect((await poll(url, { since: 0 })).messages).toEqual([message]);
        await pause(100);
      }
    },
  );

  it('does not show what the server tells of itself', async () => {
    const { url, server } = await startBehindProxy();
    expect((await call(url, '/metrics')).status).toBe(403);
    expect((await call(server.url, '/metrics')).status).toBe(200);
  });

  it.runIf(hasOpenssl)('speaks HTTP/2 by TLS, on which streams and requests share a connection', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'since-tls-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [key, certificate, both] = ['key.pem', 'cert.pem', 'both.pem'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const options = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    execFileSync('openssl', ['req', '-x509', ...options, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    writeFileSync(both, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
    const { url } = await startBehindProxy(` ssl crt ${both} alpn h2,http/1.1`);
    const session = connectHttp2(url, { rejectUnauthorized: false });
    onTestFinished(() => session.destroy());
    const streams = Array.from({ length: 8 }, () => openEvents(session)); // more than HTTP/1.1 has connections
    await Promise.all(streams.map(({ caughtUp }) => caughtUp));
    expect(session.alpnProtocol).toBe('h2');
    const { id } = await postByHttp2(session, 'hello');
    for (const { message } of streams) expect(await message).toMatchObject({ id });
    // The cookie of the pages is for TLS only: the server has been told that there is TLS in front of it.
    const cookie = await new Promise<string>((resolve) => {
      request(`${url}/polling/`, { rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(String(response.headers['set-cookie']));
      }).end();
    });
    expect(cookie).toMatch(/; Secure/);
  });
});

function openEvents(session: ClientHttp2Session) {
  const [caughtUp, message] = [Promise.withResolvers<void>(), Promise.withResolvers<Message>()];
  const stream = session.request({ ':path': '/messages?as=sse' });
  let text = '';
  stream.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    if (text.includes('event: caught-up')) caughtUp.resolve();
    const found = /^data: (?<json>\{"id".*)\n\n/m.exec(text);
    if (found !== null) message.resolve(JSON.parse(found.groups!['json']!) as Message);
  });
  return { caughtUp: caughtUp.promise, message: message.promise };
}

async function postByHttp2(session: ClientHttp2Session, text: string): Promise<Message> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/messages',
    'content-type': 'application/json',
  });
  stream.end(JSON.stringify({ user: 'Azin', message: text }));
  const status = await new Promise((resolve) => {
    stream.once('response', (headers) => resolve(headers[constants.HTTP2_HEADER_STATUS]));
  });
  expect(status).toBe(201);
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString()) as Message;
}
