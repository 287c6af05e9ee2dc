/** One WebSocket after its handshake: the rooms it follows, and its commands on their way to an answer. */
import { parseWith } from '../commands/command.ts';
import { isClientCommand } from '../commands/table.ts';
import { ChatError, CLOSE, toProblem } from '../errors.ts';
import {
  MAX_BACKLOG_BYTES,
  MAX_COMMANDS_UNDER_WAY,
  MAX_REJECTED,
  MAX_ROOMS_PER_CONNECTION,
  REJECTED_WITHIN_MS,
} from '../limits.ts';
import { readCursor } from './cursor.ts';
import { websocketEncoding } from './websocket-encoding.ts';
import { answerFrame, CONNECTION_COMMANDS, keyOf, parseEnvelope, parseText, toJson } from './websocket-envelope.ts';
import type { Caller } from '../commands/command.ts';
import type { Position } from './cursor.ts';
import type { Connection } from './feed.ts';
import type { Host } from './transport.ts';
import type { Envelope } from './websocket-envelope.ts';
import type { GuardedSocket } from './websocket-guard.ts';

/** What a command comes to: the answer, and what begins or ends once it is written. */
interface Answer {
  frame: Buffer | undefined;
  afterwards?: () => void;
  isRejection?: true;
}

/** What the feed, the guard and the transport each need of a WebSocket. */
export class Session implements Connection {
  readonly encoding = websocketEncoding;
  readonly #host: Host;
  readonly #caller: Caller;
  readonly #onClosed: () => void;
  readonly #rooms = new Map<string, () => void>();
  /** In the order of the commands; an answer waits for those before it. */
  #answers: { ready?: Answer }[] = [];
  /** Frames of this turn that go out together. */
  #frames: Buffer[] = [];
  #guarded: GuardedSocket | undefined;
  #isWriteDue = false;
  #isPaused = false;
  #awaitsDrain = false;
  #wasHeard = true;
  #rejected = 0;
  #rejectedSince = -Infinity;
  #onAnswered: (() => void) | undefined;
  #isClosed = false;
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(host: Host, caller: Caller, onClosed: () => void) {
    this.#host = host;
    this.#caller = caller;
    this.#onClosed = onClosed;
  }

  attach(guarded: GuardedSocket): void {
    this.#guarded = guarded;
  }

  // What the feed needs

  backlogBytes(): number {
    return this.#guarded?.socket.writableLength ?? 0;
  }

  write(bytes: Buffer): void {
    if (this.#frames.length > 0) {
      this.#frames.push(bytes);
      this.#writeFrames();
    } else if (this.#guarded?.socket.writable) {
      this.#guarded.socket.write(bytes);
    }
  }

  onceDrained(callback: () => void): void {
    this.#guarded?.socket.once('drain', callback);
  }

  drop(): void {
    this.#guarded?.close(CLOSE.overloaded, 'Come back with your cursor.');
    this.#guarded?.destroy();
  }

  // What the guard tells

  onHeard(): void {
    this.#wasHeard = true;
  }

  onClose(): void {
    for (const leave of this.#rooms.values()) leave();
    this.#rooms.clear();
    this.#answers = [];
    this.#frames = [];
    this.#onClosed();
    this.#isClosed = true;
    this.#closed?.resolve();
  }

  onText(text: string): void {
    const slot: { ready?: Answer } = {};
    this.#answers.push(slot);
    void this.#answer(text).then((answer) => {
      slot.ready = answer;
      this.#sendAnswers();
    });
    this.#pauseIfFull();
  }

  onceAnswered(callback: () => void): void {
    this.#onAnswered = callback;
    this.#tellAnswered();
  }

  // What the transport asks

  follow(room: string, position: Position | undefined): void {
    this.#rooms.get(room)?.();
    this.#rooms.set(room, this.#host.feed.join(this, room, position));
  }

  ping(): void {
    this.#wasHeard = false;
    this.#guarded?.ping();
  }

  /** Whether nothing has come since the last ping. */
  get isSilent(): boolean {
    return !this.#wasHeard;
  }

  dropIfSilent(): void {
    if (this.isSilent) this.#guarded?.destroy();
  }

  end(code: number, reason: string): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#closed ??= Promise.withResolvers();
    this.#guarded?.close(code, reason);
    return this.#closed.promise;
  }

  /** @returns the answer to one command; never throws */
  async #answer(text: string): Promise<Answer> {
    let key: string | undefined;
    try {
      const untrusted = parseText(text);
      key = keyOf(untrusted);
      return await this.#carryOut(parseEnvelope(untrusted));
    } catch (error) {
      this.#host.failures.note(error, { transport: 'websocket' });
      return { frame: answerFrame('rejected', key, JSON.stringify(toProblem(error))), isRejection: true };
    }
  }

  async #carryOut({ command, key, message }: Envelope): Promise<Answer> {
    if (isClientCommand(command)) {
      const idempotencyKey = command === 'send-message' ? key : undefined;
      const posted = await this.#host.conversation.post(command, message, this.#caller, idempotencyKey);
      return { frame: answerFrame('accepted', key, toJson(posted)) };
    }
    this.#host.rateLimit.countCommand(this.#caller);
    if (command === 'typing') {
      const { room, user } = parseWith(CONNECTION_COMMANDS.typing, message);
      this.#host.feed.typing(this.#caller, { room, user }, this);
      return { frame: key === undefined ? undefined : answerFrame('accepted', key, JSON.stringify({ room })) };
    }
    if (command === 'subscribe') {
      const { room, since } = parseWith(CONNECTION_COMMANDS.subscribe, message);
      const position = since === undefined ? undefined : await readCursor(since, this.#host.conversation);
      if (this.#rooms.size >= MAX_ROOMS_PER_CONNECTION && !this.#rooms.has(room)) {
        throw new ChatError('rate-limited', `One connection follows ${MAX_ROOMS_PER_CONNECTION} rooms at most.`);
      }
      return {
        frame: answerFrame('accepted', key, JSON.stringify({ room })),
        afterwards: () => this.follow(room, position),
      };
    }
    if (command === 'unsubscribe') {
      const { room } = parseWith(CONNECTION_COMMANDS.unsubscribe, message);
      return {
        frame: answerFrame('accepted', key, JSON.stringify({ room })),
        afterwards: () => this.#unsubscribe(room),
      };
    }
    const detail = 'must be a command that the server knows';
    throw new ChatError('invalid-message', `"command" ${detail}.`, { errors: [{ field: 'command', detail }] });
  }

  #sendAnswers(): void {
    while (this.#answers[0]?.ready !== undefined) {
      const answer = this.#answers.shift()?.ready;
      if (answer?.frame !== undefined) this.#frames.push(answer.frame);
      if (answer?.isRejection) this.#countRejection();
      if (answer?.afterwards === undefined) continue;
      this.#writeFrames();
      answer.afterwards();
    }
    this.#tellAnswered();
    // At the end of the turn, so that the answers to a burst go out together.
    if (this.#frames.length === 0 || this.#isWriteDue) return;
    this.#isWriteDue = true;
    setImmediate(() => {
      this.#isWriteDue = false;
      this.#writeFrames();
    });
  }

  #writeFrames(): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    this.#frames = [];
    if (this.#guarded?.socket.writable)
      this.#guarded.socket.write(frames.length === 1 ? (frames[0] ?? '') : Buffer.concat(frames));
    this.#pauseIfFull();
    this.#tellAnswered();
  }

  #tellAnswered(): void {
    if (this.#onAnswered === undefined || this.#answers.length > 0 || this.#frames.length > 0) return;
    const tell = this.#onAnswered;
    this.#onAnswered = undefined;
    tell();
  }

  // One that sends commands and does not take the answers must not be read on.
  #pauseIfFull(): void {
    const socket = this.#guarded?.socket;
    if (socket === undefined) return;
    const isFull = this.#answers.length >= MAX_COMMANDS_UNDER_WAY || socket.writableLength > MAX_BACKLOG_BYTES;
    if (isFull !== this.#isPaused) this.#guarded?.hold(isFull);
    this.#isPaused = isFull;
    if (socket.writableLength <= MAX_BACKLOG_BYTES || this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    socket.once('drain', () => {
      this.#awaitsDrain = false;
      this.#pauseIfFull();
    });
  }

  #countRejection(): void {
    const now = this.#host.clock.elapsed();
    if (now - this.#rejectedSince > REJECTED_WITHIN_MS) {
      this.#rejectedSince = now;
      this.#rejected = 0;
    }
    this.#rejected++;
    if (this.#rejected <= MAX_REJECTED) return;
    this.#writeFrames();
    this.#guarded?.close(CLOSE.abuse, 'Too many commands were rejected.');
  }

  #unsubscribe(room: string): void {
    this.#rooms.get(room)?.();
    this.#rooms.delete(room);
  }
}
