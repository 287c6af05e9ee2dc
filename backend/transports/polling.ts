/** Asking again and again: `GET /messages` answers at once, or holds the request until there is something to say. */
import { z } from 'zod';
import { ChatError } from '../errors.ts';
import { DEFAULT_PAGE, LONG_POLL_TICK_MS, MAX_PAGE, MAX_WAIT_S } from '../limits.ts';
import { createDeadlines } from '../wheel.ts';
import { formatCursor, readCursor } from './cursor.ts';
import { queryFields, readId, readQuery, sendJson } from './exchange.ts';
import type { ServerResponse } from 'node:http';
import type { Page } from '../conversation/change.ts';
import type { Exchange, Host, Transport } from './transport.ts';

const query = z.object({
  room: queryFields.room,
  since: queryFields.since,
  before: queryFields.whole(0, Number.MAX_SAFE_INTEGER).exactOptional(),
  limit: queryFields.whole(1, MAX_PAGE).exactOptional(),
  wait: queryFields.whole(0, MAX_WAIT_S).exactOptional(),
});

export function startPolling({ listenAs, route, conversation, feed, clock, identity }: Host): Transport {
  const deadlines = createDeadlines(clock, LONG_POLL_TICK_MS);
  const held = new Set<() => void>();

  const answer = (response: ServerResponse, { changes, hasMore }: Page, nextSince?: number) => {
    sendJson(response, 200, `[${changes.map(({ json }) => json).join(',')}]`, {
      ...(nextSince !== undefined && { 'Next-Since': formatCursor(nextSince, conversation) }),
      ...(hasMore && { More: 'true' }),
    });
  };

  const answerAfter = (response: ServerResponse, room: string, since: number, limit: number) => {
    const page = conversation.after(room, since, limit);
    const last = page.hasMore ? page.changes.at(-1)?.seq : undefined;
    answer(response, page, last ?? conversation.head());
  };

  /** Hold the request until something changes in the room, the time is up, the client is gone or the server stops. */
  const hold = (response: ServerResponse, room: string, waitS: number, release: () => void) => {
    const leave = feed.takePlace();
    const end = () => {
      cancelChange();
      cancelDeadline();
      held.delete(finish);
      response.off('close', end);
      leave();
    };
    const finish = () => {
      end();
      release();
    };
    const cancelChange = feed.onceChanged(room, finish);
    const cancelDeadline = deadlines.after(waitS * 1000, finish);
    held.add(finish);
    response.once('close', end);
  };

  const listen = ({ request, response, query: given }: Exchange) => {
    identity.callerOf(request); // a token that is not known is told, also to one who only reads
    const { room, since, before, limit, wait } = readQuery(query, given);
    if (wait !== undefined && since === undefined) throw invalid('wait', 'is only for a request with "since"');
    if (before !== undefined) {
      if (since !== undefined) throw invalid('before', 'cannot be given together with "since"');
      return answer(response, conversation.before(room, before, limit ?? DEFAULT_PAGE));
    }
    if (since === undefined) {
      return answer(response, conversation.newest(room, limit ?? DEFAULT_PAGE), conversation.head());
    }
    const position = readCursor(since, conversation);
    if (position === 'gone') {
      throw new ChatError('cursor-gone', 'The cursor is of another journal: start again without "since".');
    }
    const most = limit ?? MAX_PAGE;
    if (!wait || conversation.after(room, position, 1).changes.length > 0) {
      return answerAfter(response, room, position, most);
    }
    return hold(response, room, wait, () => answerAfter(response, room, position, most));
  };

  listenAs('json', 'application/json', listen);
  route('GET', '/messages/:id', ({ request, response, params }) => {
    identity.callerOf(request);
    const change = conversation.message(readId(params));
    if (change === undefined) throw new ChatError('not-found', 'There is no such message.');
    sendJson(response, 200, change.json);
  });

  return {
    stop() {
      for (const finish of held) finish();
      deadlines.stop();
    },
  };
}

function invalid(field: string, detail: string): ChatError {
  return new ChatError('invalid-query', `"${field}" ${detail}.`, { errors: [{ field, detail }] });
}
