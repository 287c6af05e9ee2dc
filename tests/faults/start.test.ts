/** How people start the server, and how supervisors stop it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { call } from '../harness/api.ts';
import { makeDataDir } from '../harness/server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

// npm takes seconds to start on a busy machine.
const WITHIN_MS = 60_000;

it('ends with npm start, when that is told to end', { timeout: WITHIN_MS }, async () => {
  const dataDir = makeDataDir();
  const env = { ...process.env, HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' };
  const start = async () => {
    // A group of its own, so that whatever is left of it can be ended.
    const npm = spawn('npm', ['start'], { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => {
      try {
        process.kill(-(npm.pid ?? 0), 'SIGKILL');
      } catch {
        // Nothing of it is left, as it should be.
      }
    });
    const lines = createInterface(npm.stdout);
    for await (const line of lines) {
      const [url] = /http:\/\/localhost:\d+(?=\/websocket\/)/.exec(line) ?? [];
      if (url !== undefined) return { npm, lines, url: url.replace('localhost', '127.0.0.1') };
    }
    throw new Error('npm start printed no address');
  };

  const { npm, url } = await start();
  expect((await call(url, '/readyz')).status).toBe(200);
  npm.kill('SIGTERM');
  await once(npm.stdout, 'close'); // the last process that could write to it has ended
  await expect(call(url, '/healthz')).rejects.toThrow();
  // Nothing holds the data directory any more.
  const again = await start();
  expect((await call(again.url, '/readyz')).status).toBe(200);
});
