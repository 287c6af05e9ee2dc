/** NDJSON as a way to listen. */
import { connectNdjson } from '../harness/stream-client.ts';
import { describeListening } from './contract.ts';
import type { Problem } from '../../protocol/envelope.ts';
import type { From, Heard, Listening } from './contract.ts';

describeListening({ name: 'NDJSON', open: openNdjson, whenGone: 'refused', saysCaughtUp: false });

async function openNdjson(url: string, from: From): Promise<Listening> {
  const client = await connectNdjson(url, from);
  const next = async (): Promise<Heard> => {
    if (client.status === 200) return { kind: 'message', message: await client.message() };
    const { code } = JSON.parse(await client.text()) as Problem;
    return { kind: 'refused', code };
  };
  return { next, drop: client.drop };
}
