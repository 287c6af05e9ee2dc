/** Finding one's way: which rooms there are, and which messages hold some words. */
import { z } from 'zod';
import { isThisMachine } from '../address.ts';
import { room } from '../commands/fields.ts';
import { ChatError } from '../errors.ts';
import { DEFAULT_PAGE, MAX_PAGE, MAX_SEARCH_LENGTH, MAX_SEARCHES_PER_ADDRESS, RETRY_SEARCH_S } from '../limits.ts';
import { createTally } from '../tally.ts';
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
  /** Searches under way, of each address. */
  const searching = createTally<string>();
  route('GET', '/search', async ({ request, response, query }) => {
    const { address } = identity.callerOf(request);
    const { q, room: where, limit: most } = readQuery(searchQuery, query);
    if (searching.of(address) >= MAX_SEARCHES_PER_ADDRESS && !isThisMachine(address)) {
      throw new ChatError('rate-limited', 'Wait for the answers to other searches first.', {
        retryAfter: RETRY_SEARCH_S,
      });
    }
    searching.add(address);
    try {
      const found = await conversation.search(q, where, most);
      sendJson(response, 200, `[${found.map(({ json }) => json).join(',')}]`);
    } finally {
      searching.remove(address);
    }
  });
  return { stop() {} };
}
