// Runs a program with a Node that is new enough: this one, or else the one among the dependencies. npm puts that one
// on the path of its scripts, but before 11.6 npm loses the link to it where packages for other platforms are left out.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST = { major: 22, minor: 13 };

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isNewEnough = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
const name = process.platform === 'win32' ? 'win' : process.platform;
const file = process.platform === 'win32' ? 'node.exe' : 'node';
const packaged = fileURLToPath(
  new URL(join('node_modules', `node-${name}-${process.arch}`, 'bin', file), import.meta.url),
);
const program = isNewEnough ? process.execPath : packaged;

if (!existsSync(program)) {
  process.stderr.write(
    `This needs Node ${OLDEST.major}.${OLDEST.minor} or newer, and this is ${process.versions.node}: install a newer one, or run "npm install".\n`,
  );
  process.exit(1);
}

const env = { ...process.env, PATH: dirname(program) + delimiter + (process.env.PATH ?? '') };
const given = process.argv.slice(2);
// A Node that reads TypeScript by itself is better off without tsx, which gives each function its name anew whenever it
// is made: a sixth of what a post costs. The one among the dependencies does.
const readsTypeScript = program === packaged || Boolean(process.features.typescript);
const tsx = given.indexOf('--import');
// By no means newer than the oldest Node that may read this.
const args = readsTypeScript && given[tsx + 1] === 'tsx' ? [...given.slice(0, tsx), ...given.slice(tsx + 2)] : given;
// In the place of this process where that can be done, so that signals and exit codes are its own.
if (isNewEnough && typeof process.execve === 'function' && process.platform !== 'win32') {
  process.execve(program, [program, ...args], env);
}
const child = spawn(program, args, { stdio: 'inherit', env });
process.on('SIGINT', () => child.kill('SIGINT'));
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
