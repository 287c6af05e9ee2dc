/** Which plots are drawn of what was measured: a file each. */
import { FIGURES, valuesOf } from './report.ts';
import { median } from './statistics.ts';
import { drawBars, drawLines } from './svg.ts';
import type { Measured, Results } from './rounds.ts';
import type { FigureName, Scenario } from './scenarios/scenario.ts';
import type { Bar } from './svg.ts';

const OWN = 'since';

/** @returns by name of the file; only of what was measured */
export function drawPlots(results: Results, scenarios: readonly Scenario[]): Map<string, string> {
  const barsOf = (file: string, title: string, axis: string, names: readonly string[], figure: FigureName) => {
    const groups = scenarios
      .filter(({ name }) => names.includes(name) && (results.get(name)?.length ?? 0) > 0)
      .map(({ name, unit }) => ({
        label: `${name}, for a ${unit}`,
        bars: (results.get(name) ?? []).flatMap((measured) => toBar(measured, figure)),
      }));
    const { digits } = FIGURES[figure];
    return groups.length === 0 ? [] : [[file, drawBars({ title, axis, groups, digits })] as const];
  };
  const linesOf = (file: string, name: string, title: string, axes: { x: string; y: string }) => {
    const measured = results.get(name) ?? [];
    const servers = [...new Set(measured.map(({ contender }) => contender.server))];
    const lines = servers.map((server) => ({
      label: server,
      isOwn: server === OWN,
      points: measured.filter(({ contender }) => contender.server === server).flatMap(toPoint),
    }));
    return lines.length === 0 ? [] : [[file, drawLines({ title, axes, lines })] as const];
  };
  return new Map([
    ...barsOf(
      'deliveries.svg',
      'What a delivery costs',
      'server CPU in microseconds; shorter is better; the line is from the lowest to the highest round',
      ['steady', 'some-stalled', 'bursts', 'bursts-by-websocket'],
      'cpuMicros',
    ),
    ...barsOf(
      'latency.svg',
      'How soon a post reaches a hundred readers at rest',
      'milliseconds, median; shorter is better',
      ['latency'],
      'p50Ms',
    ),
    ...barsOf(
      'overload.svg',
      'A million deliveries a second are offered',
      'per cent that came; longer is better',
      ['overload'],
      'carried',
    ),
    ...barsOf(
      'requests.svg',
      'What a request costs',
      'server CPU in microseconds; shorter is better; the line is from the lowest to the highest round',
      ['posts', 'posts-by-websocket', 'empty-polls', 'held-polls'],
      'cpuMicros',
    ),
    ...barsOf(
      'catch-up.svg',
      'Reading 100,000 missed messages',
      'megabytes for a second of server CPU; longer is better',
      ['catch-up'],
      'megabytes',
    ),
    ...barsOf(
      'at-rest.svg',
      'What a connection at rest takes',
      'kilobytes; shorter is better',
      ['at-rest'],
      'kilobytes',
    ),
    ...linesOf('connections.svg', 'connections', 'A delivery among few and among many', {
      y: 'server CPU in microseconds for a delivery',
      x: 'connections',
    }),
    ...linesOf('stored-messages.svg', 'stored-messages', 'A post among few and among many messages', {
      y: 'server CPU in microseconds for a post',
      x: 'messages stored',
    }),
  ]);
}

function toBar({ contender, rounds }: Measured, figure: FigureName): Bar[] {
  const values = valuesOf(rounds, figure);
  if (values.length === 0) return [];
  return [
    {
      label: contender.label,
      isOwn: contender.server === OWN,
      value: median(values),
      lowest: Math.min(...values),
      highest: Math.max(...values),
    },
  ];
}

function toPoint({ contender, rounds }: Measured): { x: number; y: number }[] {
  const values = valuesOf(rounds, 'cpuMicros');
  return values.length === 0 ? [] : [{ x: contender.at ?? 1, y: median(values) }];
}
