/** Subscriptions: cursors that the server remembers, for clients that cannot. */
import { z } from 'zod';
import { parseWith } from '../commands/command.ts';
import { cursor as cursorField, DEFAULT_ROOM, room as roomField } from '../commands/fields.ts';
import { MAX_PAGE, MAX_WAIT_S, SUBSCRIPTION_IDLE_S } from '../limits.ts';
import { readCursor, refuseGone } from './cursor.ts';
import { MORE, queryFields, readJson, readQuery, REQUEST_ID, sendEmpty, sendJson, sendProblem } from './exchange.ts';
import { createHolding } from './holding.ts';
import { RememberedCursor } from './remembered-cursor.ts';
import { createRegistry, gone } from './subscription-registry.ts';
import type { ServerResponse } from 'node:http';
import type { Batch } from './remembered-cursor.ts';
import type { Held } from './holding.ts';
import type { Subscription } from './subscription-registry.ts';
import type { Exchange, Host, Transport } from './transport.ts';

export const subscriptionBody = z.object({
  room: roomField.default(DEFAULT_ROOM),
  since: cursorField.exactOptional(),
});
export const batchQuery = z.object({
  wait: queryFields.whole(0, MAX_WAIT_S).default(0),
  limit: queryFields.whole(1, MAX_PAGE).default(MAX_PAGE),
  ack: queryFields.whole(0, Number.MAX_SAFE_INTEGER).exactOptional(),
});

type Asking = Pick<Held, 'response' | 'address' | 'waitS'>;

export function startSubscriptions(host: Host): Transport {
  const { route, conversation, feed, identity, clock, failures } = host;
  const registry = createRegistry(clock);
  const holding = createHolding(host);

  const create = async ({ request, response }: Exchange) => {
    const caller = identity.callerOf(request);
    const { room, since } = parseWith(subscriptionBody, await readJson(request));
    const start = since === undefined ? conversation.head() : refuseGone(await readCursor(since, conversation));
    const source = {
      head: conversation.head,
      after: (after: number, limit: number) => conversation.after(room, after, limit),
    };
    const { id } = registry.add(caller, room, new RememberedCursor(source, start));
    const answer = { subscription: id, expiresIn: SUBSCRIPTION_IDLE_S };
    sendJson(response, 201, JSON.stringify(answer), ['Location', `/subscriptions/${id}`]);
  };

  const read = ({ request, response, params, query: given }: Exchange) => {
    const { author, address } = identity.callerOf(request);
    const subscription = registry.find(params['id']);
    const { room, cursor } = subscription;
    const { wait, limit, ack } = readQuery(batchQuery, given);
    cursor.check(ack);
    if (request.method === 'HEAD') return answerEmpty(response, cursor); // it asks for nothing, and must change nothing
    if (author !== undefined) feed.polled(room, author);
    subscription.endHeld?.((other) => answerEmpty(other, cursor));
    cursor.confirm(ack);
    const batch = cursor.next(limit);
    if (wait === 0 || batch.page.changes.length > 0) return answerBatch(response, batch);
    hold(subscription, { response, address, waitS: wait }, limit);
  };

  const hold = (subscription: Subscription, { response, address, waitS }: Asking, limit: number) => {
    const { room, cursor } = subscription;
    const cancel = holding.hold({ response, address, room, after: cursor.position, waitS }, () => {
      registry.use(subscription); // it was not idle while it was held
      answerBatch(response, cursor.next(limit));
    });
    const endHeld: Subscription['endHeld'] = (answer) => {
      if (response.headersSent) return;
      cancel();
      answer(response);
    };
    subscription.endHeld = endHeld;
    response.once('close', () => {
      if (subscription.endHeld === endHeld) delete subscription.endHeld;
    });
  };

  route('POST', '/subscriptions', create);
  route('GET', '/subscriptions/:id/messages', read);
  route('DELETE', '/subscriptions/:id', ({ request, response, params }) => {
    identity.callerOf(request);
    const subscription = registry.find(params['id']);
    registry.delete(subscription);
    subscription.endHeld?.((other) => {
      const error = gone();
      sendProblem(other, error, { [REQUEST_ID]: failures.note(error, { transport: 'http' }) });
    });
    sendEmpty(response);
  });

  return {
    stop() {
      holding.stop();
      registry.stop();
    },
  };
}

function answerBatch(response: ServerResponse, { number, page: { changes, hasMore } }: Batch): void {
  const headers = ['Batch', String(number), ...(hasMore ? MORE : [])];
  sendJson(response, 200, `[${changes.map(({ json }) => json).join(',')}]`, headers);
}

function answerEmpty(response: ServerResponse, { lastNumber }: RememberedCursor): void {
  answerBatch(response, { number: lastNumber, page: { changes: [], hasMore: false } });
}
