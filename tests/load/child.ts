/** For the scripts beside this: the real server as a process of its own, and the cheapest clients that there are. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Socket } from 'node:net';

export interface Child {
  port: number;
  /** @returns the value of a line of `/metrics`; 0 where there is none */
  metric(line: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startChild(settings: NodeJS.ProcessEnv): Promise<Child> {
  const dataDir = mkdtempSync(join(tmpdir(), 'since-load-'));
  const asStarted = ['with-node.mjs', '--max-semi-space-size=8', '--import', 'tsx']; // by `npm start`
  const child = spawn(process.execPath, [...asStarted, '--expose-gc', 'backend/main.ts'], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = /http:\/\/localhost:(\d+)\/polling\//.exec(line);
      if (found !== null) resolve(Number(found[1]));
    });
    void ended.then(() => reject(new Error('the server ended')));
  });
  return {
    port,
    async metric(line) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const found = text.split('\n').find((one) => one.startsWith(`${line} `));
      return Number(found?.slice(line.length) ?? 0);
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** @returns a connection that has sent its request and got the first bytes of the answer */
export function open(port: number, head: readonly string[], onBytes?: (bytes: Buffer) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.write(`${head.join('\r\n')}\r\nHost: 127.0.0.1\r\n\r\n`);
    socket.once('data', (bytes: Buffer) => {
      socket.off('error', reject).on('error', () => {});
      if (!/^HTTP\/1.1 (101|200)/.test(bytes.toString('latin1', 0, 12)))
        reject(new Error(bytes.toString('latin1', 0, 80)));
      if (onBytes !== undefined) socket.on('data', onBytes);
      resolve(socket);
    });
  });
}

export const websocketHead = (query: string) => [
  `GET /messages?${query} HTTP/1.1`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

export async function post(port: number, fields: object, token?: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/messages`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(fields),
  });
  await response.arrayBuffer();
  return response.status;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
