/** A TCP connection without the cost of a stream: all read into one buffer, and nothing is copied that is not kept. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** One for all: what is read is looked at before the next is. */
const BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * @param onBytes given what came, only until it returns
 * @param onLost told when the connection ends, unless this side ended it
 */
export async function connectRaw(
  port: number,
  onBytes: (bytes: Buffer, length: number) => void,
  onLost: (error: Error) => void,
): Promise<Socket> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: BUFFER,
      callback(length) {
        onBytes(BUFFER, length);
        return true;
      },
    },
  });
  await once(socket, 'connect');
  socket.on('error', onLost);
  socket.on('end', () => onLost(new Error('The server ended a connection')));
  return socket;
}
