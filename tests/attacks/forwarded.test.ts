/** Who says whence a request came: one that says it of itself is not believed, and evades no limit. */
import { describe, expect, it } from 'vitest';
import { call, identify, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import type { TestServerOptions } from '../harness/server.ts';

const LIMIT = 3;
const start = (settings: TestServerOptions = {}) =>
  startTestServer({ journal: 'memory', rateLimit: LIMIT, ...settings });

const say = async (url: string, headers: Record<string, string> = {}) =>
  (await write(url, '/messages', { user: 'Mallory', message: 'x' }, { headers })).status;

/** @returns how many of ten were taken, each with other headers */
async function taken(url: string, headersOf: (index: number) => Record<string, string>): Promise<number> {
  let count = 0;
  for (let index = 0; index < 10; index++) if ((await say(url, headersOf(index))) === 201) count++;
  return count;
}

const NAMES = [
  'X-Forwarded-For',
  'Forwarded',
  'X-Real-IP',
  'X-Client-IP',
  'CF-Connecting-IP',
  'True-Client-IP',
  'X-Cluster-Client-IP',
  'Via',
  'X-Originating-IP',
];

describe('without a proxy that is trusted', () => {
  it.each(NAMES)('%s changes nothing', async (name) => {
    const { url } = await start();
    expect(
      await taken(url, (index) => ({ [name]: name === 'Forwarded' ? `for=10.0.0.${index}` : `10.0.0.${index}` })),
    ).toBe(LIMIT);
  });

  it('makes no cookie Secure that would be of no use then', async () => {
    const { url } = await start();
    for (const headers of [
      { 'X-Forwarded-Proto': 'https' },
      { Forwarded: 'proto=https' },
      { 'X-Forwarded-Ssl': 'on' },
      { 'Front-End-Https': 'on' },
    ]) {
      const [cookie] = (await call(url, '/polling/', { headers })).headers.getSetCookie();
      expect(cookie).not.toContain('Secure');
    }
  });
});

describe('behind a proxy that is trusted', () => {
  it.each<[trustProxy: string | number]>([['loopback'], ['127.0.0.1'], ['127.0.0.0/8'], [1]])(
    '%s: what stands in front of its own word is passed over',
    async (trustProxy) => {
      const { url } = await start({ trustProxy });
      // The proxy adds the address that it sees, at the end; what a client has sent stands before it.
      expect(await taken(url, (index) => ({ 'X-Forwarded-For': `10.0.0.${index}, 192.0.2.7` }))).toBe(LIMIT);
      expect(await taken(url, (index) => ({ 'X-Forwarded-For': `junk ${index},,::, 127.0.0.1, 192.0.2.8` }))).toBe(
        LIMIT,
      );
      expect(await taken(url, (index) => ({ 'X-Forwarded-For': `192.0.2.9${' '.repeat(index)}` }))).toBe(LIMIT);
      // Others it believes to be others.
      expect(await taken(url, (index) => ({ 'X-Forwarded-For': `198.51.100.${index}` }))).toBe(10);
    },
  );

  it('a network of one client is one client', async () => {
    const { url } = await start({ trustProxy: 'loopback' });
    expect(await taken(url, (index) => ({ 'X-Forwarded-For': `2001:db8::${index}` }))).toBe(LIMIT);
    expect(await taken(url, (index) => ({ 'X-Forwarded-For': `2001:db8:0:1:${index}:${index}::1` }))).toBe(LIMIT);
    expect(await taken(url, (index) => ({ 'X-Forwarded-For': `192.0.2.76:${5_000 + index}` }))).toBe(LIMIT);
    expect(await taken(url, (index) => ({ 'X-Forwarded-For': `[2001:db8:7::1]:${5_000 + index}` }))).toBe(LIMIT);
    const written = ['192.0.2.77', '::ffff:192.0.2.77'];
    expect(await taken(url, (index) => ({ 'X-Forwarded-For': written[index % 2] ?? '' }))).toBe(LIMIT);
  });

  it('another header is not believed', async () => {
    const { url } = await start({ trustProxy: 'loopback' });
    for (const [index, name] of NAMES.filter((one) => one !== 'X-Forwarded-For').entries()) {
      const own = { 'X-Forwarded-For': `203.0.113.${index}` };
      expect([name, await taken(url, (count) => ({ ...own, [name]: `10.0.0.${count}` }))]).toEqual([name, LIMIT]);
    }
  });

  it('whose address is not the one that is trusted is none', async () => {
    for (const trustProxy of ['10.0.0.0/8', 'uniquelocal', '192.0.2.1']) {
      const { url } = await start({ trustProxy });
      expect(await taken(url, (index) => ({ 'X-Forwarded-For': `10.0.0.${index}` }))).toBe(LIMIT);
      const [cookie] = (
        await call(url, '/polling/', { headers: { 'X-Forwarded-Proto': 'https' } })
      ).headers.getSetCookie();
      expect(cookie).not.toContain('Secure');
    }
  });
});

describe('a limit of rate', () => {
  it('is not evaded by another way to write', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    const client = await connectWs(url, { token });
    const answers: number[] = [];
    for (let round = 0; round < 2; round++) {
      answers.push((await write(url, '/messages', { user: 'A', message: 'x' }, { token })).status);
      const { command, message } = await client.ask('send-message', { user: 'A', message: 'x' });
      answers.push(command === 'accepted' ? 201 : (message as { status: number }).status);
    }
    const second = await connectWs(url, { token });
    answers.push(((await second.ask('delete-message', { id: 1 })).message as { status?: number }).status ?? 200);
    expect(answers.filter((status) => status === 429)).toHaveLength(answers.length - LIMIT);
  });

  it('is not evaded by writing what is refused, nor by asking for identities', async () => {
    const { url } = await start();
    const statuses = [];
    for (let index = 0; index < 6; index++) statuses.push((await call(url, '/identity', { method: 'POST' })).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(6 - LIMIT);
    expect(await say(url)).toBe(429);
  });
});
