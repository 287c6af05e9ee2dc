/** The files of deploy/, as far as they can be tried without containers. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../backend/settings.ts';
import { call } from '../harness/api.ts';
import { canRun, WITH_SBIN } from '../harness/programs.ts';
import { makeDataDir } from '../harness/server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string) => readFileSync(join(ROOT, 'deploy', name), 'utf8');
const VARIABLES = Object.values(SETTINGS).map(({ variable }) => variable);
/** Node's own. */
const OTHERS = ['NODE_ENV'];

interface Service {
  environment: Record<string, string>;
  volumes: string[];
}

describe('the image', () => {
  it('holds all that the server needs, and what is left out is not copied', { timeout: 60_000 }, async () => {
    const app = makeDataDir();
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.*) (\S+)$/gm)];
    for (const [, sources = '', target = ''] of copied) {
      for (const source of sources.split(' ')) {
        expect(read('Dockerfile.dockerignore').split('\n'), source).toContain(`!${source}`);
        const to = target === './' ? join(app, source) : join(app, target);
        mkdirSync(join(to, '..'), { recursive: true });
        cpSync(join(ROOT, source), to, { recursive: true });
      }
    }
    symlinkSync(join(ROOT, 'node_modules'), join(app, 'node_modules'));
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(read('Dockerfile')) ?? [];
    const [, ...args] = JSON.parse(command) as string[];
    const env = { ...process.env, PORT: '0', HOST: '127.0.0.1', DATA_DIR: makeDataDir(), LOG_LEVEL: 'warn' };
    const child = spawn(process.execPath, args, { cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    let url: string | undefined;
    for await (const line of createInterface(child.stdout)) {
      url = /http:\/\/localhost:\d+(?=\/websocket\/)/.exec(line)?.[0].replace('localhost', '127.0.0.1');
      if (url !== undefined) break;
    }
    for (const path of ['/healthz', '/polling/', '/websocket/', '/frontend-shared/style.css', '/docs']) {
      expect((await call(url ?? '', path)).status, path).toBe(200);
    }
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

describe('the settings', () => {
  it('of compose.yaml are those of the server, the same on each', () => {
    const { services } = parse(read('compose.yaml'), { merge: true }) as { services: Record<string, Service> };
    const servers = ['chat1', 'chat2', 'chat3'].map((name) => services[name]!);
    for (const { environment } of servers) {
      expect(environment).toEqual(servers[0]?.environment);
      expect(VARIABLES).toEqual(expect.arrayContaining(Object.keys(environment)));
    }
    expect(new Set(servers.map(({ volumes }) => volumes[0])).size).toBe(3);
    for (const mounted of Object.values(services).flatMap(({ volumes }) => volumes)) {
      const [from = ''] = mounted.split(':');
      if (from.startsWith('./')) expect(existsSync(join(ROOT, 'deploy', from)), from).toBe(true);
    }
  });

  it('of the unit and of the image are those of the server', () => {
    const [, unit = ''] = /^Environment=(.*)$/m.exec(read('since.service')) ?? [];
    const [, image = ''] = /^ENV (.*)$/m.exec(read('Dockerfile')) ?? [];
    for (const given of [...unit.split(' '), ...image.split(' ')]) {
      expect([...VARIABLES, ...OTHERS]).toContain(given.split('=')[0]);
    }
  });
});

describe('the unit', () => {
  it('starts what "npm start" starts, as the image does', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(read('Dockerfile')) ?? [];
    const image = (JSON.parse(command) as string[]).join(' ');
    const [, unit] = /^ExecStart=\/usr\/bin\/(.*)$/m.exec(read('since.service')) ?? [];
    expect([image, unit]).toEqual([image, image]);
    expect(scripts.start).toContain(image);
  });

  it('lets the server ask for the addresses of its machine, as for the page that shows them', () => {
    const [, families = ''] = /^RestrictAddressFamilies=(.*)$/m.exec(read('since.service')) ?? [];
    expect(families.split(' ')).toContain('AF_NETLINK'); // `networkInterfaces()` throws without it
  });
});

describe.runIf(canRun('nats-server', 'the settings of NATS'))('nats.conf', () => {
  it.each(['word', '7e12ab', '12', '5k', 'true'])('takes the password %j as compose.yaml gives it', (password) => {
    const { services } = parse(read('compose.yaml'), { merge: true }) as { services: Record<string, Service> };
    const given = Object.entries(services['nats1']!.environment).map(([name, value]) => [
      name,
      value.replace('${NATS_PASSWORD:?}', password),
    ]);
    const env = { ...WITH_SBIN, ...Object.fromEntries(given) };
    const { status, stderr } = spawnSync('nats-server', ['-t', '-c', join(ROOT, 'deploy/nats.conf')], { env });
    expect([status, String(stderr)]).toEqual([0, expect.stringContaining('is valid')]);
  });
});
