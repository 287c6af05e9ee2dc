/** A tab among several: whatever it hears, and misses, it ends with everything once. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createListener } from '../../frontend-shared/link/listener.js';
import type { HubEvent } from '../../frontend-shared/link/hub.js';
import type { Message } from '../../protocol/envelope.ts';

const LIVE = { name: 'live', travel: { by: 'socket' } } as const;

const messageOf = (id: number): Message => ({
  id,
  seq: id,
  room: 'lobby',
  user: 'Azin',
  message: `message ${id}`,
  timestamp: '2026-11-22T06:53:00.000Z',
});

/** @param since where the tab stands when it begins to listen */
function listen(since?: string) {
  const asked: string[] = [];
  const answers: ((status: number, messages: Message[], next?: string) => void)[] = [];
  vi.stubGlobal('fetch', (url: string, { signal }: RequestInit) => {
    asked.push(new URLSearchParams(url.split('?')[1]).get('since') ?? 'newest');
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('cut', 'AbortError')));
      answers.push((status, messages, next) =>
        resolve(
          new Response(JSON.stringify(status === 200 ? messages : { status }), {
            status,
            headers: next === undefined ? {} : { 'Next-Since': next },
          }),
        ),
      );
    });
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const seen: number[] = [];
  const states: string[] = [];
  const position = { since };
  const listener = createListener({
    room: 'lobby',
    position,
    onMessages: (messages) => seen.push(...messages.map(({ id }) => id)),
    onMoved() {},
    onReset: () => void (seen.length = 0),
    onState: ({ name }) => states.push(name),
    onTyping() {},
    onPresence() {},
  });
  type Told = {
    [Kind in HubEvent['kind']]: Omit<Extract<HubEvent, { kind: Kind }>, 'room' | 'source'>;
  }[HubEvent['kind']];
  const tell = (source: string, ...events: Told[]) => {
    for (const event of events) listener.hear({ room: 'lobby', source, ...event });
  };
  return { asked, answers, seen, states, position, listener, tell };
}

const given = (from: number | undefined, ...ids: number[]) => [
  { kind: 'messages' as const, messages: ids.map(messageOf) },
  { kind: 'moved' as const, from: from === undefined ? undefined : `${from}-e`, to: `${ids.at(-1)}-e` },
];

describe('a tab', () => {
  it('asks for nothing where it hears everything', () => {
    const { asked, seen, position, tell, states } = listen();
    tell('a', { kind: 'opened', since: undefined }, ...given(undefined, 1, 2), ...given(2, 3));
    tell('a', { kind: 'state', state: LIVE, at: '3-e', tabs: 1 });
    expect([seen, position.since, asked, states]).toEqual([[1, 2, 3], '3-e', [], ['live']]);
  });

  it('asks for what was given before it was there, and is not live before it has it', async () => {
    const { asked, answers, seen, position, tell, states } = listen('2-e');
    tell('a', { kind: 'state', state: LIVE, at: '4-e', tabs: 2 }, ...given(4, 5));
    expect([asked, states.at(-1), position.since]).toEqual([['2-e'], 'catching-up', '2-e']);
    answers[0]!(200, [messageOf(3), messageOf(4), messageOf(5)], '5-e');
    await expect.poll(() => states.at(-1)).toBe('live');
    tell('a', ...given(5, 6));
    expect([new Set(seen), position.since, asked.length]).toEqual([new Set([3, 4, 5, 6]), '6-e', 1]);
  });

  it('notices what it did not hear while it was frozen, and that another leads now', async () => {
    const { asked, answers, tell, position } = listen();
    tell('a', { kind: 'opened', since: undefined }, ...given(undefined, 1));
    tell('b', { kind: 'opened', since: '1-e' }, ...given(1, 2));
    expect([asked, position.since]).toEqual([[], '2-e']);
    tell('b', ...given(4, 5)); // 3 and 4 were not heard
    expect(asked).toEqual(['2-e']);
    answers[0]!(200, [messageOf(3), messageOf(4), messageOf(5)], '5-e');
    await expect.poll(() => position.since).toBe('5-e');
  });

  it('begins with the newest, also when a change of an old one comes first', async () => {
    const { answers, seen, tell } = listen();
    tell('a', { kind: 'state', state: LIVE, at: '90-e', tabs: 2 }, ...given(90, 7));
    expect(seen).toEqual([]);
    answers[0]!(200, [messageOf(89), messageOf(90)], '91-e');
    await expect.poll(() => seen).toEqual([89, 90, 7]);
  });

  it('takes no answer of a journal that is gone', async () => {
    const { asked, answers, seen, position, tell } = listen('2-e');
    tell('a', { kind: 'state', state: LIVE, at: '4-e', tabs: 2 });
    tell('a', { kind: 'reset' });
    answers[0]!(200, [messageOf(3)], '4-e');
    tell('a', { kind: 'messages', messages: [messageOf(1)] }, { kind: 'moved', from: undefined, to: '1-f' });
    await Promise.resolve();
    expect([seen, position.since, asked]).toEqual([[1], '1-f', ['2-e']]);
  });

  it('begins again by itself when its cursor is gone', async () => {
    const { asked, answers, seen, position, tell } = listen('2-d');
    tell('a', { kind: 'state', state: LIVE, at: '4-e', tabs: 2 });
    answers[0]!(410, []);
    await expect.poll(() => asked).toEqual(['2-d', 'newest']);
    answers[1]!(200, [messageOf(4)], '4-e');
    await expect.poll(() => seen).toEqual([4]);
    expect(position.since).toBe('4-e');
  });

  it('says nothing is live as long as it doubts it', () => {
    const { states, listener, tell } = listen();
    tell('a', { kind: 'opened', since: undefined }, ...given(undefined, 1));
    tell('a', { kind: 'state', state: LIVE, at: '1-e', tabs: 2 });
    listener.doubt();
    tell('a', { kind: 'state', state: LIVE, at: '1-e', tabs: 2 });
    expect(states).toEqual(['live', 'catching-up', 'live']);
  });
});
