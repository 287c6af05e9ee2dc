import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { toChange } from '../../../backend/conversation/change.ts';
import { openStore } from '../../../backend/conversation/store.ts';
import { CHECKPOINT_EVERY_ENTRIES } from '../../../backend/limits.ts';
import { makeDataDir } from '../../harness/server.ts';

it('brings what is written into the file beside the writing, and leaves no log behind', async () => {
  const path = join(makeDataDir(), 'store.db');
  const store = openStore(path, 'e', 0, () => {});
  const text = 'x'.repeat(1_000);
  for (let seq = 1; seq <= CHECKPOINT_EVERY_ENTRIES + 10; seq++) {
    const changed = { id: seq, seq, room: 'lobby', user: 'Azin', message: text, timestamp: 't' };
    store.transaction(() => {
      store.write({ seq, at: 't', command: 'send-message', body: {} }, { changed }, toChange(changed), '');
      store.setHead(seq);
    });
  }
  const bytes = (CHECKPOINT_EVERY_ENTRIES * text.length) / 2;
  expect(statSync(path).size).toBeLessThan(bytes); // not by the writer
  await expect.poll(() => statSync(path).size, { timeout: 20_000 }).toBeGreaterThan(bytes);
  expect(store.after('lobby', 0, 1000).changes).toHaveLength(CHECKPOINT_EVERY_ENTRIES + 10);
  await store.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
});
