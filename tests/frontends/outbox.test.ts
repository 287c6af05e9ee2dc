import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBackoff } from '../../frontend-shared/link/backoff.js';
import { createOutbox, LATE_AFTER_MS, takeTurns } from '../../frontend-shared/link/outbox.js';
import { openStore } from '../../frontend-shared/storage.js';
import type { Message, Problem } from '../../protocol/envelope.ts';
import type { Delivery, Outgoing } from '../../frontend-shared/link/outgoing.js';

const problem: Problem = { type: 'about:blank', title: 'No', status: 400, detail: 'No', code: 'invalid-message' };

type Fate = 'sent' | 'answer lost' | 'not sent' | 'busy' | 'broken' | 'bad gateway';

/** One browser: what its tabs share, a clock and timers moved by hand, and a server that posts a key once. */
function startBrowser({ withLocks = true, givesLocks = true } = {}) {
  const kept = new Map<string, string>();
  const storage = {
    get length() {
      return kept.size;
    },
    key: (index: number) => [...kept.keys()][index] ?? null,
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
    clear: () => kept.clear(),
  };
  const posted = new Map<string, Message>();
  const requests: { key: string; at: number }[] = [];
  const fates: Fate[] = [];
  let timers: { act: () => void; at: number }[] = [];
  let now = 1_000;
  let keys = 0;
  let isLive = true;
  let queue = Promise.resolve();
  let refuse: (outgoing: Outgoing) => boolean = () => false;

  // What navigator.locks does: one after the other, whichever tab asks.
  const locks = {
    request: (_name: string, act: () => Promise<void>) =>
      givesLocks ? (queue = queue.then(act)) : Promise.reject(new DOMException('The request was denied.')),
  };

  async function deliver(outgoing: Outgoing): Promise<Delivery> {
    requests.push({ key: outgoing.key, at: now });
    await Promise.resolve();
    if (refuse(outgoing)) return { outcome: 'refused', problem };
    const fate = fates.shift() ?? 'sent';
    if (fate === 'busy') return { outcome: 'failed', retryAfterMs: 5_000 };
    if (fate === 'broken' || fate === 'bad gateway') {
      const told = { ...problem, status: fate === 'broken' ? 500 : 502, code: 'internal' as const };
      return { outcome: 'failed', retryAfterMs: undefined, problem: told };
    }
    if (fate === 'not sent') return { outcome: 'failed', retryAfterMs: undefined };
    const { key, room, user, message } = outgoing;
    const id = posted.get(key)?.id ?? posted.size + 1;
    posted.set(key, { id, seq: id, room, user, message, key, timestamp: '' });
    return fate === 'sent'
      ? { outcome: 'sent', message: posted.get(key)! }
      : { outcome: 'failed', retryAfterMs: undefined };
  }

  function openTab() {
    const refused: string[] = [];
    const held: string[] = [];
    let isOpen = true;
    const outbox = createOutbox({
      store: openStore(() => storage),
      inTurn: takeTurns(withLocks ? (locks as unknown as LockManager) : undefined),
      // A tab that is closed hears no answer.
      deliver: async (outgoing) => {
        const delivery = await deliver(outgoing);
        return isOpen ? delivery : { outcome: 'failed', retryAfterMs: undefined };
      },
      newKey: () => `key-${++keys}`,
      now: () => now,
      isLive: () => isLive,
      later(act, ms) {
        const timer = { act: () => isOpen && act(), at: now + ms };
        timers.push(timer);
        return () => void (timers = timers.filter((one) => one !== timer));
      },
      backoff: createBackoff(() => 0.5),
      capMs: () => 10_000,
      onChange: () => {},
      onSent: () => {},
      onScheduled: () => {},
      onRefused: ({ message }) => refused.push(message),
      onHeld: ({ message, held: why }) => held.push(`${message}: ${why}`),
      onFailed: () => {},
    });
    return { ...outbox, refused, held, close: () => void (isOpen = false) };
  }

  /** Everything that happens by itself, and then the timers, until nothing is left to do. */
  async function settle({ timersToo = true } = {}): Promise<void> {
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
    const [due] = timers.toSorted((a, b) => a.at - b.at);
    if (!timersToo || !due) return;
    timers = timers.filter((one) => one !== due);
    now = Math.max(now, due.at);
    due.act();
    await settle();
  }

  return {
    openTab,
    settle,
    requests,
    fates,
    kept,
    texts: () => [...posted.values()].map(({ message }) => message),
    refuse: (which: typeof refuse) => void (refuse = which),
    pass: (ms: number) => void (now += ms),
    setLive: (to: boolean) => void (isLive = to),
  };
}

const written = (message: string) => ({ room: 'lobby', user: 'Azin', message });

it('sends what is written where the browser refuses its locks, as with site data blocked', async () => {
  const { openTab, settle, texts } = startBrowser({ givesLocks: false });
  const tab = openTab();
  tab.add(written('one'));
  await settle();
  tab.add(written('two'));
  await settle();
  expect(texts()).toEqual(['one', 'two']);
  expect(tab.waiting()).toEqual([]);
});

type Step =
  | { do: 'write'; tab: number }
  | { do: 'reload' | 'flush'; tab: number }
  | { do: 'settle' }
  | { do: 'fate'; fate: Fate };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('write' as const), tab: fc.nat({ max: 2 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('reload' as const, 'flush' as const), tab: fc.nat({ max: 2 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'settle' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fate' as const),
      fate: fc.constantFrom<Fate>('sent', 'answer lost', 'not sent', 'busy'),
    }),
  },
);

async function play(steps: readonly Step[], options: { withLocks: boolean }) {
  const browser = startBrowser(options);
  const tabs = [browser.openTab(), browser.openTab(), browser.openTab()];
  const texts: string[] = [];
  for (const one of steps) {
    if (one.do === 'write') {
      texts.push(`text ${texts.length}`);
      tabs[one.tab]!.add(written(texts.at(-1)!));
    } else if (one.do === 'reload') {
      tabs[one.tab]!.close();
      tabs[one.tab] = browser.openTab();
    } else if (one.do === 'flush') tabs[one.tab]!.flush();
    else if (one.do === 'fate') browser.fates.push(one.fate);
    else await browser.settle({ timersToo: false });
  }
  for (const tab of tabs) tab.flush();
  await browser.settle();
  return { browser, texts };
}

describe('outbox', () => {
  it.each([
    ['with', true],
    ['without', false],
  ])(
    'posts each text once and in order, whatever is lost, reloaded or written in another tab, %s locks',
    async (_, withLocks) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const { browser, texts } = await play(steps, { withLocks });
          expect(browser.texts()).toEqual(texts);
          expect(browser.kept.size).toBe(0);
        }),
      );
    },
  );

  it('sends what is written in the very moment in which the sending before it ends', async () => {
    for (let turns = 0; turns < 40; turns += 1) {
      const browser = startBrowser();
      const tab = browser.openTab();
      tab.add(written('one'));
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      tab.add(written('two'));
      await browser.settle();
      expect(browser.texts()).toEqual(['one', 'two']);
    }
  });

  it('sends from one tab at a time, where the browser can say whose turn it is', async () => {
    const browser = startBrowser();
    const tabs = [browser.openTab(), browser.openTab(), browser.openTab()];
    tabs[0]!.add(written('one'));
    for (const tab of tabs) tab.flush();
    await browser.settle();
    expect(browser.requests).toHaveLength(1);
  });

  it('gives a refused text back, and sends what was written after it', async () => {
    const browser = startBrowser();
    const tab = browser.openTab();
    browser.refuse(({ message }) => message === 'bad');
    for (const text of ['one', 'bad', 'two']) tab.add(written(text));
    await browser.settle();
    expect(browser.texts()).toEqual(['one', 'two']);
    expect(tab.refused).toEqual(['bad']);
    expect(tab.waiting()).toEqual([]);
  });

  it('leaves a server alone for as long as it asked, also when more is written or the link is back', async () => {
    const browser = startBrowser();
    const tab = browser.openTab();
    browser.fates.push('busy');
    tab.add(written('one'));
    await browser.settle({ timersToo: false });
    tab.add(written('two'));
    tab.flush();
    await browser.settle();
    expect(browser.requests[1]!.at - browser.requests[0]!.at).toBeGreaterThanOrEqual(5_000);
    expect(browser.texts()).toEqual(['one', 'two']);
  });

  it('is done with a message that was seen among the others, before its answer comes', async () => {
    const browser = startBrowser();
    const tab = browser.openTab();
    browser.fates.push('answer lost');
    tab.add(written('one'));
    await browser.settle({ timersToo: false });
    tab.confirm('key-1');
    tab.confirm(undefined);
    await browser.settle();
    expect(tab.waiting()).toEqual([]);
    expect(browser.requests).toHaveLength(1);
  });

  it('holds back what was written hours ago, over reloads and for all tabs, until a person says what becomes of it', async () => {
    const browser = startBrowser();
    const closed = browser.openTab();
    browser.fates.push('answer lost', 'not sent');
    closed.add(written('taken, but nobody knows'));
    await browser.settle({ timersToo: false });
    closed.add(written('never sent'));
    await browser.settle({ timersToo: false });
    closed.close();
    browser.pass(LATE_AFTER_MS + 60_000);
    const tab = browser.openTab();
    tab.add(written('now'));
    await browser.settle();
    expect(browser.texts()).toEqual(['taken, but nobody knows', 'now']);
    expect(tab.held).toEqual(['taken, but nobody knows: late', 'never sent: late']);
    const other = browser.openTab();
    const [first, second] = other.waiting();
    expect([first?.held, second?.held]).toEqual(['late', 'late']);
    for (const one of [tab, other]) one.retry(first!.key);
    other.retry(second!.key);
    await browser.settle();
    expect(browser.texts()).toEqual(['taken, but nobody knows', 'now', 'never sent']);
    expect(browser.kept.size).toBe(0);
  });

  it('lets others pass one that the server fails over again and again, and forgets it when told to', async () => {
    const browser = startBrowser();
    const tab = browser.openTab();
    browser.fates.push(...Array.from({ length: 5 }, () => 'broken' as const));
    tab.add(written('poison'));
    tab.add(written('after it'));
    tab.discard('key-2');
    await browser.settle();
    expect(browser.texts()).toEqual(['after it']);
    expect(tab.held).toEqual(['poison: failed']);
    tab.discard('key-1');
    expect(tab.waiting()).toEqual([]);
    tab.retry('key-1');
    await browser.settle();
    expect(browser.texts()).toEqual(['after it']);
  });

  it('keeps trying while it is not the message that the server fails over, but everything, or the server is away', async () => {
    const browser = startBrowser();
    const tab = browser.openTab();
    browser.fates.push(...Array.from({ length: 20 }, () => 'bad gateway' as const));
    tab.add(written('while it was restarted'));
    await browser.settle();
    browser.setLive(false);
    browser.fates.push(...Array.from({ length: 20 }, () => 'broken' as const));
    tab.add(written('while all was broken'));
    await browser.settle();
    expect(tab.held).toEqual([]);
    expect(browser.texts()).toEqual(['while it was restarted', 'while all was broken']);
  });

  it('passes over what it cannot read, and works where nothing can be kept', async () => {
    const browser = startBrowser();
    browser.kept.set('since.outbox.x', '{"key":1}').set('since.outbox.y', 'not JSON').set('other', '1');
    expect(browser.openTab().waiting()).toEqual([]);

    const store = openStore(() => {
      throw new Error('forbidden');
    });
    store.set('name', 'value');
    expect([store.get('name'), store.names()]).toEqual(['value', ['name']]);
    store.remove('name');
    expect(store.get('name')).toBeNull();
  });
});
