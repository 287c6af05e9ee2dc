/** What is said on a WebSocket and by Server-Sent Events, as AsyncAPI 3.0, made from the schemas that validate it. */
import { key } from '../commands/fields.ts';
import { CLIENT_COMMANDS } from '../commands/table.ts';
import { CLOSE } from '../errors.ts';
import { pollQuery } from '../transports/polling.ts';
import { CONNECTION_COMMANDS } from '../transports/websocket-envelope.ts';
import { message, problem, serverEvents, streamEvents, toSchema } from './schemas.ts';
import type { z } from 'zod';
import type { Document } from './openapi.ts';

/** A sentence for each; that none is missing, the types see to. */
const COMMANDS: { [Name in keyof typeof CLIENT_COMMANDS | keyof typeof CONNECTION_COMMANDS]: string } = {
  'send-message': 'Post a message, now or later. `key` is its idempotency key.',
  'edit-message': "Edit one's own message.",
  'delete-message': "Delete one's own message, or as a moderator any.",
  react: 'React with an emoji.',
  unreact: 'Take a reaction back.',
  subscribe: 'Follow one more room.',
  unsubscribe: 'Stop following a room.',
  typing: 'Tell the others that someone is typing.',
};
const EVENTS: { [Name in keyof typeof serverEvents]: string } = {
  message: 'A message that is new or has changed.',
  'caught-up': 'Everything up to the moment of subscribing has been sent; from here it is live.',
  reset: 'The cursor was gone: forget the room; its newest messages follow.',
  accepted: 'A command was carried out; this is the result.',
  rejected: 'A command was refused, and changed nothing.',
  typing: 'Someone else is typing.',
  presence: 'How many are in the room.',
};
const STREAM: { [Name in keyof typeof streamEvents]: string } = {
  message: 'A message that is new or has changed. The id of the event is the cursor.',
  'caught-up': 'Everything up to the moment of the request has been sent; from here it is live.',
  reset: 'The cursor was gone: forget the room; its newest messages follow.',
};
const ANSWERED: readonly string[] = ['accepted', 'rejected'] satisfies (keyof typeof serverEvents)[];

export function asyncApi(version: string): Document {
  const commands = entriesOf({ ...CLIENT_COMMANDS, ...CONNECTION_COMMANDS }).map(([name, one]) => {
    const schema = 'schema' in one ? one.schema : one;
    return [`command.${name}`, envelopeOf(name, COMMANDS[name], { key: toSchema(key) }, toSchema(schema))] as const;
  });
  const events = entriesOf(serverEvents).map(([name, schema]) => {
    const echoed = ANSWERED.includes(name) ? { key: toSchema(key) } : {};
    return [`event.${name}`, envelopeOf(name, EVENTS[name], echoed, payloadOf(schema))] as const;
  });
  const streamed = entriesOf(streamEvents).map(([name, schema]) => {
    const told = {
      name,
      title: name,
      summary: STREAM[name],
      contentType: 'application/json',
      payload: payloadOf(schema),
    };
    return [`stream.${name}`, told] as const;
  });
  const codes = Object.entries(CLOSE).map(([name, code]) => `${code} (${name})`);

  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Since',
      version,
      description:
        'What is said on a WebSocket, and by Server-Sent Events. The rules behind it are told in PROTOCOL.md, which a ' +
        'running server shows at /docs.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      websocket: {
        host: 'localhost:3000',
        protocol: 'ws',
        security: [{ $ref: '#/components/securitySchemes/bearer' }],
      },
      http: { host: 'localhost:3000', protocol: 'http', security: [{ $ref: '#/components/securitySchemes/bearer' }] },
    },
    channels: {
      websocket: {
        address: '/messages',
        title: 'WebSocket',
        description:
          `One envelope a text frame. A refused handshake is answered with a problem, as in openapi.yaml, and 400, 401, ` +
          `403, 404, 429 or 503. Close codes: ${codes.join(', ')}.`,
        servers: [{ $ref: '#/servers/websocket' }],
        messages: refsOf([...commands, ...events]),
        bindings: { ws: { query: queryOf(pollQuery), bindingVersion: '0.1.0' } },
      },
      stream: {
        address: '/messages',
        title: 'Server-Sent Events',
        description: 'Asked for with `Accept: text/event-stream`. What follows is the data of each event, by its name.',
        servers: [{ $ref: '#/servers/http' }],
        messages: refsOf(streamed),
      },
    },
    operations: {
      command: operation('receive', 'websocket', 'What a client asks for.', commands),
      event: operation('send', 'websocket', 'What the server says.', events),
      stream: operation('send', 'stream', 'What the server says.', streamed),
    },
    components: {
      messages: Object.fromEntries([...commands, ...events, ...streamed]),
      schemas: { Message: toSchema(message), Problem: toSchema(problem) },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of POST /identity, or of a sign-in; optional.',
        },
      },
    },
  };
}

type Named = readonly (readonly [name: string, message: object])[];

function envelopeOf(name: string, summary: string, fields: object, payload: object): object {
  return {
    name,
    title: name,
    summary,
    payload: {
      type: 'object',
      properties: { command: { const: name }, ...fields, message: payload },
      required: ['command', 'message'],
    },
  };
}

/** What stands in a component is referred to. */
function payloadOf(schema: z.ZodType): object {
  if (schema === message) return { $ref: '#/components/schemas/Message' };
  return schema === problem ? { $ref: '#/components/schemas/Problem' } : toSchema(schema);
}

function refsOf(messages: Named): object {
  return Object.fromEntries(messages.map(([name]) => [name, { $ref: `#/components/messages/${name}` }]));
}

function operation(action: 'send' | 'receive', channel: string, summary: string, messages: Named): object {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    summary,
    messages: messages.map(([name]) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
  };
}

function queryOf({ shape: { room, since } }: typeof pollQuery): object {
  return { type: 'object', properties: { room: toSchema(room), since: toSchema(since) } };
}

function entriesOf<Table extends object>(table: Table): [keyof Table, Table[keyof Table]][] {
  return Object.entries(table) as [keyof Table, Table[keyof Table]][];
}
