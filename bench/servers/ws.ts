/** The peer that the ratios are to: the package `ws`, and a loop of `send`. */
import { WebSocketServer } from 'ws';
import { createNaiveChat } from './naive-chat.ts';
import type { BenchServer } from './server.ts';

export async function startWs(): Promise<BenchServer> {
  const chat = createNaiveChat((text) => {
    for (const client of sockets.clients) if (client.readyState === client.OPEN) client.send(text);
  });
  const sockets = new WebSocketServer({ server: chat.server });
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => chat.receive(data.toString()));
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
