/** The handshake of a WebSocket. What the `websocket` package takes on trust is checked first; it does the rest. */
import websocket from 'websocket';
import { ChatError } from '../errors.ts';
import { LINGER_MS, MAX_BODY_BYTES } from '../limits.ts';
import { namesItsHost } from './exchange.ts';
import { GuardedSocket } from './websocket-guard.ts';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { IServerConfig } from 'websocket';
import type { SocketEvents } from './websocket-guard.ts';

/** 16 bytes in base64. */
const KEY_PATTERN = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
/** The only one that was ever a standard. */
export const WEBSOCKET_VERSION = '13';

const CONFIG: IServerConfig = {
  httpServer: [],
  maxReceivedFrameSize: MAX_BODY_BYTES,
  maxReceivedMessageSize: MAX_BODY_BYTES,
  autoAcceptConnections: false,
  keepalive: false, // a timer for each connection; here one serves all
  ignoreXForwardedFor: true, // anyone can write that header
  closeTimeout: LINGER_MS,
};
// Not in the types: headers that are read elsewhere, or not at all.
const FULL_CONFIG = { ...CONFIG, parseCookies: false, parseExtensions: false, assembleFragments: true };

/**
 * Finish the handshake.
 * @throws ChatError `invalid-query` when it is no WebSocket handshake; nothing is written then
 */
export function acceptSocket(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  events: SocketEvents,
): GuardedSocket {
  try {
    return accept(request, socket, head, events);
  } catch (cause) {
    throw new ChatError('invalid-query', 'It is no WebSocket handshake.', { cause });
  }
}

function accept(request: IncomingMessage, socket: Socket, head: Buffer, events: SocketEvents): GuardedSocket {
  refuseOddHandshake(request);
  if (socket.destroyed) throw new Error('the peer has left');
  if (head.length > 0) socket.unshift(head); // frames that came together with the handshake
  const handshake = new websocket.request(socket, request, FULL_CONFIG);
  handshake.readHandshake();
  // Only constants are accepted: a subprotocol or an origin of the client's choosing could throw.
  const connection = handshake.accept();
  // It has taken all listeners of errors away, and its own comes when its answer is written. A peer that resets the
  // connection before that must not end the process.
  socket.on('error', destroySocket);
  release(handshake);
  return new GuardedSocket(connection, events);
}

function refuseOddHandshake(request: IncomingMessage): void {
  const { method, headers, httpVersion } = request;
  if (httpVersion === '1.0') throw new Error('HTTP/1.0 has no upgrade');
  if (!namesItsHost(request)) throw new Error('without a host, or with several');
  if (method !== 'GET') throw new Error('a handshake is a GET');
  if (headers['sec-websocket-version'] !== WEBSOCKET_VERSION) throw new Error('of another version');
  if (!KEY_PATTERN.test(headers['sec-websocket-key'] ?? '')) throw new Error('without a key');
}

// The package keeps the request, with all its headers, until the socket closes: over a kilobyte a connection.
function release(handshake: object): void {
  Object.assign(handshake, { httpRequest: undefined, resourceURL: undefined });
}

function destroySocket(this: Socket): void {
  this.destroy();
}
