/**
 * The `websocket` package behind a guard: what it lets through is a well-formed text message of a bounded size, and
 * whoever sends anything else is told by a close code and cut off.
 */
import websocket from 'websocket';
import { CLOSE } from '../errors.ts';
import { LINGER_MS, MAX_BODY_BYTES, MAX_FRAGMENTS } from '../limits.ts';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { connection as PackageConnection, IServerConfig } from 'websocket';

/** What happens on an accepted connection. */
export interface SocketEvents {
  onText(text: string): void;
  /** Something arrived, be it a pong: the peer lives. */
  onHeard(): void;
  onClose(): void;
}

export interface GuardedSocket {
  /** The TCP socket; write whole frames only. */
  readonly socket: Socket;
  ping(): void;
  /** Say why, take nothing more, and end it soon. */
  close(code: number, reason: string): void;
  /** End it without a word: nobody listens. */
  destroy(): void;
}

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

/** What the package has on a connection beside its typed surface. */
interface Internals {
  processFrame(frame: { mask: boolean }): void;
  frameQueue: unknown[];
}

/**
 * Finish the handshake.
 * @throws Error with the reason when it is no WebSocket handshake; nothing is written then
 */
export function acceptSocket(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  events: SocketEvents,
): GuardedSocket {
  if (head.length > 0) socket.unshift(head); // frames that came together with the handshake
  const handshake = new websocket.request(socket, request, FULL_CONFIG);
  handshake.readHandshake();
  // Only constants are accepted: a subprotocol or an origin of the client's choosing could throw.
  const connection = handshake.accept();
  release(handshake);
  return guard(connection, events);
}

// The package keeps the request, with all its headers, until the socket closes: over a kilobyte a connection.
function release(handshake: object): void {
  Object.assign(handshake, { httpRequest: undefined, resourceURL: undefined });
}

function guard(connection: PackageConnection, events: SocketEvents): GuardedSocket {
  const { socket } = connection;
  const internals = connection as unknown as Internals;
  const processFrame = internals.processFrame.bind(connection);
  let isClosing = false;

  // The package destroys the socket at once, and with it often the close frame that says why.
  const close = (code: number, reason: string) => {
    if (isClosing) return;
    isClosing = true;
    if (connection.connected) connection.sendCloseFrame(code, reason);
    connection.connected = false;
    internals.frameQueue = [];
    socket.removeAllListeners('data');
    socket.resume(); // what still comes is thrown away, so that the peer gets to read the reason
    socket.end();
    const linger = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(linger));
  };

  connection.drop = (code = CLOSE.protocolError, reason = '') => {
    // A length of more than 32 bits is nothing but too large.
    close(reason.startsWith('Unsupported 64-bit') ? CLOSE.tooLarge : code, reason);
  };

  internals.processFrame = (frame) => {
    if (isClosing) return;
    events.onHeard();
    if (!frame.mask) return close(CLOSE.protocolError, 'Frames must be masked.');
    if (internals.frameQueue.length >= MAX_FRAGMENTS) return close(CLOSE.abuse, 'Too many fragments.');
    processFrame(frame);
  };

  connection.on('message', (message) => {
    if (message.type === 'utf8') events.onText(message.utf8Data);
    else close(CLOSE.binary, 'Only text is understood.');
  });
  connection.on('error', () => {}); // told by the close that follows
  connection.once('close', () => events.onClose());
  socket.on('end', () => socket.end()); // an upgraded socket is half-open: the other half would stay for ever

  return {
    socket,
    ping: () => connection.connected && connection.ping(''),
    close,
    destroy: () => socket.destroy(),
  };
}
