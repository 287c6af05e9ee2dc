/** This server as it comes, with its journal on disk; only the limits that are there to stop a load are off. */
import { mkdtemp } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../backend/log.ts';
import { startServer } from '../../backend/server.ts';
import { readSettings } from '../../backend/settings.ts';
import type { BenchServer, ServerOptions } from './server.ts';

/** @param options with a `dataDir` that stays, or else it makes one of its own */
export async function startSince({ dataDir: given }: ServerOptions): Promise<BenchServer> {
  const dataDir = given ?? (await mkdtemp(join(tmpdir(), 'since-bench-')));
  const removeData = () => {
    if (given === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  process.on('exit', removeData); // also where it ends by an error
  const settings = readSettings({
    PORT: '0',
    HOST: '127.0.0.1',
    JOURNAL: 'sqlite',
    DATA_DIR: dataDir,
    RATE_LIMIT: 'off',
    MAX_CONNECTIONS_PER_ADDRESS: '10000', // all come from one
    LOG_LEVEL: 'silent',
  });
  const server = await startServer({ settings, log: createLog(settings.logLevel) });
  return {
    port: server.port,
    async stop() {
      await server.stop();
      removeData();
    },
  };
}
