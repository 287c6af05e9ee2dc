/** Real NATS servers with JetStream, each a process of its own on free ports, that can be killed and started again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { takeFreePorts } from './ports.ts';
import { WITH_SBIN } from './programs.ts';
import type { ChildProcess } from 'node:child_process';

export interface NatsNode {
  readonly url: string;
  readonly name: string;
  /** Where it keeps its streams. */
  readonly dataDir: string;
  /** @returns once it answers */
  start(): Promise<void>;
  /** End it without a word. */
  kill(): Promise<void>;
  /** From the next start on, refuse whoever does not know the user and the password. */
  protect(user: string, password: string): void;
}

/** Called with what ends a thing that was started. */
type AtEnd = (end: () => Promise<void>) => void;

/** For all tests of a `describe`. @returns gives the node, once they run */
export function shareNats(): () => NatsNode {
  const ends: (() => Promise<void>)[] = [];
  let node: NatsNode | undefined;
  beforeAll(async () => {
    node = await startNats((end) => void ends.push(end));
  });
  afterAll(async () => {
    await Promise.all(ends.map((end) => end()));
  });
  return () => {
    if (node === undefined) throw new Error('it is not started yet');
    return node;
  };
}

/** @returns one node that is a cluster of its own, until the end of the test */
export async function startNats(atEnd: AtEnd = onTestFinished): Promise<NatsNode> {
  const [node] = await startNatsCluster(1, atEnd);
  if (node === undefined) throw new Error('there is no node');
  return node;
}

/** @returns nodes that know each other, until the end of the test */
export async function startNatsCluster(size: number, atEnd: AtEnd = onTestFinished): Promise<NatsNode[]> {
  const ports = await takeFreePorts(size * 2);
  const routes = ports.slice(size);
  const nodes = routes.map((route, index) => {
    const [port = 0, name] = [ports[index], `n${index + 1}`];
    return createNode({ name, port, route, routes: size > 1 ? routes : [], atEnd });
  });
  await Promise.all(nodes.map((node) => node.start()));
  return nodes;
}

interface NodeOptions {
  name: string;
  port: number;
  route: number;
  routes: readonly number[];
  atEnd: AtEnd;
}

function createNode({ name, port, route, routes, atEnd }: NodeOptions): NatsNode {
  const dataDir = mkdtempSync(join(tmpdir(), 'since-nats-'));
  const config = join(dataDir, 'nats.conf');
  const store = join(dataDir, 'store');
  mkdirSync(store);
  const configure = (...more: string[]) => writeFileSync(config, [...lines, ...more].join('\n'));
  const lines = [
    `server_name: ${name}`,
    `listen: 127.0.0.1:${port}`,
    `jetstream { store_dir: ${JSON.stringify(store)}, max_file: 1GB, max_mem: 64MB }`,
    ...(routes.length > 0
      ? [
          `cluster { name: test, listen: 127.0.0.1:${route}, routes: [`,
          ...routes.map((other) => `  nats-route://127.0.0.1:${other}`),
          ']}',
        ]
      : []),
  ];
  configure();
  let child: ChildProcess | undefined;
  const kill = async () => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, 'exit');
    ending.kill('SIGKILL');
    await exited;
  };
  atEnd(async () => {
    await kill();
    rmSync(dataDir, { recursive: true, force: true });
  });

  return {
    url: `nats://127.0.0.1:${port}`,
    name,
    dataDir: store,
    kill,
    protect: (user, password) => configure(`authorization { user: "${user}", password: "${password}" }`),
    start() {
      const started = spawn('nats-server', ['-c', config], { env: WITH_SBIN, stdio: ['ignore', 'ignore', 'pipe'] });
      child = started;
      return new Promise<void>((resolve, reject) => {
        const said: string[] = [];
        createInterface(started.stderr).on('line', (line) => {
          said.push(line);
          if (line.includes('Server is ready')) resolve();
        });
        started.once('error', reject);
        started.once('exit', (code) => reject(new Error(`nats-server ended with ${code}: ${said.join('\n')}`)));
      });
    },
  };
}
