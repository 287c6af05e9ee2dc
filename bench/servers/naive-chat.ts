/**
 * The chat that the peers have in common, as a tutorial would write it: messages in an array, Express with its JSON
 * parser, and zod. It keeps nothing on disk, and its cursor is an index.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import express from 'express';
import { z } from 'zod';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Response } from 'express';
import type { BenchServer, ServerOptions } from './server.ts';

export interface Message {
  id: number;
  seq: number;
  room: string;
  user: string;
  message: string;
  timestamp: string;
}

export interface NaiveChat {
  server: Server;
  /** Take what came in a WebSocket's frame. @returns the answer to it */
  receive(text: string): string;
  add(post: unknown): Message;
  listen(): Promise<BenchServer>;
}

/** As long as this server keeps them: on a busy machine, a burst takes longer than the five seconds of Node. */
const KEEP_ALIVE_MS = 65_000;

const POST = z.object({ user: z.string().trim().min(1).max(40), message: z.string().trim().min(1).max(4000) });
const COMMAND = z.object({ command: z.literal('send-message'), message: POST });
const QUERY = z.object({
  since: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  wait: z.coerce.number().min(0).max(55).default(0),
});

/** @param broadcast sends a message to every WebSocket */
export function createNaiveChat({ stored = 0 }: ServerOptions, broadcast: (message: Message) => void): NaiveChat {
  const messages = createMessages(stored);
  let held: Response[] = [];
  const add = (post: unknown) => {
    const id = messages.length + 1;
    const message = { id, seq: id, room: 'lobby', ...POST.parse(post), timestamp: new Date().toISOString() };
    messages.push(message);
    broadcast(message);
    const waiting = held;
    held = [];
    for (const response of waiting) response.set('Next-Since', String(id)).json([message]);
    return message;
  };

  const app = express();
  app.use(express.json());
  app.post('/messages', (request, response) => {
    const { success, data } = POST.safeParse(request.body);
    if (success) response.status(201).json(add(data));
    else response.status(400).json({ error: 'invalid' });
  });
  app.get('/messages', (request, response) => {
    const { success, data } = QUERY.safeParse(request.query);
    if (!success) return response.status(400).json({ error: 'invalid' });
    const { since = messages.length, limit, wait } = data;
    const page = messages.slice(since, since + limit);
    if (page.length === 0 && wait > 0) return held.push(response);
    return response.set('Next-Since', String(since + page.length)).json(page);
  });

  const server = createServer(app);
  return {
    server,
    add,
    receive: (text) => JSON.stringify({ command: 'accepted', message: add(COMMAND.parse(JSON.parse(text)).message) }),
    listen: async () => listen(server),
  };
}

/** The array that the peers hold, where they are to begin with one. */
export function createMessages(count: number): Message[] {
  const post = { user: 'Azin', message: 'The quick brown fox jumps over the lazy dog. '.repeat(5).slice(0, 200) };
  const timestamp = new Date().toISOString();
  return Array.from({ length: count }, (_, nth) => ({ id: nth + 1, seq: nth + 1, room: 'lobby', ...post, timestamp }));
}

export async function listen(server: Server): Promise<BenchServer> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // a TCP server's address is no string
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
