/** The measurement measures: one tiny round, of which only the form is looked at, never the time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { FrameCounter } from '../bench/load/frames.ts';
import { SCENARIOS } from '../bench/scenarios/table.ts';
import { SERVERS } from '../bench/servers/table.ts';
import { median, quantile } from '../bench/statistics.ts';

const RUN = fileURLToPath(new URL('../bench/run.ts', import.meta.url));
/** Three starts of a server on a machine that is busy with other things. */
const TIMEOUT_MS = 90_000;

it('measures every server in every scenario, and leaves no file', { timeout: TIMEOUT_MS }, async () => {
  const temp = mkdtempSync(join(tmpdir(), 'since-test-'));
  onTestFinished(() => rmSync(temp, { recursive: true }));
  const options = ['--rounds', '1', '--listeners', '5', '--seconds', '0.1'];
  const child = spawn(process.execPath, ['--import', 'tsx', RUN, ...options], {
    env: { ...process.env, TMPDIR: temp },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect({ code, errors }).toEqual({ code: 0, errors: expect.stringMatching(/^round 1 of 1: \d+ s\n$/) });

  const rows = output
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(rows.map(([, scenario, server]) => `${scenario} ${server}`)).toEqual(
    SCENARIOS.flatMap(({ name }) => Object.keys(SERVERS).map((server) => `${name} ${server}`)),
  );
  expect(output).not.toMatch(/NaN|Infinity|undefined/);
  expect(output).toContain(`npm run bench -- ${options.join(' ')}`);
  expect(readdirSync(temp).filter((name) => name.startsWith('since-bench-'))).toEqual([]);
});

it('counts messages by their headers, wherever the bytes are cut', () => {
  const message = Buffer.concat([Buffer.from([0x81, 126, 0x01, 0x00]), Buffer.alloc(256, 0x81)]);
  const large = Buffer.concat([Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]), Buffer.alloc(65_536, 0x81)]);
  const short = Buffer.concat([Buffer.from([0x81, 125]), Buffer.alloc(125, 0x81)]);
  const emptyPing = Buffer.from([0x89, 0]);
  const bytes = Buffer.concat([message, short, emptyPing, large, emptyPing, message]);
  for (const step of [1, 3, 100, 4096, bytes.length]) {
    const counter = new FrameCounter();
    let messages = 0;
    for (let at = 0; at < bytes.length; at += step) {
      const piece = bytes.subarray(at, at + step);
      messages += counter.take(piece, piece.length);
    }
    expect(messages).toBe(3);
  }
});

it('takes the middle of what it is given', () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
});
