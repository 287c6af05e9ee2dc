/** Writing over HTTP: each route is a command of the table, but for what is journalled nowhere. */
import { parseWith, requireAuthor } from '../commands/command.ts';
import { ChatError } from '../errors.ts';
import { readId, readJson, sendEmpty, sendJson } from './exchange.ts';
import { typingBody } from './typing.ts';
import type { ServerResponse } from 'node:http';
import type { ScheduledMessage } from '../../protocol/envelope.ts';
import type { CommandName } from '../commands/table.ts';
import type { Posted } from '../conversation/applier.ts';
import type { FlatHeaders } from './exchange.ts';
import type { Exchange, Host, Transport } from './transport.ts';

export function startWriting({ route, conversation, feed, identity }: Host): Transport {
  /** Carry out a command on the message of the path, and answer with it. */
  const change = async ({ request, response, params }: Exchange, command: CommandName, fields: object) => {
    const caller = identity.callerOf(request);
    const posted = await conversation.post(command, { ...fields, id: readId(params) }, caller);
    answerPosted(response, posted);
  };

  route('POST', '/messages', async ({ request, response }) => {
    const caller = identity.callerOf(request);
    const body = await readJson(request);
    const posted = await conversation.post('send-message', body, caller, readKey(request.headers['idempotency-key']));
    const location = 'message' in posted ? ['Location', `/messages/${posted.message.id}`] : [];
    answerPosted(response, posted, posted.isNew ? 201 : 200, location);
  });
  route('PATCH', '/messages/:id', async (exchange) => {
    const { message } = (await readJson(exchange.request)) as { message?: unknown };
    await change(exchange, 'edit-message', { message });
  });
  route('DELETE', '/messages/:id', (exchange) => change(exchange, 'delete-message', {}));
  route('PUT', '/messages/:id/reactions/:reaction', (exchange) =>
    change(exchange, 'react', { reaction: exchange.params['reaction'] }),
  );
  route('DELETE', '/messages/:id/reactions/:reaction', (exchange) =>
    change(exchange, 'unreact', { reaction: exchange.params['reaction'] }),
  );

  route('POST', '/typing', async ({ request, response }) => {
    const caller = identity.callerOf(request);
    feed.typing(caller, parseWith(typingBody, await readJson(request)));
    sendEmpty(response);
  });

  route('GET', '/scheduled', ({ request, response }) => {
    const waiting = conversation.scheduledOf(requireAuthor(identity.callerOf(request)));
    const answer = waiting.map(({ id, sendAt, text, body }) => {
      const { room, user } = body as Pick<ScheduledMessage, 'room' | 'user'>; // as `send-message` recorded them
      return { scheduled: id, sendAt, room, user, message: text } satisfies ScheduledMessage;
    });
    sendJson(response, 200, JSON.stringify(answer));
  });
  route('DELETE', '/scheduled/:id', async ({ request, response, params }) => {
    const caller = identity.callerOf(request);
    const waiting = conversation.scheduledOf(requireAuthor(caller)).find(({ id }) => id === params['id']);
    if (waiting === undefined) throw new ChatError('not-found', 'There is no such scheduled message.');
    await conversation.post('withdraw-message', { scheduled: waiting.id, seq: waiting.seq }, caller);
    sendEmpty(response);
  });

  route('POST', '/identity', async ({ request, response }) => {
    identity.callerOf(request); // one that shows a token that is not known is told so here too
    const given = await identity.issue(request);
    sendJson(response, 201, JSON.stringify(given));
  });
  return { stop() {} };
}

/** @param status for a message; one that is to come later is always 202 */
function answerPosted(response: ServerResponse, posted: Posted, status = 200, headers: FlatHeaders = []): void {
  if ('message' in posted) {
    sendJson(response, status, posted.message.json, headers);
  } else {
    const { id, sendAt } = posted.scheduled;
    const answer: Pick<ScheduledMessage, 'scheduled' | 'sendAt'> = { scheduled: id, sendAt };
    sendJson(response, 202, JSON.stringify(answer));
  }
}

// Node joins a header that comes twice by a comma and a space; no key holds a space, so that is refused as any other.
function readKey(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}
