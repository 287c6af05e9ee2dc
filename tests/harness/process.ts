/** The real server as a process of its own, that can be hurt, killed and started again on the same port and folder. */
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
  /** Send a signal that does not end it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGUSR2'): void;
  /** Its exit code once it has ended and all it wrote is read; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Send a signal and wait for the end. @returns its exit code; null when the signal ended it */
  end(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<number | null>;
}

export interface ProcessOptions {
  /** 0 or absent: any free one. */
  port?: number;
  dataDir?: string;
  /** Settings as environment variables. */
  env?: NodeJS.ProcessEnv;
  /** Arguments of Node's, before the program. */
  execArgv?: readonly string[];
  /** A command that runs another, with its arguments. */
  wrapper?: readonly string[];
}

/** @returns once it listens. @throws Error with what it said, when it ends before that */
export async function startServerProcess(options: ProcessOptions = {}): Promise<ServerProcess> {
  const started = launchServer(options);
  const { child, exited, stderr } = started;
  const port = await Promise.race([
    started.listening,
    exited.then((code) => Promise.reject(new Error(`the server ended with code ${code}: ${stderr()}`))),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    dataDir: started.dataDir,
    stderr,
    signal: (signal) => void child.kill(signal),
    exited,
    end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** Start a server that may be killed before it listens, or may not start at all. */
export function launchServer(options: ProcessOptions = {}) {
  const { port = 0, dataDir = makeDataDir(), env = {}, execArgv = [], wrapper = [] } = options;
  const [command, ...rest] = [...wrapper, process.execPath, ...execArgv, '--import', 'tsx', MAIN];
  const child = spawn(command, rest, {
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
  const exited = (once(child, 'close') as Promise<[number | null]>).then(([code]) => code);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  /** The port, once it listens; for ever when it never does. */
  const listening = new Promise<number>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = /http:\/\/localhost:(\d+)\/polling\//.exec(line);
      if (found !== null) resolve(Number(found[1]));
    });
  });
  return { child, dataDir, exited, listening, stderr: () => stderr };
}
