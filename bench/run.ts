/** Measures this server beside its peers, in one run and by turns, and prints a table: `npm run bench`. */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { describeRun, formatTable } from './report.ts';
import { SCENARIOS } from './scenarios/table.ts';
import { startServerProcess } from './server-process.ts';
import { SERVERS } from './servers/table.ts';
import type { Rounds } from './report.ts';
import type { Measured, Scenario, Size } from './scenarios/scenario.ts';
import type { ServerProcess } from './server-process.ts';

const USAGE = `npm run bench -- [options]
  --rounds 5       how often each server is started and measured
  --listeners 200  WebSockets that read
  --seconds 3      how long the steady load lasts, at most 10; the others do so much more or less
  --within 170     seconds after which no further round is begun`;

/** A scenario that takes longer has hung. */
const SCENARIO_WITHIN_MS = 60_000;

const { rounds: most, within, size } = readOptions();
const loadBefore = loadavg();
const rounds: Rounds = new Map(SCENARIOS.map(({ name }) => [name, new Map(Object.keys(SERVERS).map((s) => [s, []]))]));
const start = performance.now();
let done = 0;
let longestSeconds = 0;
while (done < most && (done === 0 || secondsSince(start) + longestSeconds <= within)) {
  const roundStart = performance.now();
  await runRound(done);
  longestSeconds = Math.max(longestSeconds, secondsSince(roundStart));
  done++;
  process.stderr.write(`round ${done} of ${most}: ${secondsSince(roundStart).toFixed(0)} s\n`);
}
process.stdout.write(`${describeRun(done, loadBefore)}\n\n${formatTable(rounds, SCENARIOS)}\n`);

/** Every server once, each time in another order, so that what the machine does meanwhile hits none more than others. */
async function runRound(round: number): Promise<void> {
  const names = Object.keys(SERVERS);
  const first = round % names.length;
  for (const name of [...names.slice(first), ...names.slice(0, first)]) {
    const server = await startServerProcess(name);
    try {
      for (const scenario of SCENARIOS) {
        const measured = await runInTime(name, scenario, server);
        rounds.get(scenario.name)?.get(name)?.push(measured);
      }
    } finally {
      await server.stop();
    }
  }
}

async function runInTime(name: string, scenario: Scenario, server: ServerProcess): Promise<Measured> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(new Error(`${scenario.name} of ${name} hangs`)), SCENARIO_WITHIN_MS);
  try {
    return await Promise.race([scenario.run(server, size), tooLate.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function readOptions(): { rounds: number; within: number; size: Size } {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '5' },
        listeners: { type: 'string', default: '200' },
        seconds: { type: 'string', default: '3' },
        within: { type: 'string', default: '170' },
      },
    });
    return {
      rounds: readNumber(values.rounds, 1000),
      within: readNumber(values.within, 3600),
      size: { listeners: Math.ceil(readNumber(values.listeners, 5000)), seconds: readNumber(values.seconds, 10) },
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exit(1);
  }
}

function readNumber(text: string, most: number): number {
  const value = Number(text);
  if (!(value > 0 && value <= most)) throw new Error(`"${text}" must be a number above 0, at most ${most}`);
  return value;
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
