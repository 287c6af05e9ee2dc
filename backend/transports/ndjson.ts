/** NDJSON: a stream with one message a line, for programs and for `curl -N`. Nothing else but empty lines is in it. */
import { z } from 'zod';
import { readCursor, refuseGone } from './cursor.ts';
import { queryFields, readQuery } from './exchange.ts';
import { createStreams } from './http-stream.ts';
import type { Host, Transport } from './transport.ts';

const TYPE = 'application/x-ndjson';
const query = z.object({ room: queryFields.room, since: queryFields.since });

export function startNdjson(host: Host): Transport {
  const { listenAs, conversation, identity } = host;
  const { open, stop } = createStreams(host, {
    name: 'ndjson',
    type: TYPE,
    opening: '',
    heartbeat: '\n',
    reset: '', // told by the status, before there is a stream
    message: ({ json }) => `${json}\n`,
    caughtUp: () => '',
  });

  listenAs('ndjson', TYPE, async (exchange) => {
    const caller = identity.callerOf(exchange.request); // a token that is not known is told, also to one who only reads
    const { room, since } = readQuery(query, exchange.query);
    const position = since === undefined ? undefined : refuseGone(await readCursor(since, conversation));
    open(exchange, caller, room, position);
  });
  return { stop };
}
