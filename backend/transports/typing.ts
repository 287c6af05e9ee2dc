/** Who is writing just now: told to the others in the room, and kept nowhere. */
import { MAX_TYPING_TOLD, TYPING_GATHER_MS } from '../limits.ts';
import type { Clock } from '../clock.ts';

export interface Typing<Connection> {
  add(connection: Connection, room: string, user: string): void;
  stop(): void;
}

/** @param tell called for a room with those who write, by their connections, which need not hear of themselves */
export function createTyping<Connection>(
  clock: Clock,
  tell: (room: string, users: ReadonlyMap<Connection, string>) => void,
): Typing<Connection> {
  const rooms = new Map<string, Map<Connection, string>>();
  let cancel: (() => void) | undefined;

  const tellAll = () => {
    cancel = undefined;
    const gathered = [...rooms];
    rooms.clear();
    for (const [room, users] of gathered) tell(room, users);
  };
  return {
    add(connection, name, user) {
      const users = rooms.get(name) ?? new Map<Connection, string>();
      rooms.set(name, users);
      // When a whole crowd writes at once, nobody reads all their names.
      if (users.size < MAX_TYPING_TOLD) users.set(connection, user);
      cancel ??= clock.after(TYPING_GATHER_MS, tellAll);
    },
    stop() {
      cancel?.();
      rooms.clear();
    },
  };
}
