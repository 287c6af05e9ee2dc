/** Who listens: a connection, and where it stands in each of its rooms. */
import type { Encoding } from './encoding.ts';

/** A connection, as far as the feed needs it. */
export interface Connection {
  readonly encoding: Encoding;
  /** Bytes that were written and not yet taken. */
  backlogBytes(): number;
  write(bytes: Buffer): void;
  /** Call back once, when all that was written is taken. */
  onceDrained(callback: () => void): void;
  /** End it at once: it does not take what waits for it, or cannot be given what it asked for. */
  drop(): void;
}

/** One connection in one room. */
export class Listener {
  readonly connection: Connection;
  readonly room: string;
  /** Everything up to this seq was written to the connection; undefined: it begins with the newest. */
  cursor: number | undefined;
  hasLeft = false;
  /** Whether its connection follows other rooms too. */
  isOneOfMany = false;
  /** Whether it was told so: from then on it is in one order with the other rooms of its connection. */
  hasCaughtUp = false;

  constructor(connection: Connection, room: string, cursor: number | undefined) {
    this.connection = connection;
    this.room = room;
    this.cursor = cursor;
  }
}
