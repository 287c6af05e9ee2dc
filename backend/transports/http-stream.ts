/**
 * An answer over HTTP that goes on for as long as both sides like: what SSE and NDJSON have in common. The chunks of
 * HTTP are part of the encoding, so that what is sent to thousands is one Buffer, written to their sockets as it is.
 */
import { ChatError } from '../errors.ts';
import { HEARTBEAT_EVERY_MS, LINGER_MS } from '../limits.ts';
import { createRounds } from '../wheel.ts';
import { join } from './encoding.ts';
import { REQUEST_ID, sendProblem } from './exchange.ts';
import type { Connected } from '../metrics.ts';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller } from '../commands/command.ts';
import type { Change } from '../conversation/change.ts';
import type { Position } from './cursor.ts';
import type { Form } from './encoding.ts';
import type { Connection, Encoding } from './feed.ts';
import type { Exchange, Host } from './transport.ts';

const CRLF = Buffer.from('\r\n');

/** What a kind of stream says, as text. Empty text is not sent. */
export interface StreamFormat {
  /** By which its connections are counted. */
  readonly name: Connected;
  /** Media type. */
  readonly type: string;
  /** Said once, before anything else. */
  readonly opening: string;
  /** Said in between, so that whatever stands between the two ends keeps the connection open. */
  readonly heartbeat: string;
  readonly reset: string;
  message(change: Change): string;
  caughtUp(cursor: string): string;
}

export interface Streams {
  /**
   * Answer with a stream of the room's messages. It ends when the caller's sign-in does.
   * @throws ChatError `overloaded` or `rate-limited` when there are too many connections, or the server is about to stop
   */
  open(exchange: Exchange, caller: Caller, room: string, position: Position | undefined): void;
  /** End all streams, so that their clients know that nothing was cut off. */
  stop(): Promise<void>;
}

interface Asking {
  response: ServerResponse;
  address: string;
}

/** A format as bytes, made once. */
interface Frames {
  opening: Buffer;
  heartbeat: Buffer;
  encoding: Encoding;
}

export function createStreams(
  { feed, clock, failures }: Pick<Host, 'feed' | 'clock' | 'failures'>,
  format: StreamFormat,
): Streams {
  const chunked = toFrames(format, encloseChunk);
  const plain = toFrames(format);
  const streams = new Set<HttpStream>();
  const rounds = createRounds<HttpStream>(clock, HEARTBEAT_EVERY_MS, (due) => {
    for (const stream of due) stream.sayAlive();
  });
  let isStopped = false;

  const begin = ({ response, address }: Asking, socket: Socket, enter: (stream: HttpStream) => (() => void)[]) => {
    // It left while its token or its cursor was checked, so its `close` has passed already.
    if (socket.destroyed) return;
    if (isStopped) throw new ChatError('overloaded', 'The server is about to stop.');
    const givePlaceBack = feed.takePlace(format.name, address);
    const isChunked = response.req.httpVersion !== '1.0';
    socket.cork(); // the head and the first messages in one packet
    response.writeHead(200, headersOf(format, isChunked));
    response.flushHeaders();
    const stream = new HttpStream(response, socket, isChunked ? chunked : plain);
    streams.add(stream);
    rounds.add(stream);
    stream.onceOver(() => {
      streams.delete(stream);
      rounds.delete(stream);
      givePlaceBack();
    });
    for (const leave of enter(stream)) stream.onceOver(leave);
    socket.uncork();
  };

  return {
    open({ request, response }, caller, room, position) {
      const enter = (stream: HttpStream) => [
        feed.join(stream, room, position),
        feed.onceExpired(caller, () => void stream.end()),
      ];
      request.resume(); // a body nobody asked for would keep the end of the connection from being seen
      const { socket } = response;
      if (request.method === 'HEAD') {
        response.writeHead(200, headersOf(format, true)).end();
      } else if (socket !== null) {
        begin({ response, address: caller.address }, socket, enter);
      } else {
        // Asked for while an earlier answer is still to come on the same connection.
        response.once('socket', (ready: Socket) => {
          try {
            begin({ response, address: caller.address }, ready, enter);
          } catch (error) {
            sendProblem(response, error, { [REQUEST_ID]: failures.note(error, { transport: 'http' }) });
          }
        });
      }
    },
    async stop() {
      isStopped = true;
      rounds.stop();
      await Promise.all([...streams].map((stream) => stream.end()));
    },
  };
}

/** One stream. */
class HttpStream implements Connection {
  readonly encoding: Encoding;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #heartbeat: Buffer;
  #closers: (() => void)[] = [];
  #closed = Promise.withResolvers<void>();

  constructor(response: ServerResponse, socket: Socket, { encoding, opening, heartbeat }: Frames) {
    this.encoding = encoding;
    this.#response = response;
    this.#socket = socket;
    this.#heartbeat = heartbeat;
    response.once('close', () => {
      this.#leave();
      this.#closed.resolve();
    });
    // Of a client that is gone nothing is to be waited for, also where it left unread what was sent.
    socket.once('end', () => socket.destroy());
    this.write(opening);
  }

  backlogBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    if (bytes.length > 0 && this.#socket.writable) this.#socket.write(bytes);
  }

  onceDrained(callback: () => void): void {
    this.#socket.once('drain', callback);
  }

  drop(): void {
    this.#socket.destroy();
  }

  sayAlive(): void {
    this.write(this.#heartbeat);
  }

  onceOver(callback: () => void): void {
    this.#closers.push(callback);
  }

  /** @returns once it is closed: by its client, that has read it all, or by force */
  async end(): Promise<void> {
    this.#leave();
    this.#response.end();
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    await this.#closed.promise;
    clearTimeout(linger);
  }

  #leave(): void {
    for (const close of this.#closers.splice(0)) close();
  }
}

function headersOf({ type }: StreamFormat, isChunked: boolean): { [name: string]: string } {
  return {
    'Content-Type': type,
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no', // nginx would keep it until there is enough for a page of memory
    Connection: 'close', // when the stream is over, so is the connection: there is nothing to be kept for
    ...(isChunked && { 'Transfer-Encoding': 'chunked' }),
  };
}

function toFrames(format: StreamFormat, enclose?: Form['enclose']): Frames {
  // An empty chunk would be the end of the answer.
  const frame = (text: string) => (text === '' ? Buffer.alloc(0) : join({ enclose }, [Buffer.from(text)]));
  const reset = frame(format.reset);
  return {
    opening: frame(format.opening),
    heartbeat: frame(format.heartbeat),
    encoding: {
      message: (change) => Buffer.from(format.message(change)),
      enclose,
      caughtUp: (_room, cursor) => frame(format.caughtUp(cursor)),
      reset: () => reset,
    },
  };
}

/** @see RFC 9112, "Chunked Transfer Coding" */
function encloseChunk(length: number): { head: Buffer; tail: Buffer } {
  return { head: Buffer.from(`${length.toString(16)}\r\n`), tail: CRLF };
}
