/** Asking again and again: `GET /messages` answers at once, or holds the request until there is something to say. */
import { z } from 'zod';
import { ChatError } from '../errors.ts';
import { DEFAULT_PAGE, MAX_PAGE, MAX_WAIT_S, MIN_PREPARED_CHANGES, REMEMBERED_QUERIES } from '../limits.ts';
import { remember } from '../remember.ts';
import { formatCursor, readCursor, refuseGone } from './cursor.ts';
import { MORE, queryFields, readId, readQuery, sendJson, sendJsonBytes } from './exchange.ts';
import { createHolding } from './holding.ts';
import type { ServerResponse } from 'node:http';
import type { Page } from '../conversation/change.ts';
import type { Form } from './encoding.ts';
import type { Pieces } from './prepared.ts';
import type { Position } from './cursor.ts';
import type { FlatHeaders } from './exchange.ts';
import type { Asking } from './recent-typing.ts';
import type { Exchange, Host, Transport } from './transport.ts';

export const pollQuery = z.object({
  room: queryFields.room,
  since: queryFields.since,
  before: queryFields.whole(0, Number.MAX_SAFE_INTEGER).exactOptional(),
  limit: queryFields.whole(1, MAX_PAGE).exactOptional(),
  wait: queryFields.whole(0, MAX_WAIT_S).exactOptional(),
  typing: queryFields
    .whole(0, Number.MAX_SAFE_INTEGER)
    .meta({ description: '`Next-Typing` of the last answer that had one, or 0: tell who is typing, too.' })
    .exactOptional(),
});

/** What is asked of a room, beside its messages. */
interface Asked {
  room: string;
  /** Where it also asks who is typing. */
  asking: Asking | undefined;
}

const COMMA = ',';
const LIST_BEGINS = Buffer.from('[');
const LIST_ENDS = Buffer.from(']');
/** What stands in a list, each with the comma in front of it. */
const LIST: Form = { message: ({ json }) => Buffer.from(COMMA + json) };

export function startPolling(host: Host): Transport {
  const { listenAs, route, conversation, feed, identity } = host;
  const { hold, stop } = createHolding(host);
  // All who have seen everything ask the same question.
  const readPollQuery = remember(REMEMBERED_QUERIES, (search) => readQuery(pollQuery, new URLSearchParams(search)));

  const typingHeaders = (room: string, asking: Asking): FlatHeaders => {
    const told = feed.recentTyping.after(room, asking);
    return told === undefined ? [] : ['Typing', told.users.join(), 'Next-Typing', String(told.next)];
  };
  const headersOf = (hasMore: boolean, nextSince: number | undefined, { room, asking }: Asked) => [
    ...(nextSince === undefined ? [] : ['Next-Since', formatCursor(nextSince, conversation)]),
    ...(hasMore ? MORE : []),
    ...(asking === undefined ? [] : typingHeaders(room, asking)),
  ];
  const answer = (response: ServerResponse, { changes }: Page, headers: FlatHeaders) => {
    sendJson(response, 200, `[${changes.map(({ json }) => json).join(',')}]`, headers);
  };
  const answerPieces = (response: ServerResponse, { parts, last, hasMore }: Pieces, asked: Asked) => {
    const [first, ...others] = parts.map(({ messages }) => messages);
    const list = first === undefined ? [] : [first.subarray(COMMA.length), ...others];
    const nextSince = hasMore ? last : conversation.head();
    sendJsonBytes(response, 200, [LIST_BEGINS, ...list, LIST_ENDS], headersOf(hasMore, nextSince, asked));
  };

  const answerAfter = (response: ServerResponse, asked: Asked, since: number, limit: number) => {
    const { room } = asked;
    const mayBeMany = Math.min(limit, conversation.head() - since) > MIN_PREPARED_CHANGES;
    if (mayBeMany) return answerPieces(response, feed.after(LIST, room, since, limit), asked);
    const page = conversation.after(room, since, limit);
    const last = page.hasMore ? page.changes.at(-1)?.seq : undefined;
    answer(response, page, headersOf(page.hasMore, last ?? conversation.head(), asked));
  };

  const listen = ({ request, response, search }: Exchange) => {
    const { author, address } = identity.callerOf(request); // a token that is not known is told, also to one who only reads
    const { room, since, before, limit, wait, typing } = readPollQuery(search);
    // Who reads what was said long ago may well listen elsewhere, and would count twice.
    if (author !== undefined && before === undefined) feed.polled(room, author);
    if (wait !== undefined && since === undefined) throw invalid('wait', 'is only for a request with "since"');
    if (before !== undefined) {
      if (since !== undefined) throw invalid('before', 'cannot be given together with "since"');
      const page = conversation.before(room, before, limit ?? DEFAULT_PAGE);
      return answer(response, page, page.hasMore ? MORE : []);
    }
    const asking = typing === undefined ? undefined : { told: typing, author };
    const asked = { room, asking };
    if (since === undefined) {
      const page = conversation.newest(room, limit ?? DEFAULT_PAGE);
      return answer(response, page, headersOf(page.hasMore, conversation.head(), asked));
    }
    const answerFrom = (where: Position) => {
      const position = refuseGone(where);
      const most = limit ?? MAX_PAGE;
      const isTyping = asking !== undefined && feed.recentTyping.after(room, asking) !== undefined;
      if (!wait || isTyping || conversation.after(room, position, 1).changes.length > 0) {
        return answerAfter(response, asked, position, most);
      }
      const held = { response, address, room, after: position, waitS: wait, asking };
      hold(held, () => answerAfter(response, asked, position, most));
    };
    const position = readCursor(since, conversation);
    return position instanceof Promise ? position.then(answerFrom) : answerFrom(position);
  };

  listenAs('json', 'application/json', listen);
  route('GET', '/messages/:id', ({ request, response, params }) => {
    identity.callerOf(request);
    const change = conversation.message(readId(params));
    if (change === undefined) throw new ChatError('not-found', 'There is no such message.');
    sendJson(response, 200, change.json);
  });

  return { stop };
}

function invalid(field: string, detail: string): ChatError {
  return new ChatError('invalid-query', `"${field}" ${detail}.`, { errors: [{ field, detail }] });
}
