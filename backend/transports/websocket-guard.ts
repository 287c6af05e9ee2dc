/**
 * The `websocket` package behind a guard: what it lets through is a well-formed text message of a bounded size, and
 * whoever sends anything else is told by a close code and cut off.
 */
import websocket from 'websocket';
import { CLOSE } from '../errors.ts';
import { LINGER_MS, MAX_BACKLOG_BYTES, MAX_BODY_BYTES, MAX_FRAGMENTS, MAX_FRAMES_PER_TURN } from '../limits.ts';
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
  /** Read no further messages, until it is told to go on. */
  hold(isHeld: boolean): void;
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
  /** Called when something arrived. */
  processReceivedData(): void;
  receivedDataHandler(): void;
  processFrame(frame: Frame): void;
  /** What has arrived of the next frame. */
  currentFrame: Frame;
  /** The pieces of a message that is not complete, and how long they are together. */
  frameQueue: unknown[];
  fragmentationSize: number;
  /** What has arrived and was not read as frames yet. */
  readonly bufferList: { readonly length: number };
  /** Room for the head of a frame that is being read. */
  readonly maskBytes: Buffer;
  readonly frameHeader: Buffer;
  readonly config: object;
  /** Set when the socket is paused; then no frames are read either. */
  inputPaused: boolean;
}

interface Frame {
  /** Take what belongs to it. @returns whether it is whole, or wrong */
  addData(bytes: object): boolean;
  readonly protocolError: boolean;
  readonly frameTooLarge: boolean;
  readonly dropReason?: string;
  parseState: number;
  opcode: number;
  length: number;
  mask: boolean;
  rsv1: boolean;
  rsv2: boolean;
  rsv3: boolean;
}

const Frame = websocket.frame as unknown as new (mask: Buffer, header: Buffer, config: object) => Frame;

// The package's `parseState`, from which on the first two bytes, and the length, have been read.
const HEAD_READ = 2;
const LENGTH_READ = 4;
/** Opcodes from here on are of control frames, which are no part of a message. */
const CONTROL = 0x08;

/** Bytes that wait to be read as frames: more than the largest frame, or it would never be complete. */
const MAX_UNREAD_BYTES = 2 * MAX_BODY_BYTES;
/** 16 bytes in base64. */
const KEY_PATTERN = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
/** The only one that was ever a standard. */
export const WEBSOCKET_VERSION = '13';

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
  refuseOddHandshake(request);
  if (socket.destroyed) throw new Error('the peer has left');
  if (head.length > 0) socket.unshift(head); // frames that came together with the handshake
  const handshake = new websocket.request(socket, request, FULL_CONFIG);
  handshake.readHandshake();
  // Only constants are accepted: a subprotocol or an origin of the client's choosing could throw.
  const connection = handshake.accept();
  // It has taken all listeners of errors away, and its own comes when its answer is written. A peer that resets the
  // connection before that must not end the process.
  socket.on('error', () => socket.destroy());
  release(handshake);
  return guard(connection, events);
}

function refuseOddHandshake({ method, headers }: IncomingMessage): void {
  if (method !== 'GET') throw new Error('a handshake is a GET');
  if (headers['sec-websocket-version'] !== WEBSOCKET_VERSION) throw new Error('of another version');
  if (!KEY_PATTERN.test(headers['sec-websocket-key'] ?? '')) throw new Error('without a key');
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
  let isHeld = false;

  // The package destroys the socket at once, and with it often the close frame that says why.
  const close = (code: number, reason: string) => {
    if (isClosing) return;
    if (connection.connected && socket.writable) connection.sendCloseFrame(code, reason);
    letGo();
  };

  const letGo = () => {
    isClosing = true;
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

  /** As soon as it is known what is wrong: what is still to come of the frame is not waited for. */
  const judge = ({ parseState, opcode, length, mask, rsv1, rsv2, rsv3 }: Frame) => {
    if (parseState < HEAD_READ) return;
    if (!mask) return close(CLOSE.protocolError, 'Frames must be masked.');
    if (rsv1 || rsv2 || rsv3) return close(CLOSE.protocolError, 'No extension was agreed on.');
    if (parseState < LENGTH_READ || opcode >= CONTROL) return;
    if (length + internals.fragmentationSize > MAX_BODY_BYTES) close(CLOSE.tooLarge, 'The message is too large.');
  };

  // Bytes come faster than frames are read, and the package keeps all of them.
  const regulate = () => {
    const isFull = internals.bufferList.length > MAX_UNREAD_BYTES;
    if (!isHeld && !isFull) return void (socket.isPaused() && socket.resume());
    socket.pause();
    internals.inputPaused = isHeld;
  };

  // The package reads one frame a turn. A burst that came in one piece is taken in one turn, so that its commands are
  // committed, applied and sent on together.
  const readFrames = () => {
    if (isClosing) return;
    events.onHeard();
    let count = 0;
    while (canRead() && count < MAX_FRAMES_PER_TURN && readFrame()) count++;
    regulate();
    if (count === MAX_FRAMES_PER_TURN && internals.bufferList.length > 0) setImmediate(readFrames);
  };
  const canRead = () => connection.connected && !isClosing && !internals.inputPaused;

  /** @returns whether a frame was whole, and is dealt with */
  const readFrame = (): boolean => {
    const frame = internals.currentFrame;
    const isWhole = frame.addData(internals.bufferList);
    judge(frame);
    if (!isWhole || isClosing) return false;
    const code = frame.frameTooLarge ? CLOSE.tooLarge : CLOSE.protocolError;
    if (frame.frameTooLarge || frame.protocolError) connection.drop(code, frame.dropReason);
    if (isClosing) return false;
    internals.currentFrame = new Frame(internals.maskBytes, internals.frameHeader, internals.config);
    internals.processFrame(frame);
    return true;
  };
  internals.processReceivedData = readFrames;
  internals.receivedDataHandler = readFrames;

  internals.processFrame = (frame) => {
    if (isClosing) return;
    if (!frame.mask) return close(CLOSE.protocolError, 'Frames must be masked.');
    if (internals.frameQueue.length >= MAX_FRAGMENTS) return close(CLOSE.abuse, 'Too many fragments.');
    processFrame(frame);
    // After its goodbye the package would keep what a peer sends, for ever.
    if (!connection.connected && !isClosing) letGo();
  };
  // One that takes no answers gets no more of them.
  connection.on('ping', (cancel) => {
    if (socket.writableLength > MAX_BACKLOG_BYTES) cancel();
  });

  connection.on('message', (message) => {
    if (message.type === 'utf8') events.onText(message.utf8Data);
    else close(CLOSE.binary, 'Only text is understood.');
  });
  connection.on('error', () => {}); // told by the close that follows
  // Not the connection's own event, which does not come when the peer leaves amid the handshake.
  socket.once('close', () => events.onClose());
  socket.on('end', () => socket.end()); // an upgraded socket is half-open: the other half would stay for ever

  return {
    socket,
    hold(shallHold) {
      if (isClosing) return;
      isHeld = shallHold;
      regulate();
      if (!isHeld) setImmediate(internals.receivedDataHandler);
    },
    ping: () => connection.connected && connection.ping(''),
    close,
    destroy: () => socket.destroy(),
  };
}
