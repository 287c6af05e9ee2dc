/** Ways to take the room on the disk away from a server, and to give it back. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { makeDataDir } from '../harness/server.ts';
import type { ServerProcess } from '../harness/process.ts';

export interface SmallDisk {
  readonly dataDir: string;
  /** From here on nothing more can be written, but for a page or two. */
  fill(server: ServerProcess): void;
  free(server: ServerProcess): void;
}

export interface WayToFill {
  name: string;
  /** What the server says of it. */
  says: string;
  make(): SmallDisk;
}

const DISK_BYTES = 24 * 1024 * 1024;
const PAGE_BYTES = 4_096;

/** A limit on the size of files, which needs no rights; and a file system of its own where one may be mounted. */
export function waysToFill(): WayToFill[] {
  const limits: WayToFill[] = [
    { name: 'no file may grow', says: 'cannot', make: () => limitFiles(/./) },
    { name: 'the store may not grow', says: 'store: cannot be written', make: () => limitFiles(/^store\.db-wal$/) },
  ];
  return canMount() ? [{ name: 'the disk is full', says: 'cannot', make: mountSmall }, ...limits] : limits;
}

function limitFiles(which: RegExp): SmallDisk {
  const dataDir = makeDataDir();
  const limit = ({ pid }: ServerProcess, bytes: number | 'unlimited') =>
    void execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`], { stdio: 'ignore' });
  return {
    dataDir,
    fill(server) {
      const files = readdirSync(dataDir).filter((name) => which.test(name) && !name.endsWith('-shm'));
      limit(server, Math.max(...files.map((name) => statSync(join(dataDir, name)).size)));
    },
    free(server) {
      try {
        limit(server, 'unlimited');
      } catch {
        // It has ended, and its limit with it.
      }
    },
  };
}

function mountSmall(): SmallDisk {
  const dataDir = makeDataDir();
  mount(dataDir);
  onTestFinished(() => void execFileSync('umount', ['--lazy', dataDir]));
  const ballast = join(dataDir, 'ballast');
  return {
    dataDir,
    fill() {
      const file = openSync(ballast, 'w');
      try {
        for (;;) writeSync(file, Buffer.alloc(PAGE_BYTES));
      } catch {
        closeSync(file); // there is no more room
      }
    },
    free: () => rmSync(ballast),
  };
}

function canMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'since-mount-'));
  try {
    mount(path);
    execFileSync('umount', [path]);
    return true;
  } catch {
    return false; // not root, or in a container
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

function mount(path: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', path], { stdio: 'ignore' });
}
