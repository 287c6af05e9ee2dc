/** One WebSocket writes evenly, and all others read: what several scenarios do at different sizes. */
import { openListeners } from '../load/listeners.ts';
import { warmUp } from '../load/requests.ts';
import { openWriter, pace } from '../load/writer.ts';
import { askCursor, measure, POST, wiresOf } from './scenario.ts';
import type { Contender, Figures } from './scenario.ts';
import type { ServerProcess } from '../server-process.ts';

interface Evenly {
  /** Connections that read. */
  listeners: number;
  perSecond: number;
  /** How long it is measured, after a third as long to warm up. */
  seconds: number;
  /** Of the connections, how many read nothing. */
  stalled?: number;
}

export async function measureEvenly(
  server: ServerProcess,
  contender: Contender,
  { listeners: count, perSecond, seconds, stalled = 0 }: Evenly,
): Promise<Figures> {
  const { listen, write } = wiresOf(contender);
  await warmUp(server, seconds);
  const since = await askCursor(server);
  const listeners = await openListeners(listen, server.port, count - stalled, since);
  const others = await openListeners(listen, server.port, stalled, since);
  for (const socket of others.sockets) socket.pause();
  const writer = await openWriter(write, server.port, POST);
  let written = 0;
  const writeFor = async (forSeconds: number) => {
    await pace(perSecond, forSeconds, (due) => {
      listeners.noteSent(due);
      writer.send(due);
      written += due;
    });
    await Promise.all([listeners.allDelivered(), writer.answered(written)]);
    return listeners.takeLatencies();
  };
  try {
    await writeFor(seconds / 3);
    return await measure(server, async () => writeFor(seconds));
  } finally {
    writer.close();
    listeners.close();
    others.close();
  }
}
