/** Server-sent events: a stream that browsers resume by themselves, from the `id` of the last event they saw. */
import { z } from 'zod';
import { SSE_RETRY_MS } from '../limits.ts';
import { formatCursor, readCursor } from './cursor.ts';
import { queryFields, readQuery } from './exchange.ts';
import { createStreams } from './http-stream.ts';
import type { ErrorCode } from '../errors.ts';
import type { Exchange, Host, Transport } from './transport.ts';

const TYPE = 'text/event-stream';
const query = z.object({ room: queryFields.room, since: queryFields.since });

export function startSse(host: Host): Transport {
  const { listenAs, conversation, identity } = host;
  const { open, stop } = createStreams(host, {
    name: 'sse',
    type: TYPE,
    opening: `retry: ${SSE_RETRY_MS}\n\n`,
    heartbeat: ':\n\n',
    reset: `event: reset\ndata: ${JSON.stringify({ code: 'cursor-gone' satisfies ErrorCode })}\n\n`,
    message: ({ seq, json }) => `id: ${formatCursor(seq, conversation)}\ndata: ${json}\n\n`, // JSON has no raw line breaks
    caughtUp: (since) => `event: caught-up\nid: ${since}\ndata: ${JSON.stringify({ since })}\n\n`,
  });

  listenAs('sse', TYPE, async (exchange: Exchange) => {
    const caller = identity.callerOf(exchange.request); // a token that is not known is told, also to one who only reads
    const { room, since } = readQuery(query, exchange.query);
    const cursor = readLastEventId(exchange) ?? since;
    open(exchange, caller, room, cursor === undefined ? undefined : await readCursor(cursor, conversation));
  });
  return { stop };
}

/** It wins over `since`: a browser asks the same URL again, however long ago the page wrote it. */
function readLastEventId({ request }: Exchange): string | undefined {
  const id = request.headers['last-event-id'];
  // Empty before the first event: not sent by browsers, but by clients of other kinds.
  return id === undefined || id === '' ? undefined : String(id);
}
