/** What was measured, as tables that can be read as they are and put into a document. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release } from 'node:os';
import { median } from './statistics.ts';
import type { Results } from './rounds.ts';
import type { FigureName, Figures, Scenario, TableName } from './scenarios/scenario.ts';

/** Every figure, in the order of the columns. */
export const FIGURES: { readonly [Name in FigureName]: { heading: string; digits: number; isBetterHigh?: true } } = {
  cpuMicros: { heading: 'CPU µs', digits: 1 },
  firstMicros: { heading: 'CPU µs the first time', digits: 1 },
  megabytes: { heading: 'MB/CPU-s', digits: 0, isBetterHigh: true },
  carried: { heading: 'carried %', digits: 1, isBetterHigh: true },
  p50Ms: { heading: 'p50 ms', digits: 1 },
  p99Ms: { heading: 'p99 ms', digits: 1 },
  kilobytes: { heading: 'kB', digits: 1 },
  grown: { heading: 'RSS + MB', digits: 1 },
  grownLate: { heading: 'of it late', digits: 1 },
  lost: { heading: 'lost', digits: 0 },
  startSeconds: { heading: 's', digits: 2 },
  loadMicros: { heading: 'load µs', digits: 1 },
};
const NAMES = Object.keys(FIGURES) as FigureName[]; // the table's own keys

/** The lines without which a table is worth nothing. */
export function describeRun(rounds: number, loadBefore: readonly number[]): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const load = (average: readonly number[]) => (average[0] ?? 0).toFixed(1);
  return [
    `machine  ${model}, ${availableParallelism()} cores, ${platform()} ${release()} ${arch()}`,
    `load     ${load(loadBefore)} before, ${load(loadavg())} after (average of a minute, this run included)`,
    `versions Node ${process.versions.node}, ${versionsOf(['ws', 'socket.io', 'websocket', 'express']).join(', ')}`,
    `command  ${['npm run bench', ...process.argv.slice(2)].join(' ').replace('bench ', 'bench -- ')}`,
    `rounds   ${rounds}; each figure is the median, and in brackets are the lowest and the highest`,
  ].join('\n');
}

export function formatTables(results: Results, scenarios: readonly Scenario[]): string {
  const tables = new Set(scenarios.map(({ table }) => table));
  return [...tables].map((table) => formatTable(results, scenarios, table)).join('\n\n');
}

export function formatTable(results: Results, scenarios: readonly Scenario[], table: TableName): string {
  const rows = scenarios
    .filter((scenario) => scenario.table === table)
    .flatMap((scenario) => (results.get(scenario.name) ?? []).map((measured) => ({ scenario, ...measured })));
  const shown = NAMES.filter((name) =>
    rows.some(({ rounds }) => rounds.some((figures) => figures[name] !== undefined)),
  );
  const heads = ['scenario', 'server', 'per', 'times as good', ...shown.map((name) => FIGURES[name].heading)];
  const cells = rows.map(({ scenario, contender: { label }, rounds }) => {
    const { baseline, compares = 'cpuMicros', unit } = scenario;
    const peer = results.get(scenario.name)?.find(({ contender }) => contender.label === baseline);
    const ratios = timesAsGood(rounds, peer?.rounds ?? [], compares);
    return [
      scenario.name,
      label,
      unit,
      label === baseline ? '1' : formatSpread(ratios, 2),
      ...shown.map((name) => formatSpread(valuesOf(rounds, name), FIGURES[name].digits, name === compares)),
    ];
  });
  return align([heads, ...cells]);
}

/** @returns round by round: above 1 is better than the peer, whatever is compared */
export function timesAsGood(rounds: readonly Figures[], peers: readonly Figures[], name: FigureName): number[] {
  return rounds.flatMap((figures, round) => {
    const [own, other] = [figures[name], peers[round]?.[name]];
    if (own === undefined || other === undefined) return [];
    return FIGURES[name].isBetterHigh ? own / other : other / own;
  });
}

export function valuesOf(rounds: readonly Figures[], name: FigureName): number[] {
  return rounds.flatMap((figures) => figures[name] ?? []);
}

/** @returns the median, and with more than one value the lowest and the highest; nothing for none */
function formatSpread(values: readonly number[], digits: number, hasRange = true): string {
  if (values.length === 0) return '';
  const middle = median(values).toFixed(digits);
  if (values.length === 1 || !hasRange) return middle;
  return `${middle} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
}

/** As prettier writes a table, so that it can be copied. */
function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
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
