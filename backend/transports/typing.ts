/** Who is typing right now: the others in the room are told, and nothing is stored. */
import { z } from 'zod';
import { DEFAULT_ROOM, room as roomName, user as userName } from '../commands/fields.ts';
import { MAX_TYPING_TOLD, MAX_TYPISTS, TYPING_EVERY_MS, TYPING_GATHER_MS } from '../limits.ts';
import { createDeadlines } from '../wheel.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from '../commands/command.ts';
import type { Whisper } from '../conversation/conversation.ts';

/** What says that someone is typing, on every transport. */
export const typingBody = z.object({ room: roomName.default(DEFAULT_ROOM), user: userName });

/** Someone who is typing. */
export interface Typist {
  user: string;
  /** The identity that told it by a request, and is not to be told of itself. A connection is known by itself. */
  author: string | undefined;
  isHere: boolean;
}

export interface Typing<Connection> {
  /** Someone is typing, as a connection or a request says. What says so too often is ignored. */
  add(caller: Caller, sign: z.infer<typeof typingBody>, connection?: Connection): void;
  /** What these wrote is there, so they are no longer writing it. */
  wrote(room: string, users: ReadonlySet<string>): void;
  /** Whether there is anyone in the room of whom the others are still to hear. */
  has(room: string): boolean;
  stop(): void;
}

const TOPIC = 'typing';
const words = z.object({
  room: roomName,
  users: z.array(userName),
  /** Those of the users, in their order; empty for none. Servers of an earlier version say nothing of them. */
  authors: z.array(z.string()).default([]),
});

/**
 * @param tell called for a room with those who type, by what they are known by here: the connections, which need not hear
 * of themselves, and words
 */
export function createTyping<Connection extends object>(
  clock: Clock,
  tell: (room: string, typists: ReadonlyMap<Connection | string, Typist>) => void,
  whisper?: Whisper,
): Typing<Connection> {
  const rooms = new Map<string, Map<Connection | string, Typist>>();
  /** Who was heard a moment ago, and is not heard again yet. */
  const heard = new Set<Connection | string>();
  const deadlines = createDeadlines(clock, TYPING_GATHER_MS);
  let cancel: (() => void) | undefined;

  const tellAll = () => {
    cancel = undefined;
    const gathered = [...rooms];
    rooms.clear();
    for (const [room, typists] of gathered) {
      const here = [...typists.values()].filter(({ isHere }) => isHere);
      const authors = here.map(({ author = '' }) => author);
      if (here.length > 0) whisper?.say(TOPIC, { room, users: here.map(({ user }) => user), authors });
      tell(room, typists);
    }
  };
  const gather = (who: Connection | string, name: string, typist: Typist) => {
    const typists = rooms.get(name) ?? new Map<Connection | string, Typist>();
    rooms.set(name, typists);
    // When a whole crowd types at once, nobody reads all their names.
    if (typists.size < MAX_TYPING_TOLD) typists.set(who, typist);
    cancel ??= clock.after(TYPING_GATHER_MS, tellAll);
  };
  whisper?.listen(TOPIC, (said, from) => {
    const { room, users, authors } = words.parse(said);
    for (const [index, user] of users.entries()) {
      const { [index]: author = '' } = authors;
      // Not by the index: what it says next is of others.
      gather(`${from} ${author} ${user}`, room, { user, author: author || undefined, isHere: false });
    }
  });
  return {
    add(caller, { room, user }, connection) {
      const who = connection ?? caller.author ?? caller.address;
      if (heard.has(who) || heard.size >= MAX_TYPISTS) return;
      heard.add(who);
      deadlines.after(TYPING_EVERY_MS, () => heard.delete(who));
      const author = connection === undefined ? caller.author : undefined;
      gather(who, room, { user: caller.name ?? user, author, isHere: true });
    },
    wrote(room, users) {
      const typists = rooms.get(room);
      for (const [who, { user }] of typists ?? []) if (users.has(user)) typists?.delete(who);
      if (typists?.size === 0) rooms.delete(room);
    },
    has: (room) => rooms.has(room),
    stop() {
      cancel?.();
      deadlines.stop();
      rooms.clear();
    },
  };
}
