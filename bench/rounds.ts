/** Runs scenarios round by round: each server in a process of its own, and each time in another order. */
import { settleDisk } from './disk.ts';
import { startServerProcess } from './server-process.ts';
import { dataDirWith } from './stored.ts';
import type { Contender, Figures, Scenario, Size } from './scenarios/scenario.ts';
import type { ServerProcess } from './server-process.ts';
import type { ServerOptions } from './servers/server.ts';

/** By scenario: each contender with its figures, one a round, in the order of the rounds. */
export type Results = Map<string, Measured[]>;

export interface Measured {
  contender: Contender;
  rounds: Figures[];
}

/** Milliseconds: a scenario that takes longer has hung. */
const SCENARIO_WITHIN_MS = 180_000;

interface Options {
  rounds: number;
  size: Size;
  /** Names of servers; undefined is all of them. */
  servers: readonly string[] | undefined;
}

export async function runRounds(
  scenarios: readonly Scenario[],
  { rounds, size, servers }: Options,
  tell: (line: string) => void,
): Promise<Results> {
  const results: Results = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const scenario of scenarios.filter(({ rounds: most = Infinity }) => round < most)) {
      const start = performance.now();
      const measured = results.get(scenario.name) ?? contendersOf(scenario, size, servers);
      results.set(scenario.name, measured);
      // In another order each time, so that what the machine does meanwhile hits none more than others.
      const first = round % Math.max(measured.length, 1);
      for (const { contender, rounds } of [...measured.slice(first), ...measured.slice(0, first)]) {
        rounds.push(await runOne(scenario, contender, size));
      }
      tell(`round ${round + 1} of ${rounds}, ${scenario.name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
    }
  }
  return results;
}

function contendersOf({ contenders }: Scenario, size: Size, servers: Options['servers']): Measured[] {
  const wanted = contenders(size).filter(({ server }) => servers?.includes(server) ?? true);
  return wanted.map((contender) => ({ contender, rounds: [] }));
}

async function runOne(scenario: Scenario, contender: Contender, size: Size): Promise<Figures> {
  const servers: ServerProcess[] = [];
  const startServer = async (options: ServerOptions = {}) => {
    const needsDir = contender.server === 'since' && options.stored !== undefined;
    const dataDir = needsDir ? await dataDirWith(options.stored ?? 0) : undefined;
    if (needsDir) await settleDisk();
    timer.refresh(); // what was prepared is no part of it
    const server = await startServerProcess(contender.server, {
      ...options,
      ...(dataDir !== undefined && { dataDir }),
    });
    servers.push(server);
    return server;
  };
  const tooLate = Promise.withResolvers<never>();
  const hangs = new Error(`${scenario.name} of ${contender.label} hangs`);
  await settleDisk();
  const timer = setTimeout(() => tooLate.reject(hangs), SCENARIO_WITHIN_MS);
  try {
    return await Promise.race([scenario.run({ contender, size, startServer }), tooLate.promise]);
  } finally {
    clearTimeout(timer);
    for (const server of servers) await server.stop();
  }
}
