/** The disk, which all that is measured shares with what was there before. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Have on it what was written so far, so that no commit that is measured waits for that. Windows has no such command. */
export async function settleDisk(): Promise<void> {
  await promisify(execFile)('sync').catch(() => {});
}
