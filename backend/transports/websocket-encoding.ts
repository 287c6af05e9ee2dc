/** Text frames as a server sends them, made once and written to any number of sockets. */
import websocket from 'websocket';
import type { ErrorCode } from '../errors.ts';
import type { ServerEvents } from '../../protocol/envelope.ts';
import type { Encoding } from './feed.ts';

const TEXT = 0x01;
/** The package's frame as it is; its types tell of another constructor, and of numbers where there are flags. */
type FrameConstructor = new (
  mask: Buffer,
  header: Buffer,
  config: { maxReceivedFrameSize: number },
) => { opcode: number; fin: boolean; mask: boolean; binaryPayload: Buffer; toBuffer(): Buffer };

const Frame = websocket.frame as unknown as FrameConstructor;
// What the constructor asks for, and only receiving uses.
const SCRATCH = [Buffer.alloc(4), Buffer.alloc(10), { maxReceivedFrameSize: 0 }] as const;

/** @param json of one envelope */
export function toFrame(json: string): Buffer {
  const frame = new Frame(...SCRATCH);
  frame.opcode = TEXT;
  frame.fin = true;
  frame.mask = false;
  frame.binaryPayload = Buffer.from(json);
  return frame.toBuffer();
}

function envelope<Name extends keyof ServerEvents>(command: Name, message: ServerEvents[Name]): Buffer {
  return toFrame(JSON.stringify({ command, message }));
}

export const websocketEncoding: Encoding = {
  message: ({ json }) => toFrame(`{"command":"message","message":${json}}`),
  caughtUp: (room, since) => envelope('caught-up', { room, since }),
  presence: (room, online) => envelope('presence', { room, online }),
  typing: (room, users) => Buffer.concat(users.map((user) => envelope('typing', { room, user }))),
  reset: (room) => envelope('reset', { room, code: 'cursor-gone' satisfies ErrorCode }),
};
