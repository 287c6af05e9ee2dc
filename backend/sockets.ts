/** TCP connections, of which nothing is known yet but where they come from: each takes a file, and files run out. */
import { setImmediate as turn } from 'node:timers/promises';
import { isThisMachine, toClient } from './address.ts';
import { CLOSE_IDLE_EVERY_MS, LAST_CALL_MS, QUIET_TURNS, SOCKETS_PER_CONNECTION, SPARE_SOCKETS } from './limits.ts';
import { createTally } from './tally.ts';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Addresses } from './address.ts';
import type { Clock } from './clock.ts';
import type { Backlog } from './metrics.ts';
import type { Settings } from './settings.ts';

export interface SocketOptions extends Pick<Settings, 'maxConnections' | 'maxConnectionsPerAddress'> {
  isTrusted: Addresses['isTrusted'];
  clock: Pick<Clock, 'elapsed'>;
  onDrop(reason: 'sockets' | 'sockets-for-address'): void;
}

export interface Sockets {
  backlog(): Backlog;
  /** Resolves once those are accepted that the system already holds, and what they have said is read; or after a while. */
  allRead(): Promise<void>;
  /** Close those that have said nothing yet: browsers open some in advance, and to Node they are busy. */
  closeSilent(): void;
}

/** Let so many in, in all and from one address, and cut the others at once: there is nothing yet to be answered. */
export function watchSockets(server: Server, options: SocketOptions): Sockets {
  const { maxConnections, maxConnectionsPerAddress, isTrusted, clock, onDrop } = options;
  const mostPerAddress = toSockets(maxConnectionsPerAddress);
  const sockets = new Set<Socket>();
  const ofAddresses = createTally<string>();
  let closedIdleAt = -Infinity;
  let opened = 0;

  /** Those that are kept for a next request make room for those that have one. */
  const closeIdle = () => {
    const now = clock.elapsed();
    if (now - closedIdleAt < CLOSE_IDLE_EVERY_MS) return;
    closedIdleAt = now;
    server.closeIdleConnections();
  };

  server.maxConnections = toSockets(maxConnections);
  server.on('drop', () => {
    onDrop('sockets');
    closeIdle();
  });
  server.on('connection', (socket: Socket) => {
    opened++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const address = toClient(socket.remoteAddress ?? '');
    // A proxy speaks for many, and whom it lets in is for it to say.
    if (isThisMachine(address) || isTrusted(socket.remoteAddress ?? '', 0)) return;
    if (ofAddresses.of(address) >= mostPerAddress) {
      onDrop('sockets-for-address');
      closeIdle();
      return void socket.destroy();
    }
    ofAddresses.add(address);
    socket.once('close', () => ofAddresses.remove(address));
  });

  return {
    backlog() {
      const waiting = [...sockets].filter(({ writableLength }) => writableLength > 0);
      return {
        bytes: waiting.reduce((sum, { writableLength }) => sum + writableLength, 0),
        connections: waiting.length,
      };
    },
    async allRead() {
      const end = performance.now() + LAST_CALL_MS; // they may keep coming
      for (let quiet = 0; quiet < QUIET_TURNS && performance.now() < end;) {
        const before = opened;
        await turn();
        quiet = opened === before ? quiet + 1 : 0;
      }
    },
    closeSilent() {
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    },
  };
}

function toSockets(connections: number): number {
  return SOCKETS_PER_CONNECTION * connections + SPARE_SOCKETS;
}
