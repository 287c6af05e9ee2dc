/** What is measured, in the order of the report: one line a scenario. */
import { bursts } from './bursts.ts';
import { emptyPolls, posts } from './requests.ts';
import { steady } from './steady.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = [steady, bursts, posts, emptyPolls];
