/** The package that this server is built on, used as its documentation does: a loop of `sendUTF`. */
import websocket from 'websocket';
import { createNaiveChat } from './naive-chat.ts';
import type { connection as Connection } from 'websocket';
import type { BenchServer, ServerOptions } from './server.ts';

export async function startWebsocket(options: ServerOptions): Promise<BenchServer> {
  let writer: Connection | undefined; // is answered, and needs no copy
  const chat = createNaiveChat(options, (message) => {
    const text = JSON.stringify({ command: 'message', message });
    for (const connection of sockets.connections) if (connection !== writer) connection.sendUTF(text);
  });
  const sockets = new websocket.server({ httpServer: chat.server, autoAcceptConnections: true });
  sockets.on('connect', (connection) => {
    connection.on('message', (data) => {
      if (data.type !== 'utf8') return;
      writer = connection;
      connection.sendUTF(chat.receive(data.utf8Data));
    });
  });
  const { port, stop } = await chat.listen();
  return {
    port,
    async stop() {
      for (const connection of sockets.connections) connection.drop();
      await stop();
    },
  };
}
