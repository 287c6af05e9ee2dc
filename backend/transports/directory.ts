/** Finding one's way: which rooms there are, and which messages hold some words. */
import { z } from 'zod';
import { room } from '../commands/fields.ts';
import { DEFAULT_PAGE, MAX_PAGE, MAX_SEARCH_LENGTH } from '../limits.ts';
import { queryFields, readQuery, sendJson } from './exchange.ts';
import type { Host, Transport } from './transport.ts';

const limit = queryFields.whole(1, MAX_PAGE).default(DEFAULT_PAGE);
export const roomsQuery = z.object({ limit });
export const searchQuery = z.object({
  q: z.string('must be given').max(MAX_SEARCH_LENGTH, `must hold at most ${MAX_SEARCH_LENGTH} characters`),
  room: room.exactOptional(),
  limit,
});

export function startDirectory({ route, conversation, feed, identity }: Host): Transport {
  route('GET', '/rooms', ({ request, response, query }) => {
    identity.callerOf(request);
    const { limit: most } = readQuery(roomsQuery, query);
    const rooms = conversation.rooms(most).map((summary) => ({ ...summary, online: feed.online(summary.room) }));
    sendJson(response, 200, JSON.stringify(rooms));
  });
  route('GET', '/search', ({ request, response, query }) => {
    identity.callerOf(request);
    const { q, room: where, limit: most } = readQuery(searchQuery, query);
    sendJson(
      response,
      200,
      `[${conversation
        .search(q, where, most)
        .map(({ json }) => json)
        .join(',')}]`,
    );
  });
  return { stop() {} };
}
