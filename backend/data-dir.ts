/** The folder of everything that is kept: made when missing, checked, and held by one server at a time. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { isDamageCode } from './database.ts';
import { StartError } from './errors.ts';

export interface DataDir {
  readonly path: string;
  /** The server's own secret: made once, and from then on the same. */
  readSecret(): string;
  /** Let another server have it. */
  close(): void;
}

/** @throws StartError when it cannot be written, or another server has it */
export function openDataDir(path: string): DataDir {
  const explain = (why: string, cause: unknown) => new StartError(`DATA_DIR ${path} ${why}`, { cause });
  let lock: Database.Database | undefined;
  try {
    makeFolder(path);
    lock = new Database(join(path, 'server.lock'), { timeout: 0 });
    // The lock goes with the process, however it ends, which a file with a process number in it does not.
    lock.exec('PRAGMA journal_mode = DELETE; CREATE TABLE IF NOT EXISTS held (by TEXT); BEGIN EXCLUSIVE');
    lock.exec('DELETE FROM held'); // there is nothing in it: it fails where a lock is given on what may only be read
  } catch (error) {
    lock?.close();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('SQLITE_BUSY')) throw explain('is in use by another server.', error);
    if (isDamageCode(code)) {
      throw explain('is damaged: server.lock is not what this server wrote.', error);
    }
    throw explain(`cannot be written (${code === '' ? String(error) : code}).`, error);
  }
  return {
    path,
    readSecret: () => readSecret(join(path, 'secret'), explain),
    close: () => void lock.close(),
  };
}

// By hand: Node's own `recursive` tries for ever where a file system answers that the parent is not there, as /proc does.
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

function readSecret(path: string, explain: (why: string, cause: unknown) => StartError): string {
  try {
    if (!existsSync(path)) {
      // Whole or not at all, also when the process ends in the middle of it.
      writeFileSync(`${path}.new`, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true });
      renameSync(`${path}.new`, path);
    }
  } catch (error) {
    throw explain('cannot be written (secret).', error);
  }
  let secret: string;
  try {
    secret = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw explain('cannot be read (secret).', error);
  }
  if (secret.length < 32) throw explain('is damaged: the file secret is too short.', undefined);
  return secret;
}
