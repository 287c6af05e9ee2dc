/**
 * Who is typing, for clients that poll. A room's polls are told at intervals, each telling with a number; a client sends
 * the last number that it got. So whoever is between two polls misses nothing, and nobody is told the same twice.
 */
import {
  CLOCK_TOLERANCE_S,
  MAX_TYPING_HEADER_CHARS,
  MAX_TYPING_ROOMS,
  MAX_TYPING_TOLD,
  TYPING_FRESH_MS,
  TYPING_GATHER_MS,
  TYPING_LASTS_MS,
  TYPING_POLLED_EVERY_MS,
  TYPING_POLLED_MS_PER_POLLER,
} from '../limits.ts';
import { createDeadlines } from '../wheel.ts';
import type { Clock } from '../clock.ts';
import type { Typist } from './typing.ts';

/** One who asks. */
export interface Asking {
  /** What it has been told: the `next` of the last time; 0 before the first. */
  told: number;
  author: string | undefined;
}

export interface Told {
  /** In percent-encoded UTF-8, as a header takes them. */
  users: readonly string[];
  /** What to ask with the next time. */
  next: number;
}

export interface RecentTyping {
  add(room: string, typists: ReadonlyMap<unknown, Typist>): void;
  /** What these wrote is there, so they are no longer writing it. */
  wrote(room: string, users: ReadonlySet<string>): void;
  /** Whether there is anyone in the room of whom those who ask would hear. */
  has(room: string): boolean;
  /** @returns who is typing, but for the one who asks and those whom it has been told of; undefined for nobody */
  after(room: string, asking: Asking): Told | undefined;
  /** Be told once, when there is something for it. @returns what cancels it */
  once(room: string, asking: Asking, callback: () => void): () => void;
  stop(): void;
}

interface Room {
  /** To be told, as soon as the room may be told again. `heardAt` is by the clock's `elapsed`. */
  due: Map<unknown, { typist: Typist; heardAt: number }>;
  told: readonly Typist[];
  /** The number of the last telling: its time, in milliseconds since 1970. */
  number: number;
  /** By the clock's `elapsed`. */
  toldAt: number;
  isQuiet: boolean;
  readonly waiting: Set<Waiting>;
}

/** A held request. */
interface Waiting {
  asking: Asking;
  callback: () => void;
}

export function createRecentTyping(clock: Clock): RecentTyping {
  const rooms = new Map<string, Room>();
  const deadlines = createDeadlines(clock, TYPING_GATHER_MS);
  let lastNumber = 0;

  const roomNamed = (name: string): Room => {
    let room = rooms.get(name);
    if (room === undefined) {
      room = { due: new Map(), told: [], number: 0, toldAt: -Infinity, isQuiet: false, waiting: new Set() };
      rooms.set(name, room);
    }
    return room;
  };
  const forgetIfEmpty = (name: string, room: Room) => {
    if (!room.isQuiet && room.waiting.size === 0 && rooms.get(name) === room) rooms.delete(name);
  };

  const tell = (name: string, room: Room) => {
    room.told = [...room.due.values()].map(({ typist }) => typist);
    room.due = new Map();
    // A time, as several servers behind one address can then do with each other's; and never the same one twice.
    room.number = lastNumber = Math.max(clock.now(), lastNumber + 1);
    room.toldAt = clock.elapsed();
    room.isQuiet = true;
    const quietMs = Math.max(TYPING_POLLED_EVERY_MS, room.waiting.size * TYPING_POLLED_MS_PER_POLLER);
    deadlines.after(quietMs, () => endQuiet(name, room));
    for (const one of room.waiting) {
      if (newsFor(room, one.asking).length === 0) continue;
      room.waiting.delete(one);
      one.callback();
    }
  };
  const endQuiet = (name: string, room: Room) => {
    room.isQuiet = false;
    dropStopped(room);
    if (room.due.size > 0) return tell(name, room);
    room.told = [];
    forgetIfEmpty(name, room);
  };
  /** A room with many polls is told seldom: until then some have stopped. */
  const dropStopped = ({ due }: Room) => {
    const now = clock.elapsed();
    for (const [who, { heardAt }] of due) if (now - heardAt > TYPING_LASTS_MS) due.delete(who);
  };

  const newsFor = ({ told, number, toldAt }: Room, { told: asked, author }: Asking): readonly Typist[] => {
    if (told.length === 0 || clock.elapsed() - toldAt >= TYPING_FRESH_MS) return [];
    // One that lies ahead is of a clock that was set back since; as much as two servers may be apart is none.
    const isOfNow = asked <= clock.now() + CLOCK_TOLERANCE_S * 1000;
    if (isOfNow && asked >= number) return [];
    return told.filter((typist) => typist.author === undefined || typist.author !== author);
  };

  return {
    add(name, typists) {
      if (rooms.size >= MAX_TYPING_ROOMS && !rooms.has(name)) return;
      const room = roomNamed(name);
      const { due } = room;
      const heardAt = clock.elapsed();
      dropStopped(room);
      for (const [who, typist] of typists) {
        if (due.size < MAX_TYPING_TOLD || due.has(who)) due.set(who, { typist, heardAt });
      }
      if (!room.isQuiet) tell(name, room);
    },
    wrote(name, users) {
      const room = rooms.get(name);
      if (room === undefined) return;
      room.told = room.told.filter(({ user }) => !users.has(user));
      for (const [who, { typist }] of room.due) if (users.has(typist.user)) room.due.delete(who);
    },
    has(name) {
      const room = rooms.get(name);
      return room !== undefined && room.due.size + room.told.length > 0;
    },
    after(name, asking) {
      const room = rooms.get(name);
      const news = room === undefined ? [] : newsFor(room, asking);
      return room === undefined || news.length === 0 ? undefined : { users: toHeader(news), next: room.number };
    },
    once(name, asking, callback) {
      const room = roomNamed(name);
      const one = { asking, callback };
      room.waiting.add(one);
      return () => {
        room.waiting.delete(one);
        forgetIfEmpty(name, room);
      };
    },
    stop() {
      deadlines.stop();
      rooms.clear();
    },
  };
}

/** Each name once, and as many as fit: a page says three of them. */
function toHeader(typists: readonly Typist[]): string[] {
  const users: string[] = [];
  let chars = 0;
  for (const user of new Set(typists.map((typist) => typist.user))) {
    const encoded = encodeURIComponent(user);
    chars += encoded.length + 1;
    if (chars > MAX_TYPING_HEADER_CHARS) break;
    users.push(encoded);
  }
  return users;
}
