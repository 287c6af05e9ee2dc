/** Writing over HTTP: each route is a command of the table. */
import { readJson, sendJson } from './exchange.ts';
import type { ServerResponse } from 'node:http';
import type { Posted } from '../conversation/applier.ts';
import type { ScheduledMessage } from '../../protocol/envelope.ts';
import type { Host, Transport } from './transport.ts';

export function startWriting({ route, conversation, identity }: Host): Transport {
  route('POST', '/messages', async ({ request, response }) => {
    const caller = identity.callerOf(request);
    const body = await readJson(request);
    const posted = await conversation.post('send-message', body, caller, readKey(request.headers['idempotency-key']));
    answerSent(response, posted);
  });
  return { stop() {} };
}

function answerSent(response: ServerResponse, posted: Posted): void {
  if ('message' in posted) {
    const { id, json } = posted.message;
    sendJson(response, posted.isNew ? 201 : 200, json, { Location: `/messages/${id}` });
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
