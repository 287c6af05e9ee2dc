/** Values that mean something to what they pass through: headers, logs, objects, numbers, text and folders. */
import { describe, expect, it } from 'vitest';
import { call, expectProblem, identify, poll, post, write } from '../harness/api.ts';
import { startServerProcess } from '../harness/process.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';

const start = () => startTestServer({ journal: 'memory' });

/** Send a body byte by byte as it is. */
const sendText = (url: string, body: string | Buffer, path = '/messages', method = 'POST') =>
  call(url, path, { method, headers: { 'Content-Type': 'application/json' }, body: body as BodyInit });

describe('a line break', () => {
  const BREAKS = [
    '%0d%0a',
    '%0a',
    '%0d',
    '%E5%98%8A%E5%98%8D',
    '%0d%0a%0d%0a<script>',
    '\\r\\n',
    '%250d%250a',
    '%u000a',
    '%00',
  ];

  it('adds no header to any answer', async () => {
    const { url } = await start();
    for (const mark of BREAKS) {
      const injected = `x${mark}Set-Cookie:%20injected=1`;
      for (const path of [
        `/${injected}`,
        `/polling?${injected}`,
        `/polling/${injected}`,
        `/messages/${injected}`,
        `/messages?room=${injected}`,
        `/messages?since=${injected}`,
        `/messages?as=${injected}`,
        `/subscriptions/${injected}/messages`,
        `/scheduled/${injected}`,
        `/docs/${injected}`,
        `/search?q=${injected}`,
      ]) {
        const { headers, status } = await call(url, path);
        expect(status).toBeLessThan(500);
        expect(headers.getSetCookie().filter((one) => one.includes('injected'))).toEqual([]);
        for (const [name, value] of headers) expect([name, value]).not.toContain('injected=1');
      }
    }
  });

  it('is in no header that is made of what was sent', async () => {
    const { url, port } = await start();
    for (const key of ['a\tb', 'a b', 'é', '"a"\u007f']) {
      const raw = await connectRaw(port);
      const body = '{"user":"a","message":"b"}';
      const lines = ['POST /messages HTTP/1.1', 'Host: x', 'Content-Type: application/json', `Idempotency-Key: ${key}`];
      raw.send([...lines, `Content-Length: ${body.length}`, '']);
      raw.send(body);
      expect((await raw.response()).status).toBe(400);
    }
    const { messages, since } = await poll(url);
    expect(messages).toEqual([]);
    expect(since).toMatch(/^0-[a-z0-9]{1,16}$/);
  });

  it('begins no line of the log, nor does anything else that was sent stand there as it is', async () => {
    const server = await startServerProcess({ env: { LOG_LEVEL: 'trace', JOURNAL: 'memory' } });
    const { token } = await identify(server.url);
    const forged = '{"level":60,"msg":"forged"}';
    await write(server.url, '/messages', { user: 'Mallory', message: `x\n${forged}` }, { token });
    await write(server.url, '/messages', { user: `M\n${forged}`, message: 'x' });
    for (const path of [`/${encodeURIComponent(`a\n${forged}`)}`, '/%', `/messages?access_token=${token}`])
      await call(server.url, path);
    const raw = await connectRaw(server.port);
    raw.send(`GET /\x1b[2J${forged} HTTP/1.1\r\n\x1b]0;x\x07: y\r\n\r\n`);
    await raw.ended;
    const client = await connectWs(server.url);
    client.socket.send(`\n${forged}`);
    await client.nextOf('rejected');
    await server.end('SIGTERM');
    const lines = server
      .stderr()
      .split('\n')
      .filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(JSON.parse(line)).not.toMatchObject({ msg: 'forged' });
      // oxlint-disable-next-line eslint/no-control-regex -- those are what is looked for
      expect(line).not.toMatch(/[\x00-\x1f\x7f]/);
      expect(line).not.toContain(token);
      expect(line).not.toContain('Mallory');
    }
  });
});

describe('the prototype of all objects', () => {
  const POLLUTED = [
    '{"__proto__":{"user":"P","message":"p","polluted":1,"isModerator":true}}',
    '{"constructor":{"prototype":{"polluted":1}},"user":"A","message":"x"}',
    '{"user":"A","message":"x","__proto__":{"room":"attic","color":"#ff0000","replyTo":1}}',
    '{"user":"A","message":"x","__proto__":null,"prototype":{"a":1},"hasOwnProperty":1,"toString":1,"toJSON":1,"then":1}',
  ];

  it('is not reached by any body', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    const mine = await post(url, 'mine', { token });
    const client = await connectWs(url, { token });
    for (const body of POLLUTED) {
      await sendText(url, body);
      await sendText(url, body, '/subscriptions');
      await sendText(url, body, `/messages/${mine.id}`, 'PATCH');
      for (const command of ['send-message', '__proto__', 'constructor', 'toString']) {
        client.socket.send(`{"command":"${command}","__proto__":{"key":"k"},"message":${body}}`);
      }
    }
    await client.ask('unsubscribe', {});
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    const { messages } = await poll(url);
    for (const one of messages) {
      expect(one.room).toBe('lobby');
      expect(one).not.toHaveProperty('color');
      expect(one.user).not.toBe('P');
    }
    expect(messages.filter(({ user }) => user === 'A').length).toBeGreaterThan(3);
  });

  it('is not reached by names of rooms, keys, emoji and queries', async () => {
    const { url } = await start();
    const { token } = await identify(url);
    for (const room of ['constructor', 'prototype', 'valueof']) {
      const { id } = await post(url, { room, message: 'x' }, { token, key: '__proto__-' + room });
      expect((await poll(url, { room })).messages.map((one) => one.id)).toEqual([id]);
    }
    for (const key of ['__proto__', 'constructor', 'toString']) {
      const first = await post(url, 'once', { key });
      expect(await post(url, 'once', { key })).toEqual(first);
    }
    for (const reaction of ['__proto__', 'constructor']) {
      const answer = await call(url, `/messages/1/reactions/${reaction}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}` },
      });
      expectProblem(answer, 400, 'invalid-message');
    }
    expect((await call(url, '/messages?__proto__=1&constructor=2&__proto__[limit]=0')).status).toBe(200);
    expect((await call(url, '/messages/__proto__')).status).toBe(404);
    expect((await call(url, '/constructor')).status).toBe(404);
    const { json } = await call(url, '/rooms');
    expect((json as { room: string }[]).map(({ room }) => room).toSorted()).toEqual([
      'constructor',
      'lobby',
      'prototype',
      'valueof',
    ]);
  });
});

describe('odd JSON', () => {
  it.each<[what: string, body: string | Buffer, status: number]>([
    ['65,000 brackets that open', '['.repeat(65_000), 400],
    ['65,000 that close as well', `{"user":"a","message":"b","x":${'['.repeat(32_000)}${']'.repeat(32_000)}}`, 201],
    ['objects in objects', `{"user":"a","message":"b","x":${'{"x":'.repeat(10_000)}1${'}'.repeat(10_000)}}`, 201],
    ['a name given twice, of which the last counts', '{"user":"first","user":"last","message":"b"}', 201],
    [
      '10,000 fields',
      `{"user":"a","message":"b",${Array.from({ length: 5_000 }, (_, i) => `"${i}":0`).join(',')}}`,
      201,
    ],
    ['a number beyond all numbers', '{"user":"a","message":"b","replyTo":1e400}', 400],
    ['less than nothing', '{"user":"a","message":"b","replyTo":-0}', 400],
    ['a fraction', '{"user":"a","message":"b","replyTo":1.0000000001}', 400],
    ['a number of 60,000 digits', `{"user":"a","message":"b","replyTo":${'1'.repeat(60_000)}}`, 400],
    ['half a character, escaped', '{"user":"a","message":"\\ud83d"}', 400],
    ['half a character in a name', '{"user":"\\udc00a","message":"b"}', 400],
    ['NUL, escaped', '{"user":"a","message":"b\\u0000c"}', 400],
    [
      'too long a form of a slash',
      Buffer.concat([Buffer.from('{"user":"a","message":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
      400,
    ],
    [
      'an encoded surrogate',
      Buffer.concat([Buffer.from('{"user":"a","message":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
      400,
    ],
    [
      'a code point beyond the last',
      Buffer.concat([Buffer.from('{"user":"a","message":"'), Buffer.from([0xf4, 0x90, 0x80, 0x80]), Buffer.from('"}')]),
      400,
    ],
    ['a byte order mark in front', '\ufeff{"user":"a","message":"b"}', 201],
    ['two byte order marks in front', '\ufeff\ufeff{"user":"a","message":"b"}', 400],
  ])('is read or refused, and nothing else: %s', async (_what, body, status) => {
    const { url } = await start();
    expect((await sendText(url, body)).status).toBe(status);
    const client = await connectWs(url);
    if (typeof body === 'string') client.socket.send(`{"command":"send-message","key":"k","message":${body}}`);
    expect((await client.ask('unsubscribe', {})).command).toBe('accepted');
    expect((await poll(url)).messages.every(({ user }) => user === 'a' || user === 'last')).toBe(true);
  });
});

describe('a folder', () => {
  it('shows no file that is no page, however its path is written', async () => {
    const { port } = await start();
    const up = [
      '..',
      '%2e%2e',
      '.%2e',
      '%2e.',
      '..%2f',
      '..%5c',
      '..\\',
      '%252e%252e',
      '..;',
      '..%00',
      '%c0%ae%c0%ae',
      '%uff0e%uff0e',
      '....//',
      '.../',
    ];
    const targets = [
      'package.json',
      'backend/main.ts',
      '.git/config',
      'data/secret',
      'etc/passwd',
      'frontend-polling/index.html',
    ];
    for (const base of ['/polling/', '/frontend-shared/', '/docs/', '/']) {
      for (const step of up) {
        const raw = await connectRaw(port);
        for (const target of targets) {
          raw.send([`GET ${base}${`${step}/`.repeat(6)}${target} HTTP/1.1`, 'Host: x', '']);
          const { status, body } = await raw.response();
          expect([400, 404]).toContain(status);
          expect(body).not.toMatch(/"dependencies"|import |\[core\]|root:|<!doctype/i);
        }
        raw.socket.destroy();
      }
    }
  });

  it('is not listed, nor are its hidden files there, for any method and part', async () => {
    const { url } = await start();
    for (const path of [
      '/frontend-shared/',
      '/frontend-shared/.',
      '/polling/.env',
      '/polling/.gitignore',
      '/docs/',
      '/docs/PROTOCOL.md',
    ]) {
      for (const init of [
        {},
        { method: 'HEAD' },
        { headers: { Range: 'bytes=0-99' } },
        { headers: { 'If-None-Match': '*' } },
      ]) {
        const { status, text } = await call(url, path, init);
        expect(text).not.toMatch(/message-list\.js<|<li><a href="[a-z-]+\.js/);
        if (path.includes('.')) expect([path, status < 400 && !path.endsWith('/.')]).toEqual([path, false]);
      }
    }
  });

  it('leads nobody to another host', async () => {
    const { port } = await start();
    for (const target of [
      '//evil.example',
      '//evil.example/polling',
      '/polling//evil.example',
      '/\\evil.example',
      '//evil.example/%2e%2e',
      '/polling?//evil.example',
      '/websocket?x=http://evil.example',
      '/%2f%2fevil.example/',
      '///polling',
      '/polling/..//evil.example/',
    ]) {
      const raw = await connectRaw(port);
      raw.send([`GET ${target} HTTP/1.1`, 'Host: evil.example', 'X-Forwarded-Host: evil.example', '']);
      const { headers } = await raw.response();
      expect([target, headers.get('location') ?? '/']).toEqual([target, expect.stringMatching(/^\/(?![/\\])/)]);
    }
  });
});
