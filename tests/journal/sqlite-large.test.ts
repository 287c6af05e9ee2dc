import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openJournalFile } from '../../backend/journal/sqlite-file.ts';
import { openJournal } from '../../backend/journal/sqlite.ts';
import { MAX_JOURNAL_CHECKED_BYTES } from '../../backend/limits.ts';
import { createLog } from '../../backend/log.ts';
import { makeDataDir } from '../harness/server.ts';

it('opens a large file at once, and tells of damage in it soon after', { timeout: 60_000 }, async () => {
  const dataDir = makeDataDir();
  const path = join(dataDir, 'journal.db');
  const file = openJournalFile(path);
  const text = 'x'.repeat(256 * 1024);
  const entries = Math.ceil((1.1 * MAX_JOURNAL_CHECKED_BYTES) / text.length);
  file.commit(Array.from({ length: entries }, () => ({ command: 'send-message', at: 't', text, body: {} })));
  file.close();
  const descriptor = openSync(path, 'r+');
  const page = 4_096;
  writeSync(descriptor, Buffer.alloc(page, 0xff), 0, page, Math.floor(MAX_JOURNAL_CHECKED_BYTES / 2 / page) * page);
  closeSync(descriptor);

  const told = Promise.withResolvers<string>();
  const journal = await openJournal({ dataDir, log: createLog('silent'), onFatal: told.resolve });
  onTestFinished(() => journal.close());
  expect(journal.head()).toBe(entries);
  expect(await told.promise).toMatch(/^The journal .*journal\.db is damaged: .*Bring back a copy of it\.$/);
});
