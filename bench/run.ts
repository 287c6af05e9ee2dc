/** Measures this server beside its peers, in one run and by turns, and prints tables: `npm run bench`. */
import { loadavg } from 'node:os';
import { readOptions, USAGE } from './options.ts';
import { describeRun, formatTables } from './report.ts';
import { runRounds } from './rounds.ts';
import { SCENARIOS } from './scenarios/table.ts';
import type { Options } from './options.ts';
import type { Scenario } from './scenarios/scenario.ts';

process.on('SIGINT', () => process.exit(130)); // by way of "exit", where what was stored is removed
const { options, scenarios } = readOrExit();
const loadBefore = loadavg();
const results = await runRounds(scenarios, options, (line) => process.stderr.write(`${line}\n`));
const description = describeRun(options.rounds, loadBefore);
process.stdout.write(`${description}\n\n${formatTables(results, scenarios)}\n`);

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
