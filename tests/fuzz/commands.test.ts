/** Every command and query with fields of every kind: refused by name, or within what is promised. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWith } from '../../backend/commands/command.ts';
import { CLIENT_COMMANDS } from '../../backend/commands/table.ts';
import { ChatError, ERRORS } from '../../backend/errors.ts';
import { readCursor } from '../../backend/transports/cursor.ts';
import { roomsQuery, searchQuery } from '../../backend/transports/directory.ts';
import { readQuery } from '../../backend/transports/exchange.ts';
import { pollQuery } from '../../backend/transports/polling.ts';
import { batchQuery, subscriptionBody } from '../../backend/transports/subscriptions.ts';
import { CONNECTION_COMMANDS } from '../../backend/transports/websocket-envelope.ts';
import { call, identify } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs } from '../harness/ws-client.ts';
import { FIELDS, oddObject, oddText } from './untrusted.ts';
import type { z } from 'zod';

const RUNS = 2_000;

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(Object.values(CLIENT_COMMANDS).map(({ name, schema }) => [name, schema])),
  ...CONNECTION_COMMANDS,
  'POST /subscriptions': subscriptionBody,
};

/** What is promised of each field, said anew. */
const PROMISED: Readonly<Record<string, (value: unknown) => boolean>> = {
  user: (value) => isText(value, 40) && !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(value as string),
  message: (value) => isText(value, 4_000) && !/[^\P{Cc}\t\n]/u.test(value as string),
  room: (value) => /^[a-z0-9][a-z0-9-]{0,39}$/.test(String(value)),
  color: (value) => /^#[0-9a-f]{6}$/.test(String(value)),
  replyTo: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  id: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  reaction: (value) => /^\p{RGI_Emoji}$/v.test(String(value)),
  sendAt: (value) => new Date(value as string).toISOString() === value,
  since: (value) => typeof value === 'string',
};

function isText(value: unknown, most: number): boolean {
  if (typeof value !== 'string' || !value.isWellFormed()) return false;
  return value.trim() === value && value !== '' && [...value].length <= most;
}

/** @returns what was read; undefined when it was refused as it should be */
function parsed(parse: () => unknown, ...codes: string[]): unknown {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    expect(codes).toContain(error.code);
    for (const { field, detail } of error.errors ?? [])
      expect([typeof field, typeof detail]).toEqual(['string', 'string']);
    return undefined;
  }
}

describe.each(Object.entries(SCHEMAS))('%s', (_name, schema) => {
  it('is refused as invalid, or holds what is promised, the same when it is read again', () => {
    let accepted = 0;
    fc.assert(
      fc.property(oddObject(FIELDS), (untrusted) => {
        const read = parsed(() => parseWith(schema, untrusted), 'invalid-message') as object | undefined;
        if (read === undefined) return;
        accepted++;
        expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
        for (const [field, value] of Object.entries(read))
          expect([field, value, PROMISED[field]?.(value)]).toEqual([field, value, true]);
        expect(parseWith(schema, read)).toEqual(read);
      }),
      { numRuns: RUNS },
    );
    // Otherwise nothing was tried but refusing.
    expect(accepted).toBeGreaterThan(10);
  });

  it('of anything else is refused as invalid', () => {
    fc.assert(
      fc.property(fc.anything(), (untrusted) => {
        parsed(() => parseWith(schema, untrusted), 'invalid-message');
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a query', () => {
  const names = ['room', 'since', 'before', 'limit', 'wait', 'ack', 'q', '__proto__', 'constructor', 'as', ''];
  const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), oddText), oddText), { maxLength: 6 });

  it.each(Object.entries({ pollQuery, batchQuery, roomsQuery, searchQuery }))(
    'of %s is refused, or in its range',
    (_name, schema) => {
      fc.assert(
        fc.property(query, (pairs) => {
          const given = new URLSearchParams(pairs.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]));
          const read = parsed(() => readQuery(schema as z.ZodObject, given), 'invalid-query') as
            Record<string, unknown> | undefined;
          for (const [name, most] of Object.entries({
            limit: 1_000,
            wait: 55,
            before: 2 ** 53 - 1,
            ack: 2 ** 53 - 1,
          })) {
            const value = read?.[name];
            if (value !== undefined)
              expect(Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most).toBe(true);
          }
          expect(Object.keys(read ?? {}).every((name) => Object.hasOwn(schema.shape, name))).toBe(true);
        }),
        { numRuns: RUNS },
      );
    },
  );
});

describe('a cursor', () => {
  const place = { epoch: 'abc123', head: () => 1_000 };
  const digits = fc.stringMatching(/^[0-9]{0,20}$/);
  const made = fc.tuple(digits, fc.constantFrom('', '-', '-abc123', '-ABC123', '-abc124', '--abc123', '-abc123-'));

  it('is a place in the journal, gone, or refused', () => {
    const inPlace = new Set<unknown>();
    fc.assert(
      fc.property(
        fc.oneof(
          made.map((parts) => parts.join('')),
          oddText,
        ),
        (text) => {
          const position = parsed(() => readCursor(text, place), 'invalid-cursor');
          inPlace.add(position);
          if (typeof position === 'number') {
            expect(position).toBe(Number(text.split('-')[0]));
            expect(position >= 0 && position <= 1_000).toBe(true);
          } else {
            expect([undefined, 'gone']).toContain(position);
          }
        },
      ),
      { numRuns: RUNS },
    );
    expect(inPlace.size).toBeGreaterThan(3);
  });
});

describe('a server', () => {
  it('answers every body with the message, or with a problem that it knows', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { token } = await identify(url);
    const bodies = fc.oneof(
      oddObject(FIELDS).map((one) => JSON.stringify(one)),
      fc.json(),
      oddText,
      fc.uint8Array({ maxLength: 200 }),
    );
    const targets = fc.constantFrom('POST /messages', 'PATCH /messages/1', 'POST /subscriptions', 'POST /identity');
    await fc.assert(
      fc.asyncProperty(bodies, targets, fc.boolean(), async (body, target, isSigned) => {
        const [method = '', path = ''] = target.split(' ');
        const authorization = isSigned ? { Authorization: `Bearer ${token}` } : {};
        const headers = { 'Content-Type': 'application/json', ...authorization };
        const { status, json } = await call(url, path, { method, headers, body: body as BodyInit });
        expect(status).toBeLessThan(500);
        if (status >= 300) expect(Object.keys(ERRORS)).toContain((json as { code: string }).code);
      }),
      { numRuns: 400 },
    );
    expect((await call(url, '/messages?limit=1000')).status).toBe(200);
  });

  it('answers every command on a WebSocket, and lives on', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { token } = await identify(url);
    const commands = fc.constantFrom(
      ...Object.keys(CLIENT_COMMANDS),
      ...Object.keys(CONNECTION_COMMANDS),
      '__proto__',
      'x',
    );
    const open = () => connectWs(url, { token });
    let client = await open();
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(commands, oddObject(FIELDS), async (command, message) => {
        // More than a hundred that are refused in a short time are abuse.
        if (++asked % 80 === 0) client = await open();
        const answer = await client.ask(command, message);
        if (answer.command === 'accepted') return;
        expect(Object.keys(ERRORS)).toContain(answer.message.code);
        expect(answer.message.code).not.toBe('internal');
      }),
      { numRuns: 400 },
    );
    expect((await client.ask('send-message', { user: 'Azin', message: 'still here' })).command).toBe('accepted');
  });
});
