/** What is left on disk of texts that are gone: nothing, wherever SQLite has put its rows meanwhile. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openConversation } from '../../../backend/conversation/conversation.ts';
import { openJournal } from '../../../backend/journal/sqlite.ts';
import { createLog } from '../../../backend/log.ts';
import { createRateLimit } from '../../../backend/rate-limit.ts';
import { createClock } from '../../harness/clock.ts';
import { makeDataDir } from '../../harness/server.ts';
import type { Caller } from '../../../backend/commands/command.ts';

const AZIN: Caller = { author: 'azin', isModerator: false, address: '127.0.0.1' };

/** Some 700 commits, one by one on a slow disk. */
const WITHIN_MS = 60_000;

/** The same sequence at each run, from 0 to below 1. */
function createRandom(seed: number) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

it('leaves no word of what was deleted or edited away, after hundreds of both', { timeout: WITHIN_MS }, async () => {
  const dataDir = makeDataDir();
  const log = createLog('silent');
  const random = createRandom(7);
  const journal = await openJournal({ dataDir, log });
  const conversation = await openConversation({
    journal,
    storePath: join(dataDir, 'store.db'),
    rateLimit: createRateLimit(undefined),
    clock: createClock(),
    log,
  });
  const word = () => Array.from({ length: 10 }, () => Math.floor(random() * 36).toString(36)).join('');
  const gone = new Set<string>();
  const living = new Map<number, string[]>();
  const write = () => Array.from({ length: 1 + Math.floor(random() ** 3 * 150) }, word);
  const pick = () => [...living.keys()][Math.floor(random() * living.size)] ?? 0;
  const forget = (id: number) => {
    const [first, ...others] = living.get(id) ?? [];
    for (const one of [first, others.at(-1)]) if (one !== undefined) gone.add(one);
    living.delete(id);
  };

  for (let step = 0; step < 12; step++) {
    const turn: Promise<unknown>[] = [];
    for (let index = 0; index < 40; index++) {
      const words = write();
      const message = { user: 'Azin', message: words.join(' '), ...(random() < 0.3 && { room: 'other' }) };
      const posted = conversation.post('send-message', message, AZIN);
      turn.push(posted.then((one) => 'message' in one && living.set(one.message.id, words)));
    }
    await Promise.all(turn);
    await conversation.search('x', undefined, 1); // brings the index up to date
    const picked = new Set(Array.from({ length: 30 }, pick));
    const changes = [...picked].map((id) => {
      forget(id);
      if (random() < 0.5) return conversation.post('delete-message', { id }, AZIN);
      const words = write();
      living.set(id, words);
      return conversation.post('edit-message', { id, message: words.join(' ') }, AZIN);
    });
    await Promise.all(changes);
  }
  // The journal keeps what was edited away, as long as the message is not deleted: a store is made anew from it.
  const last = [...living.keys()].filter(() => random() < 0.9);
  await Promise.all(last.map((id) => conversation.post('delete-message', { id }, AZIN)));
  for (const id of last) forget(id);
  await conversation.close();

  const kept = new Set([...living.values()].flat());
  const files = readdirSync(dataDir).map((name) => [name, readFileSync(join(dataDir, name), 'latin1')] as const);
  const store = files.filter(([name]) => name.startsWith('store')).map(([, bytes]) => bytes);
  expect(store.join('').length).toBeGreaterThan(300_000);
  expect([...gone].filter((one) => store.some((bytes) => bytes.includes(one)))).toEqual([]);
  expect(kept.size).toBeGreaterThan(10);
});
