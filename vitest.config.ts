/** How the tests run, and the one plain line that ends their report. */
import { defineConfig } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    globalSetup: 'tests/harness/programs.ts',
    // A process a file: servers, signals and SQLite's locks are the real ones, and nothing leaks into the next file.
    pool: 'forks',
    maxWorkers: 2,
    // Milliseconds until what hangs is given up; nothing is to fail for being slow, beside a dozen others on two cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Milliseconds until what is waited for is given up; its default of one second is no bound for a busy machine.
    expect: { poll: { timeout: 15_000 } },
    // A test that passes only when tried again has found something.
    retry: 0,
    reporters: ['default', closingLine()],
  },
});

/** Ends the report with "N passed, N failed", alone on a line and without colours, for whoever reads it by program. */
function closingLine(): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
      const count = (state: string) => states.filter((one) => one === state).length;
      // Also what fails outside of a test: a file that cannot be loaded has no tests, and would be passed over.
      const failed = count('failed') + modules.filter(failsOutsideOfTests).length + unhandledErrors.length;
      const unrun = count('skipped') + count('pending');
      process.stdout.write(`${count('passed')} passed, ${failed} failed${unrun > 0 ? `, ${unrun} skipped` : ''}\n`);
    },
  };
}

function failsOutsideOfTests(module: TestModule): boolean {
  return !module.ok() && [...module.children.allTests('failed')].length === 0;
}
