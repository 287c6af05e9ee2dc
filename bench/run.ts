/** Measures this server beside its peers, in one run and by turns, and prints tables: `npm run bench`. */
import { loadavg } from 'node:os';
import { fitSize, readOptions, USAGE } from './options.ts';
import { describeRun, formatTables } from './report.ts';
import { runRounds } from './rounds.ts';
import { SCENARIOS } from './scenarios/table.ts';
import { writeDocument } from './write.ts';
import type { Options } from './options.ts';
import type { Scenario } from './scenarios/scenario.ts';

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130)); // by way of "exit", where what was stored is removed
const { options, scenarios } = readOrExit();
const tell = (line: string) => process.stderr.write(`${line}\n`);
const { size, told } = fitSize(options.size, readMostFiles());
if (told !== undefined) tell(told);
const loadBefore = loadavg();
const results = await runRounds(scenarios, { ...options, size }, tell);
const description = describeRun(options.rounds, loadBefore);
if (options.isToBeWritten) writeDocument(description, results, scenarios);
process.stdout.write(`${description}\n\n${formatTables(results, scenarios)}\n`);

/** @returns how many files this process, and so the servers that it starts, may open; no limit where none is told */
function readMostFiles(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: unknown } } }; // as documented
  const most = Number(userLimits?.open_files?.soft); // or "unlimited"
  return Number.isFinite(most) ? most : Infinity;
}

function readOrExit(): { options: Options; scenarios: readonly Scenario[] } {
  try {
    const options = readOptions(process.argv.slice(2));
    const unknown = options.scenarios?.find((one) => SCENARIOS.every(({ name }) => name !== one));
    if (unknown !== undefined) {
      throw new Error(`"${unknown}" is no scenario: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
    }
    return { options, scenarios: SCENARIOS.filter(({ name }) => options.scenarios?.includes(name) ?? true) };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exit(1);
  }
}
