/**
 * How many are in each room: open connections, and identities that asked for its messages a short while ago; here, and as
 * far as other servers have said so, on those.
 */
import {
  MAX_POLLERS,
  POLLER_STAYS_MS,
  PRESENCE_EVERY_MS,
  PRESENCE_GATHER_MS,
  PRESENCE_MS_PER_PERSON,
} from '../limits.ts';
import { createElsewhere } from './elsewhere.ts';
import type { Clock } from '../clock.ts';
import type { Whisper } from '../conversation/conversation.ts';

export interface Presence {
  entered(room: string): void;
  left(room: string): void;
  /** An identity asked for the room's messages. */
  polled(room: string, author: string): void;
  online(room: string): number;
  stop(): void;
}

interface Room {
  connections: number;
  /** When each identity last asked, by the clock's `elapsed`. */
  readonly pollers: Map<string, number>;
  /** By the clock's `elapsed`: not announced again before. */
  quietUntil: number;
  isChanged: boolean;
}

/** @param announce tells those in the room; many who come and go at once make one announcement */
export function createPresence(
  clock: Clock,
  announce: (room: string, online: number) => void,
  whisper?: Whisper,
): Presence {
  const rooms = new Map<string, Room>();
  let pollers = 0;
  let cancelAnnouncing: (() => void) | undefined;
  let cancelSweep: (() => void) | undefined;

  const roomNamed = (name: string): Room => {
    let room = rooms.get(name);
    if (room === undefined) {
      room = { connections: 0, pollers: new Map(), quietUntil: 0, isChanged: false };
      rooms.set(name, room);
    }
    return room;
  };
  const count = ({ connections, pollers: asking }: Room) => connections + asking.size;
  const elsewhere = createElsewhere(
    clock,
    whisper,
    () => [...rooms].map(([name, room]) => [name, count(room)]),
    (name) => {
      const room = rooms.get(name);
      if (room !== undefined) changed(room);
    },
  );
  const changed = (room: Room) => {
    room.isChanged = true;
    cancelAnnouncing ??= clock.after(PRESENCE_GATHER_MS, announceChanged);
  };

  const announceChanged = () => {
    cancelAnnouncing = undefined;
    const now = clock.elapsed();
    let isLeft = false;
    const here: [string, number][] = [];
    for (const [name, room] of rooms) {
      if (!room.isChanged) continue;
      if (room.quietUntil > now) {
        isLeft = true;
        continue;
      }
      const own = count(room);
      const online = own + elsewhere.online(name);
      here.push([name, own]);
      room.isChanged = false;
      room.quietUntil = now + Math.max(PRESENCE_EVERY_MS, online * PRESENCE_MS_PER_PERSON);
      if (room.connections > 0) announce(name, online);
      if (own === 0) rooms.delete(name);
    }
    elsewhere.say(here);
    if (isLeft) cancelAnnouncing ??= clock.after(PRESENCE_EVERY_MS, announceChanged);
  };

  const sweep = () => {
    cancelSweep = undefined;
    const latest = clock.elapsed() - POLLER_STAYS_MS;
    for (const room of rooms.values()) {
      for (const [author, askedAt] of room.pollers) {
        if (askedAt > latest) continue;
        room.pollers.delete(author);
        pollers--;
        changed(room);
      }
    }
    if (pollers > 0) cancelSweep = clock.after(PRESENCE_EVERY_MS, sweep);
  };

  return {
    entered(name) {
      const room = roomNamed(name);
      room.connections++;
      changed(room);
    },
    left(name) {
      const room = roomNamed(name);
      room.connections--;
      changed(room);
    },
    polled(name, author) {
      if (pollers >= MAX_POLLERS && !rooms.get(name)?.pollers.has(author)) return;
      const room = roomNamed(name);
      if (!room.pollers.has(author)) {
        pollers++;
        changed(room);
      }
      room.pollers.set(author, clock.elapsed());
      cancelSweep ??= clock.after(PRESENCE_EVERY_MS, sweep);
    },
    online: (name) => {
      const room = rooms.get(name);
      return (room === undefined ? 0 : count(room)) + elsewhere.online(name);
    },
    stop() {
      cancelAnnouncing?.();
      cancelSweep?.();
      elsewhere.stop();
    },
  };
}
