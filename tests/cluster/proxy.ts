/** The proxy of deploy/, as it is, in front of servers of a test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { takePort } from '../harness/ports.ts';
import { WITH_SBIN } from '../harness/programs.ts';

const CONFIG = fileURLToPath(new URL('../../deploy/haproxy.cfg', import.meta.url));
/** Milliseconds between looks whether it listens: it does not say. */
const LOOK_MS = 20;

export interface Proxy {
  readonly url: string;
  readonly port: number;
}

/**
 * @param ports of three servers
 * @param tls what follows the address it is bound to
 */
export async function startProxy(ports: readonly number[], tls = ''): Promise<Proxy> {
  const port = await takePort();
  const servers = ports.map((one, index) => [`CHAT_${index + 1}`, `127.0.0.1:${one}`]);
  const env = { ...WITH_SBIN, CHAT_BIND: `127.0.0.1:${port}${tls}`, ...Object.fromEntries(servers) };
  const child = spawn('haproxy', ['-db', '-f', CONFIG], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  while (!(await listensAt(port))) {
    if (child.exitCode !== null) throw new Error(`haproxy ended: ${said}`);
    await pause(LOOK_MS);
  }
  return { url: `${tls === '' ? 'http' : 'https'}://127.0.0.1:${port}`, port };
}

function listensAt(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
