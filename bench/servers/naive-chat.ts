/**
 * The chat that the peers have in common, as a tutorial would write it: messages in an array, Express with its JSON
 * parser, and zod. It keeps nothing on disk, knows no cursor, and its polls do not even look for what is new.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import express from 'express';
import { z } from 'zod';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BenchServer } from './server.ts';

export interface NaiveChat {
  server: Server;
  /** Take what came in a WebSocket's frame. */
  receive(text: string): void;
  listen(): Promise<BenchServer>;
}

const POST = z.object({ user: z.string().trim().min(1).max(40), message: z.string().trim().min(1).max(4000) });
const COMMAND = z.object({ command: z.literal('send-message'), message: POST });

/** @param broadcast sends a text to every WebSocket */
export function createNaiveChat(broadcast: (text: string) => void): NaiveChat {
  const messages: object[] = [];
  const add = (post: z.infer<typeof POST>) => {
    const id = messages.length + 1;
    const message = { id, seq: id, room: 'lobby', ...post, timestamp: new Date().toISOString() };
    messages.push(message);
    broadcast(JSON.stringify({ command: 'message', message }));
    return message;
  };

  const app = express();
  app.use(express.json());
  app.post('/messages', (request, response) => {
    const { success, data } = POST.safeParse(request.body);
    if (success) response.status(201).json(add(data));
    else response.status(400).json({ error: 'invalid' });
  });
  app.get('/messages', (_request, response) => {
    response.json([]);
  });

  const server = createServer(app);
  return {
    server,
    receive(text) {
      add(COMMAND.parse(JSON.parse(text)).message);
    },
    async listen() {
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
    },
  };
}
