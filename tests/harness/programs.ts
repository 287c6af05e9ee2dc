/** The programs of others that some tests need. Before all tests run, it is said in a line which of them are not there. */
import { spawnSync } from 'node:child_process';

/** Debian puts servers where only root's path leads. */
export const WITH_SBIN = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };

const VERSION_BY = { 'nats-server': '--version', haproxy: '-v' };

type Program = keyof typeof VERSION_BY;

const isThere = (program: Program) => spawnSync(program, [VERSION_BY[program]], { env: WITH_SBIN }).status === 0;

const toInstall = (programs: string) => `install ${programs}, as by "apt-get install ${programs}"`;

/** For what a test needs it for. @throws Error where it is not there, but all tests must run */
export function canRun(program: Program, what: string): boolean {
  if (isThere(program)) return true;
  if (process.env['CI'] === 'true') throw new Error(`${what} cannot be tested: ${toInstall(program)}`);
  return false;
}

export function setup(): void {
  const missing = (Object.keys(VERSION_BY) as Program[]).filter((program) => !isThere(program)).join(' ');
  if (missing !== '')
    process.stdout.write(`Not all tests of several servers are run. To run them, ${toInstall(missing)}.\n`);
}
