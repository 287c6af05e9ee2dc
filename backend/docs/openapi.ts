/** The HTTP interface as OpenAPI 3.1, made from the schemas that validate it. */
import { CLIENT_COMMANDS } from '../commands/table.ts';
import { ERRORS } from '../errors.ts';
import { batchQuery, subscriptionBody } from '../transports/subscriptions.ts';
import { roomsQuery, searchQuery } from '../transports/directory.ts';
import { pollQuery } from '../transports/polling.ts';
import { typingBody } from '../transports/typing.ts';
import {
  accepted,
  identity,
  message,
  problem,
  roomSummary,
  scheduledMessage,
  subscription,
  toSchema,
} from './schemas.ts';
import { key } from '../commands/fields.ts';
import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';

export interface Document {
  [field: string]: unknown;
}

interface Operation {
  tag: keyof typeof TAGS;
  summary: string;
  description?: string;
  parameters?: readonly object[];
  body?: object;
  /** By status; what is not JSON says so. */
  answers: { [status: number]: Answer };
  errors?: readonly ErrorCode[];
}

interface Answer {
  description: string;
  schema?: object;
  types?: { [type: string]: object };
  headers?: object;
}

const TAGS = {
  Listening: 'Messages that are there, and those that come.',
  Writing: 'Posting, and changing what was posted.',
  Subscriptions: 'Cursors that the server keeps.',
  Identity: 'Who is calling.',
  Directory: 'Rooms, and search.',
  Operations: 'For those who run the server.',
  Pages: 'For people.',
};

/** What any request can be answered that is no page; `invalid-query` where it cannot be read, such as `%FF` in its path. */
const ANY: readonly ErrorCode[] = [
  'invalid-query',
  'identity-required',
  'method-not-allowed',
  'timeout',
  'rate-limited',
  'internal',
  'overloaded',
];
/** What any request with a body can be answered. */
const WITH_BODY: readonly ErrorCode[] = ['malformed-json', 'payload-too-large', 'unsupported-media-type'];

export function openApi(version: string): Document {
  const paths = Object.fromEntries(
    Object.entries(PATHS).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, one]) => [method, toOperation(one, `${method} ${path}`)]),
      ),
    ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Since',
      version,
      summary: 'A chat whose clients say what they have seen, and are given what came since.',
      description: 'The rules behind all of this are told in PROTOCOL.md, which a running server shows at /docs.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that gave this document.' }],
    security: [{}, { bearer: [] }, { cookie: [] }, { accessToken: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: {
        Message: toSchema(message),
        Scheduled: toSchema(accepted),
        ScheduledMessage: toSchema(scheduledMessage),
        Identity: toSchema(identity),
        Subscription: toSchema(subscription),
        Room: toSchema(roomSummary),
        Problem: toSchema(problem),
      },
      responses: problemResponses(paths),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A token of POST /identity, or of a sign-in.' },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: 'since_identity',
          description: 'For pages of the server itself.',
        },
        accessToken: {
          type: 'apiKey',
          in: 'query',
          name: 'access_token',
          description: 'The token of a sign-in, where a header cannot be set. On closed servers only.',
        },
      },
    },
  };
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const listOf = (name: string) => ({ type: 'array', items: ref(name) });
const header = (description: string, schema: object = { type: 'string' }) => ({ description, schema });
const NEXT_SINCE = header('The cursor to ask with the next time.');
const MORE = header('`limit`, or the length of the messages, cut the answer.', { const: 'true' });
const TYPING = header('Who is typing: names in percent-encoded UTF-8, by comma.');
const NEXT_TYPING = header('What to put into `typing` the next time. Only beside `Typing`.', { type: 'integer' });
const LOCATION = header('Path of what was made.');
const BATCH = header('Number of the batch, to be confirmed with `ack`.', { type: 'integer' });

const ID = inPath('id', 'Id of the message.', { type: 'integer', minimum: 1 });
const REACTION = inPath('reaction', 'One emoji.', { type: 'string', examples: ['👍'] });
const SCHEDULED_ID = inPath('id', 'What waits.', { type: 'string' });
const SUBSCRIPTION_ID = inPath('id', 'The subscription.', { type: 'string' });
const MESSAGE = { description: 'The message.', schema: ref('Message') };
const NOTHING = { description: 'Done; there is nothing to say.' };
const TEXT = { 'text/plain': { type: 'string' } };
const HTML = { 'text/html': { type: 'string' } };
const YAML = { 'application/yaml': { type: 'string' } };

const PATHS: { [path: string]: { [Method in 'get' | 'post' | 'put' | 'patch' | 'delete']?: Operation } } = {
  '/messages': {
    get: {
      tag: 'Listening',
      summary: 'Poll, long-poll, or open a stream',
      description:
        'What is asked for in Accept, or by name with `as`, decides what comes: an array, Server-Sent Events or a ' +
        'message a line. A WebSocket is opened with the same URL, room and cursor: see asyncapi.yaml. `before`, ' +
        '`limit`, `wait` and `typing` are for the array only; `wait` needs `since`, and `before` goes without it.',
      parameters: [
        ...inQuery(pollQuery),
        {
          name: 'as',
          in: 'query',
          description: 'In the place of Accept.',
          schema: { enum: ['json', 'sse', 'ndjson'] },
        },
        {
          name: 'Last-Event-ID',
          in: 'header',
          description: 'Cursor of Server-Sent Events; wins over `since`.',
          schema: { type: 'string' },
        },
      ],
      answers: {
        200: {
          description: 'Messages, or a stream of them.',
          types: {
            'application/json': listOf('Message'),
            'text/event-stream': { type: 'string', description: 'See asyncapi.yaml.' },
            'application/x-ndjson': { type: 'string', description: 'A message a line; empty lines in between.' },
          },
          headers: { 'Next-Since': NEXT_SINCE, More: MORE, Typing: TYPING, 'Next-Typing': NEXT_TYPING },
        },
      },
      errors: ['invalid-query', 'invalid-cursor', 'cursor-gone', 'not-acceptable'],
    },
    post: {
      tag: 'Writing',
      summary: 'Post a message, now or later',
      parameters: [{ name: 'Idempotency-Key', in: 'header', schema: toSchema(key) }],
      body: toSchema(CLIENT_COMMANDS['send-message'].schema),
      answers: {
        201: { ...MESSAGE, headers: { Location: LOCATION } },
        200: {
          description: 'The message that was posted with this key before.',
          schema: ref('Message'),
          headers: { Location: LOCATION },
        },
        202: { description: 'It will be posted at its time.', schema: ref('Scheduled') },
      },
      errors: ['invalid-message', 'idempotency-mismatch', ...WITH_BODY],
    },
  },
  '/messages/{id}': {
    get: {
      tag: 'Listening',
      summary: 'One message, as it stands now',
      parameters: [ID],
      answers: { 200: MESSAGE },
      errors: ['not-found'],
    },
    patch: {
      tag: 'Writing',
      summary: "Edit one's own message",
      parameters: [ID],
      body: without('id', toSchema(CLIENT_COMMANDS['edit-message'].schema)),
      answers: { 200: MESSAGE },
      errors: ['invalid-message', 'forbidden', 'not-found', ...WITH_BODY],
    },
    delete: {
      tag: 'Writing',
      summary: "Delete one's own message, or as a moderator any",
      parameters: [ID],
      answers: { 200: { description: 'The tombstone.', schema: ref('Message') } },
      errors: ['forbidden', 'not-found'],
    },
  },
  '/messages/{id}/reactions/{reaction}': {
    put: {
      tag: 'Writing',
      summary: 'React with an emoji',
      parameters: [ID, REACTION],
      answers: { 200: MESSAGE },
      errors: ['invalid-message', 'not-found'],
    },
    delete: {
      tag: 'Writing',
      summary: 'Take a reaction back',
      parameters: [ID, REACTION],
      answers: { 200: MESSAGE },
      errors: ['invalid-message', 'not-found'],
    },
  },
  '/typing': {
    post: {
      tag: 'Writing',
      summary: 'Tell the others that someone is typing',
      description: 'Nothing is stored. More than one a second is taken and passed over.',
      body: toSchema(typingBody),
      answers: { 204: NOTHING },
      errors: ['invalid-message', ...WITH_BODY],
    },
  },
  '/scheduled': {
    get: {
      tag: 'Writing',
      summary: "List one's own messages that wait",
      answers: { 200: { description: 'What waits.', schema: listOf('ScheduledMessage') } },
    },
  },
  '/scheduled/{id}': {
    delete: {
      tag: 'Writing',
      summary: 'Withdraw a message that waits',
      parameters: [SCHEDULED_ID],
      answers: { 204: NOTHING },
      errors: ['not-found'],
    },
  },
  '/subscriptions': {
    post: {
      tag: 'Subscriptions',
      summary: 'Have a cursor kept',
      body: toSchema(subscriptionBody),
      answers: {
        201: {
          description: 'It begins now, or at `since`.',
          schema: ref('Subscription'),
          headers: { Location: LOCATION },
        },
      },
      errors: ['invalid-message', 'invalid-cursor', 'cursor-gone', ...WITH_BODY],
    },
  },
  '/subscriptions/{id}': {
    delete: {
      tag: 'Subscriptions',
      summary: 'Have it forgotten',
      parameters: [SUBSCRIPTION_ID],
      answers: { 204: NOTHING },
      errors: ['subscription-gone'],
    },
  },
  '/subscriptions/{id}/messages': {
    get: {
      tag: 'Subscriptions',
      summary: 'What is new since the last call',
      description: 'With `ack` a batch is confirmed; without it, everything that was given before.',
      parameters: [SUBSCRIPTION_ID, ...inQuery(batchQuery)],
      answers: {
        200: { description: 'Messages.', schema: listOf('Message'), headers: { Batch: BATCH, More: MORE } },
      },
      errors: ['invalid-query', 'subscription-gone'],
    },
  },
  '/identity': {
    post: {
      tag: 'Identity',
      summary: 'Get an identity',
      answers: { 201: { description: 'A new identity.', schema: ref('Identity') } },
      errors: ['forbidden'],
    },
  },
  '/rooms': {
    get: {
      tag: 'Directory',
      summary: 'Rooms, the most recently active first',
      parameters: inQuery(roomsQuery),
      answers: { 200: { description: 'Rooms.', schema: listOf('Room') } },
      errors: ['invalid-query'],
    },
  },
  '/search': {
    get: {
      tag: 'Directory',
      summary: 'Search messages, the best match first',
      parameters: inQuery(searchQuery),
      answers: { 200: { description: 'Messages.', schema: listOf('Message') } },
      errors: ['invalid-query'],
    },
  },
  '/healthz': {
    get: {
      tag: 'Operations',
      summary: 'Whether the process lives',
      answers: { 200: { description: 'It does.', types: TEXT } },
    },
  },
  '/readyz': {
    get: {
      tag: 'Operations',
      summary: 'Whether a message can be accepted',
      answers: { 200: { description: 'It can.', types: TEXT } },
      errors: ['overloaded'],
    },
  },
  '/metrics': {
    get: {
      tag: 'Operations',
      summary: 'Numbers for Prometheus',
      answers: { 200: { description: 'In the text format of Prometheus.', types: TEXT } },
    },
  },
  '/': { get: page('The page that links to the others') },
  '/favicon.ico': {
    get: {
      ...page('The icon of the pages'),
      answers: { 200: { description: 'It.', types: { 'image/svg+xml': { type: 'string' } } } },
    },
  },
  '/service-worker.js': {
    get: {
      ...page('What opens the pages without network'),
      answers: { 200: { description: 'It.', types: { 'text/javascript': { type: 'string' } } } },
    },
  },
  '/docs': { get: page('The protocol, to be read') },
  '/docs/openapi.yaml': {
    get: { ...page('This document'), answers: { 200: { description: 'It.', types: YAML } } },
  },
  '/docs/asyncapi.yaml': {
    get: {
      ...page('The same for WebSocket and Server-Sent Events'),
      answers: { 200: { description: 'It.', types: YAML } },
    },
  },
};

function page(summary: string): Operation {
  return { tag: 'Pages', summary, answers: { 200: { description: 'A page.', types: HTML } } };
}

function inPath(name: string, description: string, schema: object): object {
  return { name, in: 'path', required: true, description, schema };
}

function inQuery(query: z.ZodObject): object[] {
  const { properties, required } = toSchema(query) as { properties: { [name: string]: object }; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    ...(required?.includes(name) && { required: true }),
    schema,
  }));
}

function without(field: string, schema: Document): Document {
  const { properties, required, ...rest } = schema as { properties: { [name: string]: object }; required: string[] };
  const { [field]: _left, ...others } = properties;
  return { ...rest, properties: others, required: required.filter((name) => name !== field) };
}

function toOperation(operation: Operation, name: string): object {
  const { tag, summary, description, parameters, body, answers, errors = [] } = operation;
  const isPublic = tag === 'Pages' || tag === 'Operations';
  return {
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    operationId: (name.match(/[a-z]+/g) ?? []).join('-'),
    ...(isPublic && { security: [] }),
    ...(parameters !== undefined && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, toResponse(answer)])),
      ...toProblems(isPublic ? errors : [...new Set([...errors, ...ANY])]),
    },
  };
}

function toResponse({ description, schema, types, headers }: Answer): object {
  const contents = types ?? (schema === undefined ? {} : { 'application/json': schema });
  const content = Object.fromEntries(Object.entries(contents).map(([type, one]) => [type, { schema: one }]));
  return {
    description,
    ...(headers !== undefined && { headers }),
    ...(Object.keys(content).length > 0 && { content }),
  };
}

/** One response a status; which codes it comes with is its name. */
function toProblems(errors: readonly ErrorCode[]): object {
  const byStatus = Map.groupBy(errors, (code) => ERRORS[code].http);
  const nameOf = (codes: readonly ErrorCode[]) => `#/components/responses/${codes.join('.')}`;
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, { $ref: nameOf(codes) }]));
}

/** Those that the operations refer to. */
function problemResponses(paths: object): object {
  const names = JSON.stringify(paths).matchAll(/"#\/components\/responses\/([a-z.-]+)"/g);
  return Object.fromEntries(
    [...new Set([...names].map(([, name = '']) => name))]
      .toSorted()
      .map((name) => [name, toProblemResponse(name.split('.') as ErrorCode[])]), // as `toProblems` made the name
  );
}

function toProblemResponse(codes: readonly ErrorCode[]): object {
  const status: number | undefined = codes[0] && ERRORS[codes[0]].http;
  const schema = { allOf: [ref('Problem'), { type: 'object', properties: { code: { enum: codes } } }] };
  const headers = {
    'X-Request-Id': header('Its name in the log of the server.'),
    ...(status === 405 && { Allow: header('The methods that are.') }),
    ...(status === 401 && { 'WWW-Authenticate': header('`Bearer`.') }),
    ...((status === 429 || status === 503) && { 'Retry-After': header('Seconds.', { type: 'integer' }) }),
  };
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}.`).join(' '),
    headers,
    content: { 'application/problem+json': { schema } },
  };
}
