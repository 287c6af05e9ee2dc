/** The real server as a process of its own, that can be killed and started again on the same port and folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { makeDataDir } from './server.ts';

const MAIN = fileURLToPath(new URL('../../backend/main.ts', import.meta.url));

export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  /** Everything it has written to standard error so far. */
  stderr(): string;
  /** Send a signal and wait for the end. @returns its exit code; null when the signal ended it */
  end(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<number | null>;
}

export interface ProcessOptions {
  /** 0 or absent: any free one. */
  port?: number;
  dataDir?: string;
  /** Settings as environment variables. */
  env?: NodeJS.ProcessEnv;
}

/** @returns once it listens. @throws Error with what it said, when it ends before that */
export async function startServerProcess({
  port = 0,
  dataDir = makeDataDir(),
  env = {},
}: ProcessOptions = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: dataDir,
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));

  const actualPort = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = /http:\/\/localhost:(\d+)\/polling\//.exec(line);
      if (found !== null) resolve(Number(found[1]));
    });
    void exited.then(([code]) => reject(new Error(`the server ended with code ${code}: ${stderr}`)));
  });
  return {
    url: `http://127.0.0.1:${actualPort}`,
    port: actualPort,
    pid: child.pid ?? 0,
    dataDir,
    stderr: () => stderr,
    async end(signal) {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}
