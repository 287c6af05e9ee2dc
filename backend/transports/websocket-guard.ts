/**
 * The `websocket` package behind a guard: what it lets through is a well-formed text message of a bounded size, and
 * whoever sends anything else is told by a close code and cut off.
 */
import websocket from 'websocket';
import { CLOSE } from '../errors.ts';
import {
  LINGER_MS,
  MAX_BACKLOG_BYTES,
  MAX_BODY_BYTES,
  MAX_FRAGMENTS,
  MAX_FRAMES_PER_TURN,
  MAX_UNREAD_BYTES,
} from '../limits.ts';
import type { Socket } from 'node:net';
import type { connection as PackageConnection, Message } from 'websocket';

/** What happens on an accepted connection. */
export interface SocketEvents {
  onText(text: string): void;
  /** Call back, at once or later, when every text so far is answered. */
  onceAnswered(callback: () => void): void;
  /** Something arrived, be it a pong: the peer lives. */
  onHeard(): void;
  onClose(): void;
}

/** What the package has on a connection beside its typed surface. */
interface Internals {
  /** What has arrived of the next frame. */
  currentFrame: Frame;
  /** The pieces of a message that is not complete, and how long they are together. */
  frameQueue: unknown[];
  fragmentationSize: number;
  /** What has arrived and was not read as frames yet. */
  bufferList: BufferList;
  /** Room for the head of a frame that is being read. */
  readonly maskBytes: Buffer;
  readonly frameHeader: Buffer;
  readonly config: object;
  /** Set when the socket is paused; then no frames are read either. */
  inputPaused: boolean;
}

interface BufferList {
  readonly length: number;
  write(bytes: Buffer): void;
  advance(bytes: number): void;
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

const GUARD = Symbol('guard');
type Guarded = Omit<PackageConnection, keyof Internals> & Internals & { readonly [GUARD]: GuardedSocket };

/** What has just arrived on the connection that is about to read it: the package writes it and calls for it in one go. */
let arrived: Buffer | undefined;
/** An empty list, for the next that reads. Never that of two at a time, or the bytes of one were read as another's. */
let spareList: BufferList | undefined;
/** The package's own, which it does not export: the class of the first list that was seen. */
let List: new () => BufferList;
/** In the place of a list, on all connections that have nothing left over. */
const NO_LIST: BufferList = {
  length: 0,
  write: (bytes) => void (arrived = bytes),
  advance: ignore,
};

const Frame = websocket.frame as unknown as new (mask: Buffer, header: Buffer, config: object) => Frame;

// The package's `parseState`, from which on the first two bytes, and the length, have been read.
const HEAD_READ = 2;
const LENGTH_READ = 4;
/** Opcodes from here on are of control frames, which are no part of a message. */
const CONTROL = 0x08;
const BINARY = 0x02;
const GOODBYE = 0x08;

/**
 * One accepted connection. Where the package asks for a function of its own, all connections share one: closures, one
 * set for each of thousands, were half of what an idle connection takes.
 */
export class GuardedSocket {
  /** The TCP socket; write whole frames only. */
  readonly socket: Socket;
  readonly #connection: Guarded;
  readonly #events: SocketEvents;
  #isClosing = false;
  #isHeld = false;
  /** The peer has said goodbye, and what it asked for before is still to be answered. */
  #isLeaving = false;

  constructor(connection: PackageConnection, events: SocketEvents) {
    this.socket = connection.socket;
    this.#connection = Object.assign(connection as unknown as Guarded, OVERRIDES, { [GUARD]: this });
    this.#events = events;
    this.#giveListBack();
    connection.on('ping', onPing);
    connection.on('message', onMessage);
    connection.on('error', ignore); // told by the close that follows
    // Not the connection's own event, which does not come when the peer leaves amid the handshake.
    this.socket.on('close', () => events.onClose());
    this.socket.on('end', endSocket); // an upgraded socket is half-open: the other half would stay for ever
  }

  /** Read no further messages, until it is told to go on. */
  hold(isHeld: boolean): void {
    if (this.#isClosing) return;
    this.#isHeld = isHeld;
    this.#regulate();
    if (!isHeld) setImmediate(() => this.readFrames());
  }

  ping(): void {
    if (this.#connection.connected) this.#connection.ping('');
  }

  /** Say why, take nothing more, and end it soon. */
  // The package destroys the socket at once, and with it often the close frame that says why.
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    if (this.#connection.connected && this.socket.writable) this.#connection.sendCloseFrame(code, reason);
    this.#letGo();
  }

  /** End it without a word: nobody listens. */
  destroy(): void {
    this.socket.destroy();
  }

  // What the package asks for

  /**
   * The package itself reads one frame a turn. A burst that came in one piece is taken in one turn, so that its commands
   * are committed, applied and sent on together.
   */
  readFrames(): void {
    const bufferList = this.#takeList();
    if (this.#isClosing || this.#isLeaving) return bufferList.advance(bufferList.length);
    this.#events.onHeard();
    let count = 0;
    while (this.#canRead() && count < MAX_FRAMES_PER_TURN && this.#readFrame()) count++;
    this.#regulate();
    this.#giveListBack();
    if (count === MAX_FRAMES_PER_TURN && bufferList.length > 0) setImmediate(() => this.readFrames());
  }

  takeFrame(frame: Frame): void {
    if (this.#isClosing) return;
    if (!frame.mask) return this.close(CLOSE.protocolError, 'Frames must be masked.');
    if (frame.opcode === BINARY) return this.close(CLOSE.binary, 'Only text is understood.'); // of its pieces the first
    if (this.#connection.frameQueue.length >= MAX_FRAGMENTS) return this.close(CLOSE.abuse, 'Too many fragments.');
    if (frame.opcode !== GOODBYE) return this.#process(frame);
    this.#isLeaving = true;
    this.#events.onceAnswered(() => this.#process(frame));
  }

  #process(frame: Frame): void {
    if (this.#isClosing) return;
    processFrame.call(this.#connection, frame);
    // After its goodbye the package would keep what a peer sends, for ever.
    if (!this.#connection.connected && !this.#isClosing) this.#letGo();
  }

  takeMessage(message: Message): void {
    if (message.type === 'utf8') this.#events.onText(message.utf8Data);
  }

  // Of each list the package makes a dozen functions, nearly two kilobytes. What has come is mostly read at once: so one that
  // has nothing left over needs none in between.
  #takeList(): BufferList {
    const connection = this.#connection;
    if (connection.bufferList === NO_LIST) {
      connection.bufferList = spareList ?? new List();
      spareList = undefined;
      if (arrived !== undefined) connection.bufferList.write(arrived);
      arrived = undefined;
    }
    return connection.bufferList;
  }

  #giveListBack(): void {
    const { bufferList } = this.#connection;
    if (bufferList.length > 0 || bufferList === NO_LIST) return;
    List = bufferList.constructor as typeof List;
    spareList ??= bufferList;
    this.#connection.bufferList = NO_LIST;
  }

  #canRead(): boolean {
    return this.#connection.connected && !this.#isClosing && !this.#isLeaving && !this.#connection.inputPaused;
  }

  /** @returns whether a frame was whole, and is dealt with */
  #readFrame(): boolean {
    const connection = this.#connection;
    const frame = connection.currentFrame;
    const isWhole = frame.addData(connection.bufferList);
    this.#judge(frame);
    if (!isWhole || this.#isClosing) return false;
    const code = frame.frameTooLarge ? CLOSE.tooLarge : CLOSE.protocolError;
    if (frame.frameTooLarge || frame.protocolError) connection.drop(code, frame.dropReason);
    if (this.#isClosing) return false;
    connection.currentFrame = new Frame(connection.maskBytes, connection.frameHeader, connection.config);
    this.takeFrame(frame);
    return true;
  }

  /** As soon as it is known what is wrong: what is still to come of the frame is not waited for. */
  #judge({ parseState, opcode, length, mask, rsv1, rsv2, rsv3 }: Frame): void {
    if (parseState < HEAD_READ) return;
    if (!mask) return this.close(CLOSE.protocolError, 'Frames must be masked.');
    if (rsv1 || rsv2 || rsv3) return this.close(CLOSE.protocolError, 'No extension was agreed on.');
    if (parseState < LENGTH_READ || opcode >= CONTROL) return;
    const isTooLarge = length + this.#connection.fragmentationSize > MAX_BODY_BYTES;
    if (isTooLarge) this.close(CLOSE.tooLarge, 'The message is too large.');
  }

  // Bytes come faster than frames are read, and the package keeps all of them.
  #regulate(): void {
    const isFull = this.#connection.bufferList.length > MAX_UNREAD_BYTES;
    if (!this.#isHeld && !isFull) return void (this.socket.isPaused() && this.socket.resume());
    this.socket.pause();
    this.#connection.inputPaused = this.#isHeld;
  }

  #letGo(): void {
    this.#isClosing = true;
    const { socket } = this;
    this.#connection.connected = false;
    this.#connection.frameQueue = [];
    socket.removeAllListeners('data');
    socket.resume(); // what still comes is thrown away, so that the peer gets to read the reason
    socket.end();
    const linger = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(linger));
  }
}

/** On every connection in the place of the package's own. */
const OVERRIDES = {
  processReceivedData(this: Guarded) {
    this[GUARD].readFrames();
  },
  drop(this: Guarded, code: number = CLOSE.protocolError, reason = '') {
    // A length of more than 32 bits is nothing but too large.
    this[GUARD].close(reason.startsWith('Unsupported 64-bit') ? CLOSE.tooLarge : code, reason);
  },
  _debug: Object.assign(ignore, { printOutput: ignore }),
};

const { processFrame } = websocket.connection.prototype as unknown as {
  processFrame(this: Guarded, frame: Frame): void;
};

// One that takes no answers gets no more of them.
function onPing(this: PackageConnection, cancel: () => void): void {
  if (this.socket.writableLength > MAX_BACKLOG_BYTES) cancel();
}

function onMessage(this: PackageConnection, message: Message): void {
  (this as unknown as Guarded)[GUARD].takeMessage(message);
}

function endSocket(this: Socket): void {
  this.end();
}

function ignore(): void {}
