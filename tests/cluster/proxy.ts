/** The proxy of deploy/, as it is, in front of servers of a test. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { takeFreePorts, WITH_SBIN } from '../harness/nats.ts';

const CONFIG = fileURLToPath(new URL('../../deploy/haproxy.cfg', import.meta.url));
/** Milliseconds between looks whether it listens: it does not say. */
const LOOK_MS = 20;

const hasProxy = spawnSync('haproxy', ['-v'], { env: WITH_SBIN }).status === 0;

/** @returns whether the proxy is there. Where all must run, it must be */
export function canRunProxy(): boolean {
  if (hasProxy) return true;
  const how = 'install haproxy, as by "apt-get install haproxy"';
  if (process.env['CI'] === 'true') throw new Error(`the proxy cannot be tested: ${how}`);
  process.stdout.write(`Not run: the proxy in front of servers. To run it, ${how}.\n`);
  return false;
}

export interface Proxy {
  readonly url: string;
  readonly port: number;
}

/**
 * @param ports of three servers
 * @param tls what follows the address it is bound to
 */
export async function startProxy(ports: readonly number[], tls = ''): Promise<Proxy> {
  const [port = 0] = await takeFreePorts(1);
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
