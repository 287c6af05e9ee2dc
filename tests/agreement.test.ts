/** Documents, tables and schemas name the same things, in both directions. */
import { readFileSync } from 'node:fs';
import { validate } from '@readme/openapi-parser';
import { schemasWithoutId } from '@asyncapi/specs';
import { Ajv } from 'ajv';
import express from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { CLIENT_COMMANDS, isClientCommand } from '../backend/commands/table.ts';
import { DEFAULT_ROOM, room } from '../backend/commands/fields.ts';
import { documents } from '../backend/docs/documents.ts';
import * as shapes from '../backend/docs/schemas.ts';
import { CLOSE, ERRORS } from '../backend/errors.ts';
import * as limits from '../backend/limits.ts';
import { SETTINGS } from '../backend/settings.ts';
import { CONNECTION_COMMANDS } from '../backend/transports/websocket-envelope.ts';
import { WEBSOCKET_PATHS } from '../backend/transports/websocket.ts';
import { MAX_MATCHES } from '../frontend-shared/link/directory-api.js';
import { HOLD_S } from '../frontend-shared/link/messages-api.js';
import { REST_MS } from '../frontend-shared/link/poller.js';
import { MAX_STEP } from '../frontend-shared/room/reading-bounds.js';
import { ROOM_PATTERN, roomOf } from '../frontend-shared/side/room-name.js';
import { LASTS_MS } from '../frontend-shared/side/typists.js';
import { MAX_COUNTED } from '../frontend-shared/side/unread.js';
import { MAX_NAME } from '../frontend-shared/writing/composer.js';
import { MAX_MESSAGE } from '../frontend-shared/writing/text-length.js';
import { EVERY_MS } from '../frontend-shared/writing/typing-sign.js';
import { call, identify, post, write } from './harness/api.ts';
import { startTestServer } from './harness/server.ts';
import { connectWs } from './harness/ws-client.ts';
import type { Problem } from '../protocol/envelope.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const README = read('README.md');
const PROTOCOL = read('protocol/PROTOCOL.md');
const OPENAPI = parse(read('protocol/openapi.yaml'));
const ASYNCAPI = parse(read('protocol/asyncapi.yaml'));

const COMMAND_NAMES = [...Object.keys(CLIENT_COMMANDS), ...Object.keys(CONNECTION_COMMANDS)].toSorted();
const EVENT_NAMES = Object.keys(shapes.serverEvents).toSorted();

describe('the documents for machines', () => {
  it('are what the schemas make of them now: otherwise "npm run docs"', async () => {
    for (const { path, text } of await documents()) expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('are valid OpenAPI', async () => {
    expect(await validate(structuredClone(OPENAPI))).toMatchObject({ valid: true });
  });

  it('are valid AsyncAPI', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
    const check = ajv.compile(schemasWithoutId['3.0.0'] as object);
    check(ASYNCAPI);
    expect(check.errors).toBeNull();
    check({ ...ASYNCAPI, channels: [] });
    expect(check.errors).not.toBeNull();
  });

  it.each([
    ['OpenAPI', OPENAPI],
    ['AsyncAPI', ASYNCAPI],
  ])('refer to nothing that %s does not hold', (_name, document) => {
    for (const [, pointer = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = pointer.split('/').reduce((value, key) => value?.[key], document);
      expect(found, pointer).toBeDefined();
    }
  });
});

describe('error codes', () => {
  it('stand in the protocol with their status, and whether to try again', () => {
    const told = rowsOf(section(PROTOCOL, 'Problems')).map(([code, status, , retry]) => [code, Number(status), retry]);
    const known = Object.entries(ERRORS).map(([code, { http, retry }]) => [`\`${code}\``, http, retry ? 'yes' : 'no']);
    expect(told).toEqual(known);
  });

  it('are the only ones that the protocol tells of where it tells of errors', () => {
    const paragraphs = PROTOCOL.match(/^Errors: .*(\n.+)*/gm) ?? [];
    expect(paragraphs.length).toBeGreaterThan(8);
    const told = paragraphs.flatMap((text) => [...text.matchAll(/`([a-z]+-[a-z-]+|overloaded|forbidden|internal)`/g)]);
    const names = [...Object.keys(ERRORS), ...COMMAND_NAMES];
    for (const [, code] of told) expect(names).toContain(code);
  });

  it('are those of OpenAPI, each as the answer of some request', () => {
    const codes = Object.keys(ERRORS).toSorted();
    expect(OPENAPI.components.schemas.Problem.properties.code.enum.toSorted()).toEqual(codes);
    const used = [...JSON.stringify(OPENAPI.paths).matchAll(/"#\/components\/responses\/([^"]+)"/g)].flatMap(
      ([, name = '']) => name.split('.'),
    );
    expect([...new Set(used)].toSorted()).toEqual(codes);
  });
});

describe('commands and events', () => {
  it('of clients have a chapter of the protocol each', () => {
    expect(chapters('Client commands', '### ', '#### ')).toEqual(COMMAND_NAMES);
  });

  it('of the server have a chapter of the protocol each', () => {
    expect(chapters('Server events', '### ', '#### ')).toEqual(EVENT_NAMES);
  });

  it('each have a direction, an example, and if they can fail, their errors', () => {
    for (const name of COMMAND_NAMES) {
      const chapter = section(section(PROTOCOL, 'Client commands', '### '), `\`${name}\``, '#### ');
      expect(chapter).toContain(`"command": "${name}"`);
      expect(chapter).toMatch(/^Errors: /m);
    }
    for (const name of EVENT_NAMES) {
      const chapter = section(section(PROTOCOL, 'Server events', '### '), `\`${name}\``, '#### ');
      expect(chapter).toContain(`"command": "${name}"`);
    }
  });

  it('of a stream stand in a table', () => {
    const told = rowsOf(section(PROTOCOL, 'Server-Sent Events', '### ')).map(([name]) => name?.replaceAll('`', ''));
    expect(told).toEqual(Object.keys(shapes.streamEvents).map((name) => (name === 'message' ? '(no name)' : name)));
  });

  it('are those of AsyncAPI', () => {
    expect(Object.keys(ASYNCAPI.components.messages).toSorted()).toEqual(
      [
        ...COMMAND_NAMES.map((name) => `command.${name}`),
        ...EVENT_NAMES.map((name) => `event.${name}`),
        ...Object.keys(shapes.streamEvents).map((name) => `stream.${name}`),
      ].toSorted(),
    );
  });
});

describe('the pages', () => {
  it('name rooms as the server does', () => {
    expect(ROOM_PATTERN.source).toBe(z.toJSONSchema(room).pattern);
    expect(roomOf('')).toBe(DEFAULT_ROOM);
  });

  it('let nothing be written that does not fit, and everything that does', () => {
    expect([MAX_NAME, MAX_MESSAGE]).toEqual([limits.MAX_USER_LENGTH, limits.MAX_MESSAGE_LENGTH]);
    for (const page of ['frontend-polling', 'frontend-websocket']) {
      const [, most] = /id="search"[^>]*maxlength="(\d+)"/.exec(read(`${page}/index.html`)) ?? [];
      expect(Number(most), page).toBe(limits.MAX_SEARCH_LENGTH);
    }
  });

  it('ask for no more at once than is given', () => {
    for (const most of [MAX_MATCHES, MAX_COUNTED, MAX_STEP]) expect(most).toBeLessThanOrEqual(limits.MAX_PAGE);
  });

  it('ask so often that who is there is known to be there, and for no longer than is held', () => {
    expect(HOLD_S).toBeLessThanOrEqual(limits.MAX_WAIT_S);
    for (const everyMs of [HOLD_S * 1000, REST_MS]) expect(everyMs).toBeLessThan(limits.POLLER_STAYS_MS);
  });

  it('tell of writing no more often than is told on, and show it until it is told again', () => {
    expect(EVERY_MS).toBeGreaterThanOrEqual(limits.TYPING_EVERY_MS);
    expect(LASTS_MS).toBeGreaterThan(EVERY_MS + limits.TYPING_EVERY_MS);
    expect(limits.TYPING_LASTS_MS).toBeGreaterThan(EVERY_MS + limits.TYPING_EVERY_MS);
  });
});

describe('close codes', () => {
  it('are those of the protocol and of AsyncAPI', () => {
    const codes = Object.values(CLOSE).map(String);
    expect(rowsOf(section(PROTOCOL, 'Close codes', '### ')).map(([code]) => code)).toEqual(codes);
    expect(ASYNCAPI.channels.websocket.description.match(/\b\d{4}\b/g)).toEqual(codes);
  });
});

describe('settings', () => {
  it('stand in the README in their order, with default and unit', () => {
    const told = rowsOf(section(README, 'Settings')).map((cells) => cells.slice(0, 3));
    const known = Object.values(SETTINGS).map(({ variable, default: value, unit }) => [
      `\`${variable}\``,
      value === '' ? 'none' : `\`${value}\``,
      unit,
    ]);
    expect(told).toEqual(known);
  });
});

describe('limits', () => {
  it('of the protocol are those of the server', () => {
    const told = rowsOf(section(PROTOCOL, 'Limits')).map(([name, value, unit]) => [name, toNumber(value), unit]);
    expect(told).toEqual(LIMITS.map(({ name, value, unit }) => [name, value, unit]));
  });

  it('are the only bounds that the rest of the protocol names', () => {
    const prose = withoutBlocks(PROTOCOL).replace(section(PROTOCOL, 'Limits'), '');
    const named = [...prose.matchAll(/([\d,]+) (visible ASCII )?(KiB|[a-z]+)\b/g)].filter(([, , , unit = '']) =>
      UNITS.has(unit),
    );
    expect(named.length).toBeGreaterThan(25);
    const known = [...LIMITS, ...BOUNDS_OF_PROSE].map(({ value, unit }) => `${value} ${unit}`);
    for (const [phrase, value, , unit = ''] of named) {
      expect(known, phrase).toContain(`${toNumber(value)} ${UNITS.get(unit)}`);
    }
  });

  it('that depend on how much may be written are told by how many times', () => {
    const { REQUESTS_PER_WRITE, IDENTITIES_PER_ADDRESS } = limits;
    const told = [...section(PROTOCOL, 'Limits').matchAll(/(\d+) times as many/g)].map(([, times]) => Number(times));
    expect(told).toEqual([REQUESTS_PER_WRITE, REQUESTS_PER_WRITE * IDENTITIES_PER_ADDRESS]);
  });
});

describe('routes', () => {
  it('are those of OpenAPI', async () => {
    const routed = await routesOfServer();
    const told = Object.entries<object>(OPENAPI.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(told.toSorted()).toEqual(routed);
  });

  it('of HTTP are all named by the protocol', async () => {
    for (const route of await routesOfServer()) {
      const [method = '', path = ''] = route.split(' ');
      if (['/', '/favicon.ico', '/service-worker.js'].includes(path) || path.startsWith('/docs')) continue;
      const pattern = path.replaceAll(/\{[a-z]+\}/g, '[^\\s/`|]+');
      expect(PROTOCOL, route).toMatch(new RegExp(`${method.toUpperCase()}\`? ?\`?(/ \`?\\w+\`? )?${pattern}[\\s?\`]`));
    }
  });
});

describe('paths of WebSockets', () => {
  it('are those of the protocol, and the first is that of AsyncAPI', () => {
    const opening = section(PROTOCOL, 'WebSocket').trimStart().split('\n\n', 1)[0] ?? '';
    const told = [...opening.matchAll(/`(?:ws:\/\/localhost:3000)?(\/[a-z]*)/g)].map(([, path]) => path);
    expect(told).toEqual(WEBSOCKET_PATHS);
    expect(ASYNCAPI.channels.websocket.address).toBe(WEBSOCKET_PATHS[0]);
  });
});

describe('examples', () => {
  it('of the protocol are what the server takes and gives', () => {
    const blocks = [...PROTOCOL.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = '']) => text);
    const lines = [...PROTOCOL.matchAll(/^(?:→ |← |data: |(?=[[{]"))([[{].*)$/gm)].map(([, text = '']) => text);
    const examples = [...blocks, ...lines];
    expect(examples.length).toBeGreaterThan(50);
    for (const example of examples) expectKnown(JSON.parse(example));
  });
});

describe('answers', () => {
  it('of a server have the shapes that the documents give them, and no field more', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { token, author } = await identify(url);
    const strictly = (schema: z.ZodObject, value: unknown) => z.strictObject(schema.shape).parse(value);
    const get = async (path: string) => {
      const { json } = await call(url, path, { headers: { Authorization: `Bearer ${token}` } });
      return json as unknown[];
    };

    strictly(shapes.identity, { token, author });
    const parent = await post(url, 'parent');
    const whole = { message: 'all fields', color: '#112233', replyTo: parent.id };
    const { id } = await post(url, whole, { token, key: 'k-1' });
    await write(url, `/messages/${id}`, { message: 'edited' }, { method: 'PATCH', token });
    await call(url, `/messages/${id}/reactions/👍`, { method: 'PUT', headers: { Authorization: `Bearer ${token}` } });
    const changed = await get(`/messages/${id}`);
    strictly(shapes.message, changed);
    expect(Object.keys(changed).toSorted()).toEqual(
      Object.keys(shapes.message.shape)
        .filter((field) => field !== 'deleted')
        .toSorted(),
    );
    const { json: tombstone } = await write(url, `/messages/${id}`, undefined, { method: 'DELETE', token });
    strictly(shapes.message, tombstone);

    const sendAt = new Date(Date.now() + 60_000).toISOString();
    const later = await write(url, '/messages', { user: 'Azin', message: 'later', sendAt }, { token });
    strictly(shapes.accepted, later.json);
    for (const waiting of await get('/scheduled')) strictly(shapes.scheduledMessage, waiting);
    for (const room of await get('/rooms')) strictly(shapes.roomSummary, room);
    for (const found of await get('/search?q=parent')) strictly(shapes.message, found);
    strictly(shapes.subscription, (await write(url, '/subscriptions', {})).json);
    strictly(shapes.problem, (await write(url, '/messages', { user: '' })).json);
  });
});

describe('paths that are not well-formed', () => {
  it('are refused with a code that OpenAPI tells of', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    type Operations = Record<string, { responses: Record<number, { $ref: string }> }>;
    const open = Object.entries<Operations>(OPENAPI.paths).filter(([path]) => path.includes('{'));
    expect(open.length).toBeGreaterThan(4);
    for (const [path, operations] of open) {
      const broken = path.replaceAll(/\{\w+\}/g, '%FF');
      for (const [method, { responses }] of Object.entries(operations)) {
        const { status, json } = await call(url, broken, { method: method.toUpperCase() });
        const told = responses[status]?.$ref.replace('#/components/responses/', '').split('.');
        expect(told, `${method} ${broken}`).toContain((json as Problem).code);
      }
    }
  });
});

describe('frames', () => {
  it('of a server have the shapes that the documents give them, and each event comes', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const { token } = await identify(url);
    const one = await connectWs(url, { token, since: '1-elsewhere' });
    const other = await connectWs(url);
    await one.ask('send-message', { user: 'Azin', message: 'now' });
    const sendAt = new Date(Date.now() + 60_000).toISOString();
    await one.ask('send-message', { user: 'Azin', message: 'later', sendAt });
    await one.ask('edit-message', { id: 99, message: 'what?' });
    await one.ask('subscribe', { room: 'kitchen' });
    other.send('typing', { user: 'Bea' });
    await vi.waitFor(() => {
      expect([...new Set(one.received.map(({ command }) => command))].toSorted()).toEqual(EVENT_NAMES);
    }, 10_000);
    for (const { command, message } of one.received) {
      const schemas = command === 'accepted' ? shapes.serverEvents.accepted.options : [shapes.serverEvents[command]];
      const strict = schemas.map((schema) => z.strictObject((schema as z.ZodObject).shape));
      expect(z.union(strict).safeParse(message).error, JSON.stringify(message)).toBeUndefined();
    }
  });
});

/** In the order of the protocol. */
const LIMITS = [
  { name: 'name', value: limits.MAX_USER_LENGTH, unit: 'characters' },
  { name: 'message', value: limits.MAX_MESSAGE_LENGTH, unit: 'characters' },
  { name: 'kinds of reactions on a message', value: limits.MAX_REACTION_KINDS, unit: 'emoji' },
  { name: 'idempotency key', value: limits.MAX_KEY_LENGTH, unit: 'characters' },
  { name: 'body of a request, or message on a WebSocket', value: limits.MAX_BODY_BYTES, unit: 'bytes' },
  { name: 'headers of a request', value: limits.MAX_HEADER_BYTES, unit: 'bytes' },
  { name: 'messages in an answer', value: limits.MAX_PAGE, unit: 'messages' },
  { name: 'all messages in an answer', value: limits.MAX_PAGE_CHARS, unit: 'characters' },
  { name: 'messages without a cursor', value: limits.DEFAULT_PAGE, unit: 'messages' },
  { name: 'holding a request', value: limits.MAX_WAIT_S, unit: 's' },
  { name: 'request to be complete', value: limits.REQUEST_TIMEOUT_MS / 1000, unit: 's' },
  { name: 'headers to be complete', value: limits.HEADERS_TIMEOUT_MS / 1000, unit: 's' },
  { name: 'sending later', value: limits.MAX_SCHEDULE_AHEAD_MS / 86_400_000, unit: 'days' },
  { name: 'scheduled messages waiting for an identity', value: limits.MAX_SCHEDULED_PER_AUTHOR, unit: 'messages' },
  { name: 'search', value: limits.MAX_SEARCH_LENGTH, unit: 'characters' },
  { name: 'words and phrases of a search that count', value: limits.MAX_SEARCH_TERMS, unit: 'words' },
  { name: 'rooms that a WebSocket follows', value: limits.MAX_ROOMS_PER_CONNECTION, unit: 'rooms' },
  { name: 'subscriptions of a client', value: limits.MAX_SUBSCRIPTIONS_PER_CLIENT, unit: 'subscriptions' },
  { name: 'a subscription that is not used', value: limits.SUBSCRIPTION_IDLE_S, unit: 's' },
  { name: 'fragments of a message on a WebSocket', value: limits.MAX_FRAGMENTS, unit: 'frames' },
  { name: 'rejected commands on a WebSocket', value: limits.MAX_REJECTED, unit: 'commands' },
  { name: '… counted over', value: limits.REJECTED_WITHIN_MS / 1000, unit: 's' },
  { name: 'ping on a WebSocket every', value: limits.PING_EVERY_MS / 1000, unit: 's' },
  { name: 'answer to a ping', value: limits.PONG_WITHIN_MS / 1000, unit: 's' },
  { name: 'a connection that does not read', value: limits.MAX_STALL_MS / 1000, unit: 's' },
  { name: 'someone who polls counts as present', value: limits.POLLER_STAYS_MS / 1000, unit: 's' },
  { name: 'signs of typing of a connection, one every', value: limits.TYPING_EVERY_MS / 1000, unit: 's' },
  { name: 'polls answered only to tell who types, one every', value: limits.TYPING_POLLED_EVERY_MS / 1000, unit: 's' },
  { name: 'a sign of typing counts for', value: limits.TYPING_LASTS_MS / 1000, unit: 's' },
  { name: 'writes counted over', value: limits.RATE_WINDOW_MS / 1000, unit: 's' },
];

/** What the protocol promises beside the limits. Heartbeats come a little earlier, and the end does, than promised. */
const BOUNDS_OF_PROSE = [
  { value: Math.ceil(limits.HEARTBEAT_EVERY_MS / 5000) * 5, unit: 's' },
  { value: Math.ceil(limits.SHUTDOWN_WITHIN_MS / 5000) * 5, unit: 's' },
  { value: limits.SSE_RETRY_MS / 1000, unit: 's' },
  { value: limits.MAX_BACKLOG_BYTES / 1024, unit: 'KiB' },
];

/** Words after a number that make it a bound, and their form in the table. */
const UNITS = new Map([
  ['characters', 'characters'],
  ['bytes', 'bytes'],
  ['KiB', 'KiB'],
  ['s', 's'],
  ['whole', 's'],
  ['days', 'days'],
  ['messages', 'messages'],
  ['newest', 'messages'],
  ['rooms', 'rooms'],
  ['kinds', 'emoji'],
  ['words', 'words'],
  ['rejected', 'commands'],
  ['fragments', 'frames'],
  ['subscriptions', 'subscriptions'],
]);

/** The text under a heading, up to the next of its level or above. */
function section(markdown: string, title: string, marker = '## '): string {
  const start = `\n${markdown}`.indexOf(`\n${marker}${title}\n`);
  expect(start, title).toBeGreaterThanOrEqual(0);
  const body = markdown.slice(start + marker.length + title.length);
  const end = body.search(new RegExp(`^#{1,${marker.length - 1}} `, 'm'));
  return end < 0 ? body : body.slice(0, end);
}

function chapters(title: string, marker: string, inner: string): string[] {
  const headings = section(PROTOCOL, title, marker).matchAll(new RegExp(`^${inner}\`(.*)\`$`, 'gm'));
  return [...headings].map(([, name = '']) => name).toSorted();
}

/** The cells of the first table, without its head. */
function rowsOf(markdown: string): string[][] {
  const table = /(?:^\|.*\|\n)+/m.exec(markdown)?.[0] ?? '';
  const lines = table.trimEnd().split('\n').slice(2);
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gms, '').replaceAll(/\s+/g, ' ');
}

function toNumber(text = ''): number {
  return Number(text.replaceAll(',', ''));
}

/** What a server answers, as `method /path/{parameter}`. */
async function routesOfServer(): Promise<string[]> {
  const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
  const spies = methods.map((method) => ({ method, spy: vi.spyOn(express.application, method) }));
  onTestFinished(() => spies.forEach(({ spy }) => spy.mockRestore()));
  await startTestServer({ journal: 'memory' });
  return spies
    .flatMap(({ method, spy }) =>
      spy.mock.calls
        .filter((parameters: readonly unknown[]) => parameters.length > 1) // with one, `get` reads a setting
        .map(([path]) => `${method} ${String(path).replaceAll(/:([a-z]+)/g, '{$1}')}`),
    )
    .toSorted();
}

/** Every example has a shape, told by its fields, and fits it. */
function expectKnown(example: unknown): void {
  if (Array.isArray(example)) return example.forEach(expectKnown);
  const fields = z.record(z.string(), z.unknown()).parse(example);
  const schema = schemaFor(fields);
  const told = JSON.stringify(example);
  expect(schema.safeParse(example).error, told).toBeUndefined();
  if ('code' in fields && 'status' in fields) {
    const problem = shapes.problem.parse(example);
    expect(problem, told).toMatchObject({ status: ERRORS[problem.code].http, title: ERRORS[problem.code].title });
  }
}

function schemaFor(fields: Record<string, unknown>): z.ZodType {
  if ('command' in fields) return envelopeFor(fields);
  const known: [field: string, schema: z.ZodObject][] = [
    ['seq', 'online' in fields ? shapes.roomSummary : shapes.message],
    ['status', shapes.problem],
    ['token', shapes.identity],
    ['subscription', shapes.subscription],
    ['scheduled', 'room' in fields ? shapes.scheduledMessage : shapes.accepted],
    ['since', shapes.streamEvents['caught-up']],
  ];
  const found = known.find(([field]) => field in fields)?.[1];
  if (found !== undefined) return z.strictObject(found.shape);
  if ('user' in fields) return CLIENT_COMMANDS['send-message'].schema;
  return z.strictObject({ message: z.string() }).or(z.strictObject({ room: z.string() }));
}

function envelopeFor({ command, message }: Record<string, unknown>): z.ZodType {
  const name = z.string().parse(command);
  const fields = z.record(z.string(), z.unknown()).parse(message);
  // A name both ends know is an event where it has what only the event has.
  const schemas: z.ZodType[] = [
    ...(isClientCommand(name) ? [CLIENT_COMMANDS[name].schema] : []),
    ...[...Object.entries(CONNECTION_COMMANDS), ...Object.entries(shapes.serverEvents)]
      .filter(([known]) => known === name)
      .map(([, schema]) => (schema instanceof z.ZodObject ? z.strictObject(schema.shape) : schema)),
  ];
  if (name === 'accepted') return z.strictObject({ command: z.string(), key: z.string(), message: schemaFor(fields) });
  expect(schemas, `${name} is known`).not.toEqual([]);
  return z.strictObject({ command: z.literal(name), key: z.string().optional(), message: z.union(schemas) });
}
