/** The package that this server is built on, used as its documentation does: a loop of `sendUTF`. */
import websocket from 'websocket';
import { createNaiveChat } from './naive-chat.ts';
import type { BenchServer } from './server.ts';

export async function startWebsocket(): Promise<BenchServer> {
  const chat = createNaiveChat((text) => {
    for (const connection of sockets.connections) connection.sendUTF(text);
  });
  const sockets = new websocket.server({ httpServer: chat.server, autoAcceptConnections: true });
  sockets.on('connect', (connection) => {
    connection.on('message', (data) => {
      if (data.type === 'utf8') chat.receive(data.utf8Data);
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
