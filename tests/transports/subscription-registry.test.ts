import { expect, it } from 'vitest';
import { createRegistry } from '../../backend/transports/subscription-registry.ts';
import { RememberedCursor } from '../../backend/transports/remembered-cursor.ts';
import { createClock } from '../harness/clock.ts';

const cursor = new RememberedCursor({ head: () => 0, after: () => ({ changes: [], hasMore: false }) }, 0);
const refusal = (code: string) => expect.objectContaining({ code, retryAfter: 60 }) as Error;

it('bounds the number of one client, by its identity or else its address', () => {
  const registry = createRegistry(createClock(), { maxPerClient: 2 });
  const azin = { author: 'azin', address: '10.0.0.1' };
  const first = registry.add(azin, 'lobby', cursor);
  registry.add(azin, 'lobby', cursor);
  expect(() => registry.add({ ...azin, address: '10.0.0.2' }, 'lobby', cursor)).toThrow(refusal('rate-limited'));
  for (const _ of [1, 2]) registry.add({ address: '10.0.0.1' }, 'lobby', cursor);
  expect(() => registry.add({ address: '10.0.0.1' }, 'lobby', cursor)).toThrow(refusal('rate-limited'));
  registry.delete(first);
  registry.add(azin, 'lobby', cursor);
});

it('does not let one address have any number by taking many identities', () => {
  const registry = createRegistry(createClock(), { maxPerClient: 1 });
  const addMany = () => {
    for (let count = 0; count < 1_000; count++) registry.add({ author: `a${count}`, address: '::1' }, 'lobby', cursor);
  };
  expect(addMany).toThrow(refusal('rate-limited'));
  registry.add({ author: 'a', address: '::2' }, 'lobby', cursor);
});

it('bounds the number in all', () => {
  const registry = createRegistry(createClock(), { maxInAll: 2 });
  const first = registry.add({ address: '::1' }, 'lobby', cursor);
  registry.add({ address: '::2' }, 'lobby', cursor);
  expect(() => registry.add({ address: '::3' }, 'lobby', cursor)).toThrow(refusal('overloaded'));
  registry.delete(first);
  registry.delete(first);
  registry.add({ address: '::3' }, 'lobby', cursor);
  expect(() => registry.add({ address: '::4' }, 'lobby', cursor)).toThrow(refusal('overloaded'));
});

it('forgets what is idle, and gives its place and all timers back', () => {
  const clock = createClock();
  const registry = createRegistry(clock, { maxPerClient: 2 });
  const [used, idle] = [
    registry.add({ address: '::1' }, 'lobby', cursor),
    registry.add({ address: '::1' }, 'lobby', cursor),
  ];
  clock.advance(599_000);
  registry.find(used.id);
  clock.advance(2_000);
  expect(() => registry.find(idle.id)).toThrow(expect.objectContaining({ code: 'subscription-gone' }));
  expect(registry.find(used.id)).toBe(used);
  registry.add({ address: '::1' }, 'lobby', cursor);
  clock.advance(601_000);
  expect(() => registry.find(used.id)).toThrow(expect.objectContaining({ code: 'subscription-gone' }));
  expect(clock.pending()).toBe(0);
});

it('does not forget what is in use when the clock on the wall is set', () => {
  const clock = createClock();
  const registry = createRegistry(clock);
  const { id } = registry.add({ address: '::1' }, 'lobby', cursor);
  clock.jump(86_400_000);
  clock.advance(5_000);
  expect(registry.find(id).id).toBe(id);
});
