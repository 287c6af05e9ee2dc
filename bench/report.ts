/** What was measured, as one table that can be read as it is and put into a document. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release } from 'node:os';
import { BASELINE } from './servers/table.ts';
import { median } from './statistics.ts';
import type { Measured, Scenario } from './scenarios/scenario.ts';

/** By scenario, then by server: one a round, in the order of the rounds. */
export type Rounds = Map<string, Map<string, Measured[]>>;

const COLUMNS = [
  'scenario',
  'server',
  'CPU µs',
  'per',
  `against ${BASELINE}`,
  'lowest, highest',
  'p50 ms',
  'p99 ms',
  'load µs',
];

/** The lines without which a table is worth nothing. */
export function describeRun(rounds: number, loadBefore: readonly number[]): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const load = (average: readonly number[]) => (average[0] ?? 0).toFixed(1);
  return [
    `machine  ${model}, ${availableParallelism()} cores, ${platform()} ${release()} ${arch()}`,
    `load     ${load(loadBefore)} before, ${load(loadavg())} after (average of a minute, this run included)`,
    `versions Node ${process.versions.node}, ${versionsOf(['ws', 'websocket', 'express']).join(', ')}`,
    `command  ${['npm run bench', ...process.argv.slice(2)].join(' ').replace('bench ', 'bench -- ')}`,
    `rounds   ${rounds}, of which each figure is the median; "against ${BASELINE}" is the CPU of ${BASELINE} divided by that of the server, round by round`,
  ].join('\n');
}

export function formatTable(rounds: Rounds, scenarios: readonly Scenario[]): string {
  const rows = scenarios.flatMap(({ name, unit }) => {
    const servers = rounds.get(name) ?? new Map<string, Measured[]>();
    const peers = servers.get(BASELINE) ?? [];
    return [...servers].map(([server, measured]) => [name, server, ...figuresOf(measured, peers, unit)]);
  });
  return align([COLUMNS, ...rows]);
}

function figuresOf(measured: readonly Measured[], peers: readonly Measured[], unit: string): string[] {
  const ratios = measured.map(({ serverMicros }, round) => (peers[round]?.serverMicros ?? NaN) / serverMicros);
  const middle = (figure: keyof Measured) => median(measured.map((one) => one[figure]));
  return [
    middle('serverMicros').toFixed(1),
    unit,
    median(ratios).toFixed(2),
    `${Math.min(...ratios).toFixed(2)}, ${Math.max(...ratios).toFixed(2)}`,
    middle('p50Ms').toFixed(1),
    middle('p99Ms').toFixed(1),
    middle('loadMicros').toFixed(1),
  ];
}

/** As prettier writes a table, so that it can be copied. */
function align(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`,
  );
  return lines.toSpliced(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`).join('\n');
}

function versionsOf(packages: readonly string[]): string[] {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { [kind: string]: { [name: string]: string } }; // this project's own file
  return packages.map((name) => `${name} ${{ ...dependencies, ...devDependencies }[name]}`);
}
