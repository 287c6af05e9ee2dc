/** Polling and long polling as ways to listen. */
import { call } from '../harness/api.ts';
import { describeListening } from './contract.ts';
import type { Message, Problem } from '../../protocol/envelope.ts';
import type { From, Heard, Listening } from './contract.ts';

describeListening({
  name: 'polling',
  open: (url, from) => Promise.resolve(openPolling(url, from, 0)),
  whenGone: 'refused',
  saysCaughtUp: true,
});

describeListening({
  name: 'long polling',
  open: (url, from) => Promise.resolve(openPolling(url, from, 55)),
  whenGone: 'refused',
  saysCaughtUp: true,
});

/** Asks again as soon as all of the last answer was taken. The first complete answer is where it has caught up. */
function openPolling(url: string, { room = 'lobby', since: start }: From, waitS: number): Listening {
  const aborting = new AbortController();
  const queue: Heard[] = [];
  let since = start === undefined ? undefined : String(start);
  let hasCaughtUp = false;

  const ask = async () => {
    const query = new URLSearchParams({ room });
    if (since !== undefined) query.set('since', since);
    if (hasCaughtUp && waitS > 0) query.set('wait', String(waitS));
    const { status, json, headers } = await call(url, `/messages?${query}`, { signal: aborting.signal });
    if (status !== 200) return void queue.push({ kind: 'refused', code: (json as Problem).code });
    queue.push(...(json as Message[]).map((message): Heard => ({ kind: 'message', message })));
    const isCut = since !== undefined && headers.get('more') === 'true';
    since = headers.get('next-since') ?? '';
    if (hasCaughtUp || isCut) return;
    hasCaughtUp = true;
    queue.push({ kind: 'caught-up', since });
  };

  return {
    async next() {
      for (;;) {
        const heard = queue.shift();
        if (heard !== undefined) return heard;
        await ask();
      }
    },
    drop: () => aborting.abort(),
  };
}
