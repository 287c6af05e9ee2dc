/** Puts what was measured into the documentation: tables and plots. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { drawPlots } from './plots.ts';
import { replaceRegion } from './regions.ts';
import { formatTable } from './report.ts';
import type { Results } from './rounds.ts';
import type { Scenario } from './scenarios/scenario.ts';

const DOCUMENT = new URL('../docs/performance.md', import.meta.url);
const PLOTS = new URL('../docs/performance/', import.meta.url);

/** What was not measured stays as it was. */
export function writeDocument(description: string, results: Results, scenarios: readonly Scenario[]): void {
  let document = replaceRegion(readFileSync(DOCUMENT, 'utf8'), 'run', `\`\`\`text\n${description}\n\`\`\``);
  for (const table of new Set(scenarios.map((scenario) => scenario.table))) {
    document = replaceRegion(document, table, formatTable(results, scenarios, table));
  }
  writeFileSync(DOCUMENT, document);
  mkdirSync(PLOTS, { recursive: true });
  for (const [file, svg] of drawPlots(results, scenarios)) writeFileSync(new URL(file, PLOTS), svg);
}
