/** WebSocket: one connection on which messages come as they change, and on which commands are sent and answered. */
import { z } from 'zod';
import { ChatError, CLOSE } from '../errors.ts';
import { PING_EVERY_MS, PONG_WITHIN_MS } from '../limits.ts';
import { isFromOwnPage } from '../origin.ts';
import { createRounds } from '../wheel.ts';
import { readCursor } from './cursor.ts';
import { endWithProblem, pathOf, queryFields, queryOf, readQuery, REQUEST_ID } from './exchange.ts';
import { acceptSocket, WEBSOCKET_VERSION } from './websocket-handshake.ts';
import { Session } from './websocket-session.ts';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Host, Transport } from './transport.ts';

export const WEBSOCKET_PATHS = ['/messages', '/'];

const handshakeQuery = z.object({ room: queryFields.room, since: queryFields.since });

export function startWebsocket(host: Host): Transport {
  const { server, countRequest, failures, conversation, feed, identity, clock, settings } = host;
  const sessions = new Set<Session>();
  let isStopped = false;
  const rounds = createRounds<Session>(clock, PING_EVERY_MS, (due) => {
    const pinged = [...due];
    for (const session of pinged) session.ping();
    clock.after(PONG_WITHIN_MS, () => {
      const silent = pinged.filter((session) => session.isSilent);
      // Once what has come is read: after a standstill of the whole process the answers are there, and this comes first.
      setImmediate(() => {
        for (const session of silent) session.dropIfSilent();
      });
    });
  });

  /** @throws ChatError when the connection is refused; nothing is written then */
  const open = async (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (!WEBSOCKET_PATHS.includes(pathOf(request))) throw new ChatError('not-found', 'WebSockets are at /messages.');
    refuseForeignOrigin(request, settings.allowedOrigins);
    await identity.admit?.(request);
    const caller = identity.callerOf(request);
    const { room, since } = readQuery(handshakeQuery, queryOf(request));
    const position = since === undefined ? undefined : await readCursor(since, conversation);
    if (isStopped) throw new ChatError('overloaded', 'The server is about to stop.');
    const leave = feed.takePlace('websocket', caller.address);
    const endExpiry = feed.onceExpired(caller, () => void session.end(CLOSE.signedOut, 'The sign-in has expired.'));
    const closed = () => {
      leave();
      endExpiry();
      sessions.delete(session);
      rounds.delete(session);
    };
    const session = new Session(host, caller, closed);
    try {
      session.attach(acceptSocket(request, socket, head, session));
    } catch (error) {
      closed();
      throw error;
    }
    sessions.add(session);
    rounds.add(session);
    session.follow(room, position);
  };

  const onUpgrade = async (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    try {
      countRequest(request);
      await open(request, socket, head);
    } catch (error) {
      endWithProblem(socket, error, {
        [REQUEST_ID]: failures.note(error, { transport: 'websocket' }),
        'Sec-WebSocket-Version': WEBSOCKET_VERSION,
      });
    }
  };
  const listener = (...upgrade: Parameters<typeof onUpgrade>) => void onUpgrade(...upgrade);
  server.on('upgrade', listener);

  return {
    async stop() {
      isStopped = true;
      server.off('upgrade', listener);
      rounds.stop();
      await Promise.all([...sessions].map((session) => session.end(CLOSE.shutdown, 'The server is stopping.')));
    },
  };
}

function refuseForeignOrigin(request: IncomingMessage, allowed: '*' | readonly string[]): void {
  const { origin } = request.headers;
  if (origin === undefined || allowed === '*' || allowed.includes(origin)) return;
  if (isFromOwnPage(request.headers)) return;
  throw new ChatError('forbidden', 'Pages of this origin may not connect.');
}
