/** Data directories that hold many messages, made once a run and used by every server that is to begin with as many. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournalFile } from '../backend/journal/sqlite-file.ts';
import { POST } from './scenarios/scenario.ts';
import { startServerProcess } from './server-process.ts';

/** Messages in one commit. */
const SLICE = 20_000;

const made = new Map<number, Promise<string>>();

/** @returns the folder; posts of earlier measurements come on top of the messages */
export async function dataDirWith(stored: number): Promise<string> {
  const known = made.get(stored) ?? make(stored);
  made.set(stored, known);
  return known;
}

async function make(stored: number): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'since-bench-'));
  process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  const file = openJournalFile(join(dataDir, 'journal.db'));
  const { message: text, user } = POST;
  const entry = { command: 'send-message', at: new Date().toISOString(), text, body: { user, room: 'lobby' } };
  for (let left = stored; left > 0; left -= SLICE) {
    file.commit(Array.from({ length: Math.min(SLICE, left) }, () => entry));
  }
  file.close();
  // The first server on it makes everything else that is there at a start from the journal.
  const server = await startServerProcess('since', { dataDir });
  await server.stop();
  return dataDir;
}
