/** A subscription that is asked again and again, as a way to listen. */
import { call, poll, write } from '../harness/api.ts';
import { describeListening } from './contract.ts';
import type { Message, Problem } from '../../protocol/envelope.ts';
import type { From, Heard, Listening } from './contract.ts';

describeListening({ name: 'subscription', open: openSubscription, whenGone: 'refused', saysCaughtUp: false });

async function openSubscription(url: string, { room, since }: From): Promise<Listening> {
  // It begins at now unless it is told where to; whoever wants to see what stands asks for that first.
  const standing = since === undefined ? await poll(url, room === undefined ? {} : { room }) : undefined;
  const { status, json } = await write(url, '/subscriptions', { room, since: since ?? standing?.since });
  const leaving = new AbortController();
  const heard: Heard[] = (standing?.messages ?? []).map(toHeard);
  if (status !== 201) heard.push({ kind: 'refused', code: (json as Problem).code });
  const { subscription } = json as { subscription: string };
  let batch = '0';
  const next = async (): Promise<Heard> => {
    const first = heard.shift();
    if (first !== undefined) return first;
    const path = `/subscriptions/${subscription}/messages?wait=50&ack=${batch}`;
    const { json: messages, headers } = await call(url, path, { signal: leaving.signal });
    batch = headers.get('batch') ?? '';
    heard.push(...(messages as Message[]).map(toHeard));
    return next();
  };
  return { next, drop: () => leaving.abort() };
}

function toHeard(message: Message): Heard {
  return { kind: 'message', message };
}
