/** A client of a stream over HTTP that keeps every piece until it is asked for, so that `next()` misses nothing. */
import { once } from 'node:events';
import { get } from 'node:http';
import { onTestFinished } from 'vitest';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Message } from '../../protocol/envelope.ts';

export interface StreamClient {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** @returns the next piece in order, without what ends it. @throws Error when the stream is over, with none left */
  next(): Promise<string>;
  /** @returns all that is left, once it is over: the body of what is no stream */
  text(): Promise<string>;
  /** Whether the server ended it properly (true), or it was cut. */
  readonly over: Promise<boolean>;
  /** Cut it, as a lost network does. */
  drop(): void;
}

export interface SseEvent {
  event?: string;
  id?: string;
  data?: string;
  retry?: string;
  /** Whether it is nothing but a comment. */
  isHeartbeat: boolean;
}

export interface StreamOptions {
  room?: string;
  since?: string | number;
  headers?: { [name: string]: string };
}

export interface SseClient extends Omit<StreamClient, 'next'> {
  /** Comments and `retry:` among them. */
  next(): Promise<SseEvent>;
  /** @returns the message of the next event that is one; what comes before it is passed over */
  message(): Promise<Message>;
  /** @returns all until `caught-up`, and the cursor it gives */
  untilCaughtUp(): Promise<{ events: SseEvent[]; messages: Message[]; since: string }>;
}

export interface NdjsonClient extends StreamClient {
  /** @returns the message of the next line that is not empty */
  message(): Promise<Message>;
}

/** @param base of the server, `http://…` */
export async function connectSse(base: string, options: StreamOptions = {}): Promise<SseClient> {
  const client = await openStream(urlOf(base, options), '\n\n', { accept: 'text/event-stream', ...options.headers });
  const next = async () => readEvent(await client.next());
  return {
    ...client,
    next,
    async message() {
      for (;;) {
        const { event, data } = await next();
        if (event === undefined && data !== undefined) return JSON.parse(data) as Message;
      }
    },
    async untilCaughtUp() {
      const events: SseEvent[] = [];
      for (;;) {
        const event = await next();
        events.push(event);
        if (event.event !== 'caught-up') continue;
        const messages = events.filter((one) => one.event === undefined && one.data !== undefined);
        const { since } = JSON.parse(event.data ?? '') as { since: string };
        return { events, messages: messages.map(({ data }) => JSON.parse(data ?? '') as Message), since };
      }
    },
  };
}

export async function connectNdjson(base: string, options: StreamOptions = {}): Promise<NdjsonClient> {
  const client = await openStream(urlOf(base, options), '\n', { accept: 'application/x-ndjson', ...options.headers });
  return {
    ...client,
    async message() {
      for (;;) {
        const line = await client.next();
        if (line !== '') return JSON.parse(line) as Message;
      }
    },
  };
}

/** @returns once the head is there, whatever its status */
async function openStream(url: URL, separator: string, headers: { [name: string]: string }): Promise<StreamClient> {
  const request = get(url, { headers, agent: false });
  onTestFinished(() => void request.destroy());
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const pieces: string[] = [];
  let rest = '';
  let isOver = false;
  let wake = Promise.withResolvers<void>();
  const tell = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  response.setEncoding('utf8').on('data', (text: string) => {
    const [last = '', ...whole] = (rest + text).split(separator).toReversed();
    rest = last;
    pieces.push(...whole.toReversed());
    tell();
  });
  response.on('error', () => {}); // told by the close that follows
  request.on('error', () => {});
  const over = new Promise<boolean>((resolve) => {
    response.once('close', () => {
      isOver = true;
      if (rest !== '') pieces.push(rest);
      tell();
      resolve(response.complete);
    });
  });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    over,
    async text() {
      await over;
      return pieces.splice(0).join(separator);
    },
    async next() {
      for (;;) {
        const piece = pieces.shift();
        if (piece !== undefined) return piece;
        if (isOver) throw new Error('the stream is over');
        await wake.promise;
      }
    },
    drop: () => void request.destroy(),
  };
}

/** @returns all that comes from now on until the text stands in it, as it is on the wire */
export function untilText({ socket }: { socket: Socket }, text: string): Promise<string> {
  return new Promise((resolve) => {
    let bytes = '';
    const decoder = new TextDecoder();
    const onData = (part: Buffer) => {
      const before = bytes.slice(-text.length); // not searched as a whole each time: there may be much of it
      const more = decoder.decode(part, { stream: true });
      bytes += more;
      if (!`${before}${more}`.includes(text)) return;
      socket.off('data', onData);
      resolve(bytes);
    };
    socket.on('data', onData);
  });
}

function urlOf(base: string, { room, since }: StreamOptions): URL {
  const url = new URL('/messages', base);
  if (room !== undefined) url.searchParams.set('room', room);
  if (since !== undefined) url.searchParams.set('since', String(since));
  return url;
}

function readEvent(block: string): SseEvent {
  const lines = block.split('\n').map((line) => {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    return [name, value] as const;
  });
  const fields = Object.fromEntries(lines.filter(([name]) => name !== ''));
  return { ...fields, isHeartbeat: Object.keys(fields).length === 0 };
}
