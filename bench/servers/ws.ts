/** The peer that the ratios are to: the package `ws`, and a loop of `send`. */
import { WebSocketServer } from 'ws';
import { createNaiveChat } from './naive-chat.ts';
import type { WebSocket } from 'ws';
import type { BenchServer, ServerOptions } from './server.ts';

export async function startWs(options: ServerOptions): Promise<BenchServer> {
  let writer: WebSocket | undefined; // is answered, and needs no copy
  const chat = createNaiveChat(options, (message) => {
    const text = JSON.stringify({ command: 'message', message });
    for (const client of sockets.clients) {
      if (client !== writer && client.readyState === client.OPEN) client.send(text);
    }
  });
  const sockets = new WebSocketServer({ server: chat.server });
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      writer = socket;
      socket.send(chat.receive(data.toString()));
    });
  });
  const { port, stop } = await chat.listen();
  return {
    port,
    async stop() {
      for (const client of sockets.clients) client.terminate();
      await stop();
    },
  };
}
