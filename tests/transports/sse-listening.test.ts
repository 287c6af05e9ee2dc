/** Server-sent events as a way to listen. */
import { connectSse } from '../harness/stream-client.ts';
import { describeListening } from './contract.ts';
import type { Problem } from '../../protocol/envelope.ts';
import type { From, Heard, Listening } from './contract.ts';

describeListening({ name: 'SSE', open: openSse, whenGone: 'reset', saysCaughtUp: true });

async function openSse(url: string, from: From): Promise<Listening> {
  const client = await connectSse(url, from);
  const next = async (): Promise<Heard> => {
    if (client.status !== 200) {
      const { code } = JSON.parse(await client.text()) as Problem;
      return { kind: 'refused', code };
    }
    const { event, data } = await client.next();
    if (event === 'reset') return { kind: 'reset' };
    if (data === undefined) return next(); // a heartbeat, or how long to wait before coming back
    const json = JSON.parse(data);
    return event === 'caught-up' ? { kind: 'caught-up', since: json.since } : { kind: 'message', message: json };
  };
  return { next, drop: client.drop };
}
