/** The measurement measures: tiny rounds, of which only the form is looked at, never the time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AnswerReader, headerOf } from '../bench/load/answers.ts';
import { clientFrame, FrameCounter, readTexts } from '../bench/load/frames.ts';
import { httpRequest, openHttpClients } from '../bench/load/http-clients.ts';
import { BraceCounter } from '../bench/load/wires.ts';
import { fitSize, readOptions } from '../bench/options.ts';
import { drawPlots } from '../bench/plots.ts';
import { replaceRegion } from '../bench/regions.ts';
import { formatTable, timesAsGood } from '../bench/report.ts';
import { SCENARIOS } from '../bench/scenarios/table.ts';
import { Durations, median, quantile } from '../bench/statistics.ts';
import { drawBars, drawLines } from '../bench/svg.ts';
import type { AddressInfo } from 'node:net';
import type { Figures } from '../bench/scenarios/scenario.ts';

const RUN = fileURLToPath(new URL('../bench/run.ts', import.meta.url));
/** Some thirty starts of a server on a machine that is busy with other things. */
const TIMEOUT_MS = 480_000;
const TINY = ['--rounds', '1', '--listeners', '5', '--seconds', '0.05', '--connections', '10', '--stored', '1000'];

describe('npm run bench', () => {
  it('measures this server in every scenario, and leaves no file', { timeout: TIMEOUT_MS }, async () => {
    const { rows, files } = await runBench([...TINY, '--server', 'since']);
    const { size } = readOptions(TINY);
    const expected = SCENARIOS.flatMap(({ name, contenders }) =>
      contenders(size).flatMap(({ label, server }) => (server === 'since' ? `${name} ${label}` : [])),
    );
    expect(rows.toSorted()).toEqual(expected.toSorted());
    expect(files).toEqual([]);
  });

  it('measures every peer', { timeout: TIMEOUT_MS }, async () => {
    const peers = 'ws,socket.io,websocket,express,http';
    const scenarios = 'bursts-by-websocket,posts-by-websocket,held-polls,catch-up';
    const { rows } = await runBench([...TINY, '--server', peers, '--scenario', scenarios]);
    expect(rows).toEqual([
      ...['ws', 'socket.io', 'websocket'].map((peer) => `bursts-by-websocket ${peer}`),
      ...['ws', 'socket.io', 'websocket', 'express, HTTP'].map((peer) => `posts-by-websocket ${peer}`),
      'held-polls express',
      ...['http, pages', 'express, pages'].map((peer) => `catch-up ${peer}`),
    ]);
  });

  it('names the scenarios to whoever asks for another', async () => {
    const { code, errors } = await runBench(['--scenario', 'steady,unsteady'], 1);
    expect(code).toBe(1);
    expect(errors).toContain('"unsteady" is no scenario: steady, ');
  });
});

describe('options', () => {
  it('are those of a full run unless told', () => {
    expect(readOptions([])).toMatchObject({ rounds: 5, size: { listeners: 1_000, seconds: 2 }, isToBeWritten: false });
  });

  it('may be told beside --quick', () => {
    expect(readOptions(['--quick', '--rounds', '2'])).toMatchObject({ rounds: 2, size: { seconds: 1 } });
    expect(readOptions(['--scenario', 'steady,posts']).scenarios).toEqual(['steady', 'posts']);
  });

  it.each([['--rounds', '0'], ['--seconds', 'long'], ['--listeners', '9001'], ['--unknown']])(
    'are refused where they are wrong: %s %s',
    (...args) => {
      expect(() => readOptions(args)).toThrow(args[0]);
    },
  );
});

describe('a machine that allows few open files', () => {
  const { size } = readOptions([]);

  it('gets as many connections as it can have, and is told so', () => {
    const { size: fitting, told } = fitSize(size, 4_096);
    expect(fitting).toEqual({ ...size, connections: 3_896 });
    expect(told).toMatch('3896 connections at most, not 5000');
  });

  it.each([20_000, Infinity])('is not meant by a limit of %d', (files) => {
    expect(fitSize(size, files)).toEqual({ size, told: undefined });
  });
});

describe('counting', () => {
  it('tells messages by the headers of frames, wherever the bytes are cut', () => {
    const message = Buffer.concat([Buffer.from([0x81, 126, 0x01, 0x00]), Buffer.alloc(256, 0x81)]);
    const large = Buffer.concat([Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]), Buffer.alloc(65_536, 0x81)]);
    const short = Buffer.concat([Buffer.from([0x81, 125]), Buffer.alloc(125, 0x81)]);
    const emptyPing = Buffer.from([0x89, 0]);
    const bytes = Buffer.concat([message, short, emptyPing, large, emptyPing, message]);
    for (const step of [1, 2, 3, 100, 4096, bytes.length]) {
      const counter = new FrameCounter();
      let messages = 0;
      for (const piece of cut(bytes, step)) messages += counter.take(piece, piece.length);
      expect({ messages, others: counter.others }).toEqual({ messages: 3, others: 3 });
    }
  });

  it('looks only at what was read now, not at what the buffer held before', () => {
    const bytes = Buffer.from('{"id":1}{"id":2}');
    expect(new BraceCounter().take(bytes, 8)).toBe(1);
    expect(new BraceCounter(1).take(bytes, bytes.length)).toBe(1);
  });

  it('reads the texts of whole frames, and keeps the rest', () => {
    const frames = Buffer.concat([
      Buffer.from([0x81, 2]),
      Buffer.from('hi'),
      Buffer.from([0x89, 0]),
      Buffer.from([0x81, 126, 0, 200]),
      Buffer.alloc(200, 'a'),
    ]);
    for (let end = 0; end <= frames.length; end++) {
      const first = readTexts(frames.subarray(0, end));
      const second = readTexts(Buffer.concat([first.rest, frames.subarray(end)]));
      expect([...first.texts, ...second.texts]).toEqual(['hi', 'a'.repeat(200)]);
      expect(second.rest).toHaveLength(0);
    }
  });

  it('masks what a client sends with zeros', () => {
    expect(clientFrame('40')).toEqual(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]));
    expect(clientFrame('a'.repeat(126)).subarray(0, 8)).toEqual(Buffer.from([0x81, 0xfe, 0, 126, 0, 0, 0, 0]));
  });

  // A write to a socket that is destroyed is no event of the socket: the request would wait for ever.
  it('tells everyone who asks that the connection has ended', async () => {
    const server = createServer((_request, response) => void response.end('[]'));
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const [client] = await openHttpClients((server.address() as AddressInfo).port, 1);
    const poll = httpRequest('GET', '/');
    expect((await client!.request(poll)).bodyBytes).toBe(2);
    server.closeAllConnections();
    for (let nth = 0; nth < 5; nth++) await expect(client!.request(poll)).rejects.toThrow();
  });

  it.each([
    ['a length', 'Content-Length: 12\r\n\r\nhello, world', 12],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nC\r\n{"a": "\r\n" }\r\n0\r\n\r\n', 23],
    ['nothing in it', 'Content-Length: 0\r\n\r\n', 0],
  ])('finds the end of an answer with %s, wherever the bytes are cut', (_name, rest, bodyBytes) => {
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\nNext-Since: 7\r\n${rest}`);
    for (const step of [1, 2, 5, bytes.length]) {
      const answer = new AnswerReader();
      const complete = cut(bytes, step).map((piece) => answer.take(piece, piece.length));
      expect(complete).toEqual([...complete.slice(0, -1).map(() => false), true]);
      expect(answer.bodyBytes).toBe(bodyBytes);
      expect(headerOf(answer.head, 'next-since')).toBe('7');
    }
  });
});

describe('figures', () => {
  it('are the middle of what was measured', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
  });

  it('keep durations to a twentieth of a millisecond', () => {
    const durations = new Durations();
    for (let ms = 1; ms <= 100; ms++) durations.add(ms);
    expect(durations.count).toBe(100);
    expect(Math.abs(durations.quantile(0.5) - 50)).toBeLessThan(0.05);
    expect(Math.abs(durations.quantile(0.99) - 99)).toBeLessThan(0.05);
    durations.add(1e9);
    expect(durations.quantile(1)).toBeGreaterThan(59_000);
    expect(new Durations().quantile(0.5)).toBeNaN();
  });

  it('are above 1 for the better one, whether little or much is good', () => {
    expect(timesAsGood([{ cpuMicros: 2 }], [{ cpuMicros: 6 }], 'cpuMicros')).toEqual([3]);
    expect(timesAsGood([{ carried: 90 }], [{ carried: 30 }], 'carried')).toEqual([3]);
    expect(timesAsGood([{ cpuMicros: 2 }, {}], [{}, { cpuMicros: 6 }], 'cpuMicros')).toEqual([]);
  });

  it('stand in the table as medians, with the lowest and the highest', () => {
    const scenario = {
      name: 'one',
      table: 'requests',
      unit: 'poll',
      baseline: 'b',
      contenders: () => [],
      run: async () => ({}),
    } as const;
    const a = [{ cpuMicros: 1 }, { cpuMicros: 2 }, { cpuMicros: 3 }];
    const b = [{ cpuMicros: 4 }, { cpuMicros: 4 }, { cpuMicros: 6 }];
    const results = new Map([['one', Object.entries({ a, b }).map(([label, rounds]) => measuredOf(label, rounds))]]);
    expect(formatTable(results, [scenario], 'requests').split('\n')).toEqual([
      '| scenario | server | per  | times as good    | CPU µs        |',
      '| -------- | ------ | ---- | ---------------- | ------------- |',
      '| one      | a      | poll | 2.00 (2.00–4.00) | 2.0 (1.0–3.0) |',
      '| one      | b      | poll | 1                | 4.0 (4.0–6.0) |',
    ]);
  });
});

describe('plots', () => {
  const bar = (label: string, value: number) => ({ label, isOwn: false, value, lowest: value, highest: value });

  it('draw bars in proportion, and each group by itself', () => {
    const svg = drawBars({
      title: 'Cost & more',
      axis: 'µs',
      digits: 1,
      groups: [
        { label: 'one', bars: [bar('a', 1), bar('<b>', 4)] },
        { label: 'two', bars: [bar('c', 1000)] },
      ],
    });
    const widths = [...svg.matchAll(/<rect class="peer"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths.map((width) => width / widths[1]!)).toEqual([0.25, 1, 1]);
    expect(svg).toContain('Cost &amp; more');
    expect(svg).toContain('&lt;b&gt;');
  });

  it('draw lines by powers of ten to the right, and from nothing upwards', () => {
    const points = [10, 100, 1000].map((x) => ({ x, y: 5 }));
    const svg = drawLines({ title: 't', axes: { x: 'x', y: 'y' }, lines: [{ label: 'a', isOwn: true, points }] });
    const [first, second, third] = [...svg.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect(third! - second!).toBeCloseTo(second! - first!);
    expect(svg).toContain('>1,000</text>');
    expect(svg).toContain('>0</text>');
  });

  it('leave out what was not measured, and are whole where little was', () => {
    const results = new Map([
      ['steady', [measuredOf('since', [{ cpuMicros: 3 }]), measuredOf('ws', [{}])]],
      ['connections', [{ contender: { label: 'since, 10', server: 'since', at: 10 }, rounds: [{ cpuMicros: 3 }] }]],
    ]);
    const plots = drawPlots(results, SCENARIOS);
    expect([...plots.keys()]).toEqual(['deliveries.svg', 'connections.svg']);
    for (const svg of plots.values()) expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('regions', () => {
  const document = 'before\n<!-- begin a -->\nold\n<!-- end a -->\nafter\n';

  it('are replaced, and nothing around them', () => {
    const replaced = 'before\n<!-- begin a -->\n\nnew $&\n\n<!-- end a -->\nafter\n';
    expect(replaceRegion(document, 'a', 'new $&\n')).toBe(replaced);
    expect(replaceRegion(replaced, 'a', 'new $&')).toBe(replaced);
  });

  it.each([
    ['b', document],
    ['a', document + document],
    ['a', document.replace('<!-- end a -->', '')],
  ])('must be there once', (name, text) => {
    expect(() => replaceRegion(text, name, 'new')).toThrow(`region "${name}" once`);
  });

  it('are in docs/performance.md for every table', () => {
    const text = readFileSync(new URL('../docs/performance.md', import.meta.url), 'utf8');
    for (const { table } of SCENARIOS) expect(replaceRegion(text, table, 'new')).toContain('new');
    expect(replaceRegion(text, 'run', 'new')).toContain('new');
  });
});

function measuredOf(label: string, rounds: Figures[]) {
  return { contender: { label, server: label }, rounds };
}

function cut(bytes: Buffer, step: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / step) }, (_, nth) =>
    bytes.subarray(nth * step, (nth + 1) * step),
  );
}

/** @returns scenario and server of each line of the tables, and the files that were left */
async function runBench(options: readonly string[], expectedCode = 0) {
  const temp = mkdtempSync(join(tmpdir(), 'since-test-'));
  onTestFinished(() => rmSync(temp, { recursive: true }));
  const child = spawn(process.execPath, ['--import', 'tsx', RUN, ...options], {
    env: { ...process.env, TMPDIR: temp },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect({ code, errors }).toEqual({ code: expectedCode, errors: expect.anything() });
  if (expectedCode === 0) expect(output).toContain(`npm run bench -- ${options.join(' ')}`);
  expect(output).not.toMatch(/NaN|Infinity|undefined/);
  const rows = output
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('| scenario') && !line.startsWith('| --'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, scenario, server]) => `${scenario} ${server}`);
  const files = readdirSync(temp).filter((name) => name.startsWith('since-bench-'));
  return { code, errors, rows, files };
}
