/** Plots as SVG, by hand: two kinds, legible on light and on dark, without a script. */

const WIDTH = 720;
const STYLE = `<style>
  svg { --ink: #24292f; --quiet: #656d76; --line: #d0d7de; --own: #0969da; --peer: #8c959f; --back: #ffffff; }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6edf3; --quiet: #9198a1; --line: #3d444d; --own: #4493f8; --peer: #767e88; --back: #0d1117; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .title { font-weight: 600; font-size: 15px; }
  .quiet { fill: var(--quiet); font-size: 12px; }
  .own { fill: var(--own); stroke: var(--own); }
  .peer { fill: var(--peer); stroke: var(--peer); }
  .line { fill: none; stroke-width: 2; }
  .spread { stroke: var(--ink); stroke-width: 1.5; }
  .axis { stroke: var(--line); }
  .back { fill: var(--back); }
</style>`;

export interface Bar {
  label: string;
  /** Drawn as what is measured, not as one that it is compared with. */
  isOwn: boolean;
  value: number;
  /** Drawn as a line from the lowest to the highest. */
  lowest: number;
  highest: number;
}

export interface Bars {
  title: string;
  /** What the bars show, with its unit and which way is better. */
  axis: string;
  groups: readonly { label: string; bars: readonly Bar[] }[];
  digits: number;
}

/** Bars that lie, a group a scenario; each group with a scale of its own, as they differ by powers of ten. */
export function drawBars({ title, axis, groups, digits }: Bars): string {
  const [left, right, row, gap, top] = [150, 90, 22, 34, 72];
  const isNamed = groups.length > 1;
  let y = isNamed ? top : top - row;
  const drawn = groups.map(({ label, bars }) => {
    const most = Math.max(...bars.map(({ highest }) => highest), Number.MIN_VALUE);
    const x = (value: number) => round(left + (value / most) * (WIDTH - left - right));
    const head = isNamed ? text(16, y, label, 'quiet') : '';
    const lines = bars.map((bar) => {
      y += row;
      const kind = bar.isOwn ? 'own' : 'peer';
      return [
        text(left - 8, y, bar.label, '', 'end'),
        `<rect class="${kind}" x="${left}" y="${y - 11}" width="${round(x(bar.value) - left)}" height="13"/>`,
        `<path class="spread" d="M${x(bar.lowest)} ${y - 4.5}H${x(bar.highest)}"/>`,
        text(x(bar.highest) + 8, y, bar.value.toFixed(digits)),
      ].join('');
    });
    const axisLine = `<path class="axis" d="M${left} ${y - bars.length * row + 8}V${y + 5}"/>`;
    y += gap;
    return [head, axisLine, ...lines].join('\n');
  });
  return frame(y - 8, title, axis, drawn.join('\n'));
}

export interface Line {
  label: string;
  isOwn: boolean;
  points: readonly { x: number; y: number }[];
}

export interface Lines {
  title: string;
  /** What runs upwards and to the right, with units; the right one in powers of ten. */
  axes: { y: string; x: string };
  lines: readonly Line[];
}

export function drawLines({ title, axes, lines }: Lines): string {
  const [left, right, top, bottom, height] = [64, 110, 70, 50, 360];
  const points = lines.flatMap(({ points }) => points);
  const xs = [...new Set(points.map(({ x }) => x))].toSorted((one, other) => one - other);
  const [first = 1, last = 1] = [xs[0], xs.at(-1)];
  const step = niceStep(Math.max(...points.map(({ y }) => y)) / 4);
  const most = Math.ceil(Math.max(...points.map(({ y }) => y)) / step) * step;
  const span = Math.log(last / first) || 1;
  const x = (value: number) => round(left + (Math.log(value / first) / span) * (WIDTH - left - right));
  const y = (value: number) => round(height - bottom - (value / most) * (height - top - bottom));
  const ticks = Array.from({ length: Math.round(most / step) + 1 }, (_, nth) => nth * step);
  const drawn = [
    ...ticks.map((tick) => `<path class="axis" d="M${left} ${y(tick)}H${WIDTH - right}"/>`),
    ...ticks.map((tick) => text(left - 8, y(tick) + 4, String(round(tick)), 'quiet', 'end')),
    ...xs.map((value) => text(x(value), height - bottom + 20, value.toLocaleString('en'), 'quiet', 'middle')),
    text((left + WIDTH - right) / 2, height - 10, axes.x, 'quiet', 'middle'),
    ...lines.flatMap(({ label, isOwn, points }) => {
      const kind = isOwn ? 'own' : 'peer';
      const end = points.at(-1) ?? { x: first, y: 0 };
      return [
        `<path class="${kind} line" d="M${points.map((point) => `${x(point.x)} ${y(point.y)}`).join('L')}"/>`,
        ...points.map((point) => `<circle class="${kind}" cx="${x(point.x)}" cy="${y(point.y)}" r="3.5"/>`),
        text(x(end.x) + 10, y(end.y) + 4, label),
      ];
    }),
  ];
  return frame(height, title, axes.y, drawn.join('\n'));
}

function frame(height: number, title: string, subtitle: string, content: string): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`;
  const back = `<rect class="back" width="${WIDTH}" height="${height}"/>`;
  const head = text(16, 24, title, 'title') + text(16, 43, subtitle, 'quiet');
  return `${open}\n<title>${escape(title)}</title>\n${STYLE}\n${back}\n${head}\n${content}\n</svg>\n`;
}

function text(x: number, y: number, content: string, kind = '', anchor = 'start'): string {
  const about = kind === '' ? '' : ` class="${kind}"`;
  return `<text${about} x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escape(content)}</text>`;
}

/** @returns 1, 2 or 5 times a power of ten, the next above */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least || 1));
  return ([1, 2, 5, 10].find((times) => times * power >= least) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
