/** WebSocket as a way to listen. */
import { connectWs, RefusedHandshake } from '../harness/ws-client.ts';
import { describeListening } from './contract.ts';
import type { Problem, ServerEnvelope } from '../../protocol/envelope.ts';
import type { From, Heard, Listening } from './contract.ts';

describeListening({ name: 'WebSocket', open: openWebSocket, whenGone: 'reset', saysCaughtUp: true });

async function openWebSocket(url: string, from: From): Promise<Listening> {
  try {
    const client = await connectWs(url, from);
    const next = async (): Promise<Heard> => {
      const envelope = await client.next();
      return envelope.command === 'presence' ? next() : toHeard(envelope);
    };
    return { next, drop: client.drop };
  } catch (error) {
    if (!(error instanceof RefusedHandshake)) throw error;
    const { code } = JSON.parse(error.body) as Problem;
    return { next: () => Promise.resolve({ kind: 'refused', code }), drop() {} };
  }
}

function toHeard(envelope: ServerEnvelope): Heard {
  if (envelope.command === 'message') return { kind: 'message', message: envelope.message };
  if (envelope.command === 'caught-up') return { kind: 'caught-up', since: envelope.message.since };
  if (envelope.command === 'reset') return { kind: 'reset' };
  throw new Error(`heard ${JSON.stringify(envelope)}`);
}
