/** A real server in this process: on a free port, with a folder of its own, gone after the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../backend/clock.ts';
import { createLog } from '../../backend/log.ts';
import { startServer } from '../../backend/server.ts';
import { readSettings } from '../../backend/settings.ts';
import type { Clock } from '../../backend/clock.ts';
import type { Logger } from '../../backend/log.ts';
import type { ServerOptions } from '../../backend/server.ts';
import type { Settings } from '../../backend/settings.ts';

export interface TestServer {
  /** Such as `http://127.0.0.1:12345`, without a slash at the end. */
  url: string;
  port: number;
  dataDir: string;
  /** Earlier than at the end of the test. */
  stop(): Promise<void>;
}

export interface TestServerOptions extends Partial<Settings> {
  clock?: Clock;
  timeouts?: ServerOptions['timeouts'];
  log?: Logger;
}

/** Without a limit of rate, so that a test can write as fast as it likes. */
export async function startTestServer({
  clock = systemClock,
  timeouts = {},
  log = createLog(process.env['LOG_LEVEL'] ?? 'silent'),
  ...overrides
}: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = overrides.dataDir ?? makeDataDir();
  const settings = { ...readSettings({ RATE_LIMIT: 'off' }), host: '127.0.0.1', port: 0, dataDir, ...overrides };
  const server = await startServer({ settings, clock, timeouts, log });
  onTestFinished(() => server.stop());
  return { url: `http://127.0.0.1:${server.port}`, port: server.port, dataDir, stop: server.stop };
}

/**
 * @param parent where waiting for a disk is not wanted, one that is in memory
 * @returns a folder that is removed after the test, and after everything that was registered later
 */
export function makeDataDir(parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, 'since-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
