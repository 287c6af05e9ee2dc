/** A WebSocket client that keeps every frame until it is asked for, so that `next()` misses nothing. */
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ClientOptions } from 'ws';
import type { Message, Problem, ServerEnvelope, ServerEvents } from '../../protocol/envelope.ts';

export interface WsClient {
  /** For what the rest of this does not offer: frames by hand, pausing. */
  readonly socket: WebSocket;
  /** Every envelope that came so far, asked for or not. */
  readonly received: readonly ServerEnvelope[];
  /** @returns the next frame in order. @throws Error when it closes with none left */
  next(): Promise<ServerEnvelope>;
  /** @returns what the next frame of this command holds; frames before it are passed over */
  nextOf<Name extends keyof ServerEvents>(command: Name): Promise<ServerEvents[Name]>;
  /** @returns all messages until `caught-up`, and the cursor it gives; other frames are passed over */
  untilCaughtUp(room?: string): Promise<{ messages: Message[]; since: string }>;
  send(command: string, message?: unknown, key?: string): void;
  /** Send a command with a key and wait for its answer. Other frames stay for `next`. */
  ask(command: string, message: unknown, key?: string): Promise<Answered>;
  /** How the server, or this end, closed it. */
  readonly closed: Promise<{ code: number; reason: string }>;
  /** End it in an orderly way. */
  close(): Promise<void>;
  /** Cut it, as a lost network does. */
  drop(): void;
}

export type Answered = { command: 'accepted'; message: object } | { command: 'rejected'; message: Problem };

export interface WsOptions {
  /** Default `/messages`. */
  path?: string;
  room?: string;
  since?: string | number;
  token?: string;
  /** Passed on to `ws`, such as `origin`, `headers`, `autoPong`. */
  client?: ClientOptions;
}

/** The server answered the handshake with something else than a WebSocket. */
export class RefusedHandshake extends Error {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;

  constructor({ statusCode = 0, headers }: IncomingMessage, body: string) {
    super(`the handshake was answered with ${statusCode}: ${body}`);
    this.status = statusCode;
    this.headers = headers;
    this.body = body;
  }
}

/**
 * @param base of the server, `http://…`
 * @returns once it is open. It is cut when the test ends.
 * @throws RefusedHandshake
 */
export async function connectWs(base: string, options: WsOptions = {}): Promise<WsClient> {
  const { path = '/messages', room, since, token, client: { headers, ...rest } = {} } = options;
  const url = new URL(path, base.replace(/^http/, 'ws'));
  if (room !== undefined) url.searchParams.set('room', room);
  if (since !== undefined) url.searchParams.set('since', String(since));
  const socket = new WebSocket(url, {
    ...rest,
    headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  });
  onTestFinished(() => socket.terminate());
  const client = asClient(socket); // before it is open, as frames may come with the handshake
  await untilOpen(socket);
  return client;
}

function untilOpen(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.on('error', reject);
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.once('end', () => reject(new RefusedHandshake(response, body)));
    });
  });
}

function asClient(socket: WebSocket): WsClient {
  const received: ServerEnvelope[] = [];
  const queue: ServerEnvelope[] = [];
  const asking: { resolve(envelope: ServerEnvelope): void; reject(error: Error): void }[] = [];
  const answers = new Map<string, (answer: Answered) => void>();
  let asked = 0;
  let end: Error | undefined;

  const take = (envelope: ServerEnvelope) => {
    received.push(envelope);
    const answer = envelope.key === undefined ? undefined : answers.get(envelope.key);
    if (answer !== undefined && (envelope.command === 'accepted' || envelope.command === 'rejected')) {
      answers.delete(envelope.key ?? '');
      return answer(envelope);
    }
    const next = asking.shift();
    if (next === undefined) queue.push(envelope);
    else next.resolve(envelope);
  };
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) throw new Error('the server sent a binary frame');
    take(JSON.parse(data.toString('utf8')) as ServerEnvelope);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      end = new Error(`the connection was closed with ${code} ${reason.toString()}`);
      for (const { reject } of asking.splice(0)) reject(end);
      resolve({ code, reason: reason.toString() });
    });
  });

  const next = (): Promise<ServerEnvelope> => {
    const first = queue.shift();
    if (first !== undefined) return Promise.resolve(first);
    if (end !== undefined) return Promise.reject(end);
    return new Promise((resolve, reject) => asking.push({ resolve, reject }));
  };
  const send = (command: string, message?: unknown, key?: string) =>
    socket.send(JSON.stringify({ command, key, message }));

  return {
    socket,
    received,
    next,
    async nextOf<Name extends keyof ServerEvents>(command: Name) {
      for (;;) {
        const envelope = await next();
        if (envelope.command === command) return envelope.message as ServerEvents[Name]; // that is what the name says
      }
    },
    async untilCaughtUp(room = 'lobby') {
      const messages: Message[] = [];
      for (;;) {
        const envelope = await next();
        if (envelope.command === 'message' && envelope.message.room === room) messages.push(envelope.message);
        if (envelope.command === 'caught-up' && envelope.message.room === room) {
          return { messages, since: envelope.message.since };
        }
      }
    },
    send,
    ask(command, message, key = `ask-${++asked}-${Math.random().toString(36).slice(2)}`) {
      return new Promise((resolve, reject) => {
        answers.set(key, resolve);
        void closed.then(({ code }) => reject(new Error(`closed with ${code} before the answer to ${command}`)));
        send(command, message, key);
      });
    },
    closed,
    async close() {
      socket.close();
      await closed;
    },
    drop: () => socket.terminate(),
  };
}
