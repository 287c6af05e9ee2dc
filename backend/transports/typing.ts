/** Who is writing just now: told to the others in the room, and kept nowhere. */
import { z } from 'zod';
import { room as roomName, user as userName } from '../commands/fields.ts';
import { MAX_TYPING_TOLD, TYPING_GATHER_MS } from '../limits.ts';
import type { Clock } from '../clock.ts';
import type { Whisper } from '../conversation/conversation.ts';

export interface Typing<Connection> {
  add(connection: Connection, room: string, user: string): void;
  stop(): void;
}

const TOPIC = 'typing';
const words = z.object({ room: roomName, users: z.array(userName) });

/**
 * @param tell called for a room with those who write, by their connections, which need not hear of themselves; those on
 * other servers by a word
 */
export function createTyping<Connection extends object>(
  clock: Clock,
  tell: (room: string, users: ReadonlyMap<Connection | string, string>) => void,
  whisper?: Whisper,
): Typing<Connection> {
  const rooms = new Map<string, Map<Connection | string, string>>();
  let cancel: (() => void) | undefined;

  const tellAll = () => {
    cancel = undefined;
    const gathered = [...rooms];
    rooms.clear();
    for (const [room, users] of gathered) {
      const here = [...users].flatMap(([who, user]) => (typeof who === 'string' ? [] : [user]));
      if (here.length > 0) whisper?.say(TOPIC, { room, users: here });
      tell(room, users);
    }
  };
  const add = (who: Connection | string, name: string, user: string) => {
    const users = rooms.get(name) ?? new Map<Connection | string, string>();
    rooms.set(name, users);
    // When a whole crowd writes at once, nobody reads all their names.
    if (users.size < MAX_TYPING_TOLD) users.set(who, user);
    cancel ??= clock.after(TYPING_GATHER_MS, tellAll);
  };
  whisper?.listen(TOPIC, (heard, from) => {
    const { room, users } = words.parse(heard);
    users.forEach((user, index) => add(`${from} ${index}`, room, user));
  });
  return {
    add,
    stop() {
      cancel?.();
      rooms.clear();
    },
  };
}
