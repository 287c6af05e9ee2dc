/** One link for several tabs: what the one that listens tells, and what each makes of it. */
import { describe, expect, it, vi } from 'vitest';
import { epochOf, reaches } from '../../frontend-shared/link/cursor.js';
import { createHub } from '../../frontend-shared/link/hub.js';
import { createRequestRate } from '../../frontend-shared/link/request-rate.js';
import { createSlots } from '../../frontend-shared/link/slots.js';
import type { HubEvent, Showing } from '../../frontend-shared/link/hub.js';
import type { ListenParts } from '../../frontend-shared/link/link.js';
import type { PageEvent } from '../../frontend-shared/link/page-life.js';

describe('slots', () => {
  const never = new AbortController().signal;

  it('are given in order, and when none is left the longest held is asked to end', async () => {
    const slots = createSlots(2);
    const asked: string[] = [];
    const [first] = await Promise.all(['a', 'b'].map((name) => slots.take(() => asked.push(name), never)));
    const third = slots.take(() => asked.push('c'), never);
    expect(asked).toEqual(['a']);
    const fourth = slots.take(() => asked.push('d'), never);
    expect(asked).toEqual(['a', 'b']);
    first!();
    first!(); // twice is once
    const giveBack = await third;
    // The fourth still waits, so the third is not to stay long either.
    expect(asked).toEqual(['a', 'b', 'c']);
    giveBack();
    (await fourth)();
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it('are not waited for any more where nobody wants one any more', async () => {
    const slots = createSlots(1);
    const giveBack = await slots.take(() => {}, never);
    const leaving = new AbortController();
    const left = slots.take(() => {}, leaving.signal);
    leaving.abort();
    (await left)();
    const next = slots.take(() => {}, never);
    giveBack();
    expect(await next).toBeTypeOf('function');
  });
});

it('tells the rate of requests as it is now, and as it is to be where nothing is known yet', () => {
  const rate = createRequestRate();
  rate.asked(0, 25);
  expect(rate.everyS()).toBe(25);
  for (let index = 1; index < 10; index += 1) rate.asked(index * 2_000, 25);
  expect(rate.everyS()).toBe(2);
  rate.asked(30_000, 55);
  expect(rate.everyS()).toBe(55);
});

it('compares cursors of one journal only', () => {
  expect(epochOf('12-ab3')).toBe('ab3');
  expect([reaches('12-a', '12-a'), reaches('12-a', '9-a'), reaches('9-a', '12-a')]).toEqual([true, true, false]);
  expect([reaches('12-a', '9-b'), reaches(undefined, '1-a')]).toEqual([false, false]);
});

describe('the hub', () => {
  function open() {
    const events: HubEvent[] = [];
    const listened: ListenParts[] = [];
    const stopped: string[] = [];
    let names = 0;
    let tellLife = (_event: PageEvent) => {};
    const hub = createHub({
      openLink: () => ({
        listen(parts) {
          listened.push(parts);
          return { check() {}, tellTyping() {}, stop: () => void stopped.push(parts.room) };
        },
        send: () => Promise.reject(new Error('not here')),
        request: () => Promise.reject(new Error('not here')),
        close() {},
      }),
      life: {
        isHidden: () => false,
        isOnline: () => true,
        listen(react) {
          tellLife = react;
          return () => {};
        },
      },
      newName: () => `source-${(names += 1)}`,
      tell: (event) => events.push(event),
    });
    const showing = (room: string, more: Partial<Showing> = {}): Showing => ({
      room,
      since: undefined,
      isHidden: false,
      isShownAgain: false,
      ...more,
    });
    return { hub, events, listened, stopped, showing, tellLife: (event: PageEvent) => tellLife(event) };
  }

  it('listens to a room once, from where the first tab stands, and as long as one shows it', () => {
    const { hub, listened, stopped, showing, events } = open();
    hub.follow('a', showing('lobby', { since: '5-e' }));
    hub.follow('b', showing('lobby', { since: '3-e' }));
    expect(listened.map(({ room, position }) => [room, position.since])).toEqual([['lobby', '5-e']]);
    expect(events.at(-1)).toMatchObject({ kind: 'state', at: '5-e', tabs: 2 });
    hub.follow('a', showing('other'));
    expect(stopped).toEqual([]);
    hub.leave('b');
    expect(stopped).toEqual(['lobby']);
    expect(listened.map(({ room }) => room)).toEqual(['lobby', 'other']);
  });

  it('rests where all tabs of a room are hidden, and is woken by the first that is looked at', () => {
    const { hub, listened, showing, tellLife } = open();
    hub.follow('a', showing('lobby'));
    hub.follow('b', showing('lobby', { isHidden: true }));
    const { life } = listened[0]!;
    const heard = vi.fn<(event: PageEvent) => void>();
    life.listen(heard);
    hub.follow('a', showing('lobby', { isHidden: true }));
    expect(life.isHidden()).toBe(true);
    hub.follow('b', showing('lobby', { isShownAgain: true }));
    hub.follow('a', showing('lobby', { isShownAgain: true }));
    // The tab that leads is one of them, and how it is itself says nothing.
    tellLife('shown');
    tellLife('woken');
    expect(heard.mock.calls.flat()).toEqual(['hidden', 'shown', 'shown', 'woken']);
  });
});
