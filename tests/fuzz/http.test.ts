/** Requests of every form: answered, or refused by a problem with a code that is known; never a mistake of the server's. */
import { once } from 'node:events';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ERRORS } from '../../backend/errors.ts';
import { call, identify, post } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { oddText } from './untrusted.ts';

interface Answered {
  status: number;
  head: string;
  body: string;
}

const METHODS = `
  GET HEAD POST PUT PATCH DELETE OPTIONS TRACE PROPFIND
`
  .trim()
  .split(/\s+/);
const PATHS = `
  / /messages /messages/1 /messages/1/reactions/%F0%9F%91%8D /messages/9/reactions/x /identity /subscriptions /subscriptions/x
  /subscriptions/x/messages /scheduled /scheduled/x /typing /rooms /search /healthz /readyz /metrics /docs /docs/openapi.yaml
  /polling/ /polling /websocket/main.js /favicon.ico
`
  .trim()
  .split(/\s+/);
const HEADERS = `
  Accept Accept-Encoding Authorization Cookie Content-Type Content-Encoding Idempotency-Key Last-Event-ID Origin Range
  If-None-Match If-Modified-Since If-Match If-Range Referer Expect X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host
  Forwarded Access-Control-Request-Method Via TE Sec-Fetch-Site Sec-WebSocket-Key Sec-WebSocket-Version Upgrade
  X-HTTP-Method-Override Date Host
`
  .trim()
  .split(/\s+/);
const VALUES = [
  '*/*',
  'text/event-stream;q=0',
  'application/json; q=0.1, application/x-ndjson',
  ';q=;;,,/',
  'a/b'.repeat(500),
  'bytes=0-',
  'bytes=-1',
  'bytes=5-1,2-3,99999999999999999999-',
  `bytes=${'0-0,'.repeat(500)}`,
  'W/"x", "y',
  '*',

  'Bearer x',
  'Bearer',
  'Basic OjpA',
  `Bearer ${'x'.repeat(5_000)}`,
  'since_identity=',
  'since_identity=a.b; =; ;;a',
  'application/json',
  'application/json; charset=utf-16',
  'identity',
  'gzip, br',
  'deflate;q=1, *;q=0',
  'websocket',
  'h2c',
  '13',
  'null',
  'http://',
  '1.2.3.4, junk, ::ffff:1.2.3.4',
  'for="[2001:db8::1]";proto=https',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'Fri, 31 Feb 99999 25:61:61 GMT',
  '1-abc',
  '0',
  '-1',
  '',
  ' ',
  '\t',
];
/** What never has to wait: a held poll and a stream have no end of their own. */
const QUERIES = `
  room since before limit typing ack q as access_token __proto__ since[] room[x]
`
  .trim()
  .split(/\s+/);

const inHeader = (text: string) =>
  Buffer.from(text)
    .toString('latin1')
    .replaceAll(/[\r\n\0]/g, '?');
const value = fc.oneof(fc.constantFrom(...VALUES), oddText.map(inHeader));
const headers = fc.array(fc.tuple(fc.constantFrom(...HEADERS), value), { maxLength: 5 });
const part = fc.oneof(
  oddText.map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom('%', '%zz', '%ff', '+', '&&', '=', '%00'),
);
const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...QUERIES), part), part), { maxLength: 4 });
const path = fc.oneof(
  { arbitrary: fc.constantFrom(...PATHS), weight: 4 },
  fc
    .array(fc.oneof(part, fc.constantFrom('messages', 'polling', '..', '.', '')), { maxLength: 5 })
    .map((parts) => `/${parts.join('/')}`),
);
const target = fc.tuple(path, query).map(([at, pairs]) => {
  const asked = pairs.map(([name, one]) => `${name}=${one}`).join('&');
  return asked === '' ? at : `${at}?${asked}`;
});
const body = fc.oneof(
  fc.constantFrom('', '{}', '{"user":"Azin","message":"x"}', '{"__proto__":1}', '['.repeat(60_000)),
  oddText.map(inHeader),
);

/** @param isAll nothing more will be sent, as is told @returns the answer as far as it comes of itself: of a stream, its head */
async function send(port: number, bytes: Buffer, isAll = false): Promise<Answered | undefined> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {}); // told by the close
  let text = '';
  const isWhole = () => {
    const end = text.indexOf('\r\n\r\n');
    if (end === -1) return false;
    if (/^(HTTP\/1\.1 101|.*^content-type: (text\/event-stream|application\/x-ndjson))/ims.test(text.slice(0, end)))
      return true;
    const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
    return length !== undefined && text.length >= end + 4 + Number(length);
  };
  const closed = once(socket, 'close');
  const whole = new Promise<void>((resolve) => {
    socket.on('data', (some: Buffer) => {
      text += some.toString('latin1');
      if (isWhole()) resolve();
    });
  });
  socket.write(bytes);
  if (isAll) socket.end();
  await Promise.race([whole, closed]);
  socket.destroy();
  if (text === '') return undefined;
  const [head = '', ...rest] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, body: rest.join('\r\n\r\n') };
}

function expectFit(answer: Answered): void {
  expect(answer.status, answer.head).toBeGreaterThanOrEqual(100);
  expect(answer.status, answer.body).toBeLessThan(500);
  if (answer.status === 101) return;
  expect(answer.head).toMatch(/^x-content-type-options: nosniff/im);
  expect(answer.head).not.toMatch(/^(x-powered-by|server):/im);
  if (answer.status < 400 || answer.body === '') return;
  expect(answer.head).toMatch(/^content-type: application\/problem\+json/im);
  expect(Object.keys(ERRORS)).toContain((JSON.parse(answer.body) as { code: string }).code);
}

it('every request that is HTTP is answered', async () => {
  const { url, port } = await startTestServer({ journal: 'memory', trustProxy: 'loopback' });
  const { token } = await identify(url);
  await post(url, 'hello', { token });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...METHODS), target, headers, body, async (method, at, more, content) => {
      const lines = more.map(([name, one]) => `${name}: ${one}`);
      const host = more.some(([name]) => name === 'Host') ? [] : ['Host: localhost'];
      const head = [
        `${method} ${at} HTTP/1.1`,
        ...host,
        'Connection: close',
        ...lines,
        `Content-Length: ${content.length}`,
      ];
      const answer = await send(port, Buffer.from(`${head.join('\r\n')}\r\n\r\n${content}`, 'latin1'));
      expect(answer, head.join('\n')).toBeDefined();
      if (answer !== undefined) expectFit(answer);
    }),
    { numRuns: 600 },
  );
  expect((await call(url, '/readyz')).status).toBe(200);
});

it('every request that is nearly HTTP is answered, or cut', async () => {
  const { url, port } = await startTestServer({ journal: 'memory' });
  const fit = Buffer.from(
    'POST /messages?room=lobby HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n' +
      '1c\r\n{"user":"A","message":"x"}  \r\n0\r\n\r\nGET /messages HTTP/1.1\r\nHost: x\r\n\r\n',
  );
  const changes = fc.array(fc.tuple(fc.nat(fit.length), fc.nat(2), fc.uint8Array({ minLength: 1, maxLength: 3 })), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(changes, async (each) => {
      let bytes: Buffer = fit;
      // Each puts bytes in, in the place of none, one or two.
      for (const [at, count, some] of each)
        bytes = Buffer.concat([bytes.subarray(0, at), some, bytes.subarray(at + count)]);
      const answer = await send(port, bytes, true);
      if (answer !== undefined) expect(answer.status, answer.body).toBeLessThan(500);
    }),
    { numRuns: 500 },
  );
  expect((await call(url, '/readyz')).status).toBe(200);
});
