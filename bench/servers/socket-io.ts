/** Socket.IO as its tutorial has it: `io.emit`, which encodes once for all, and an acknowledgement for the writer. */
import { Server } from 'socket.io';
import { createNaiveChat } from './naive-chat.ts';
import type { Socket } from 'socket.io';
import type { Message } from './naive-chat.ts';
import type { BenchServer, ServerOptions } from './server.ts';

export async function startSocketIo(options: ServerOptions): Promise<BenchServer> {
  let writer: Socket | undefined; // is answered, and needs no copy
  const chat = createNaiveChat(options, (message) => {
    (writer?.broadcast ?? io).emit('message', message);
  });
  const io = new Server(chat.server, { transports: ['websocket'] });
  io.on('connection', (socket) => {
    socket.on('send-message', (post: unknown, acknowledge: (message: Message) => void) => {
      writer = socket;
      acknowledge(chat.add(post));
    });
  });
  const { port, stop } = await chat.listen();
  return {
    port,
    async stop() {
      io.disconnectSockets(true);
      await stop();
    },
  };
}
