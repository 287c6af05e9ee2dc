/** What can be asked of the measurement, parsed. */
import { parseArgs } from 'node:util';
import type { Size } from './scenarios/scenario.ts';

export interface Options {
  /** Names of scenarios; undefined is all of them. */
  scenarios: readonly string[] | undefined;
  /** Names of servers; undefined is all of them. */
  servers: readonly string[] | undefined;
  rounds: number;
  size: Size;
  /** Put tables and plots into the documentation. */
  isToBeWritten: boolean;
}

export const USAGE = `npm run bench -- [options]
  --scenario a,b        only these
  --server a,b          only these
  --rounds 5            how often each server is started and measured in each scenario
  --listeners 1000      connections that read
  --seconds 2           how long a steady load lasts, at most 10; the others do so much more or less
  --connections 5000    connections at most, where their number is what matters
  --stored 1000000      messages stored at most, where their number is what matters
  --quick               all of it small, and once: two minutes, and not to be relied on
  --write               put tables and plots into docs/performance.md`;

const FULL = { rounds: 5, listeners: 1_000, seconds: 2, connections: 5_000, stored: 1_000_000 };
const QUICK = { rounds: 1, listeners: 1_000, seconds: 1, connections: 2_000, stored: 100_000 };
const MOST = { rounds: 1_000, listeners: 9_000, seconds: 10, connections: 9_000, stored: 10_000_000 };
/** Files that are open beside the connections of a measurement. */
const OTHER_FILES = 200;

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: text,
      server: text,
      rounds: text,
      listeners: text,
      seconds: text,
      connections: text,
      stored: text,
      quick: flag,
      write: flag,
    },
  });
  const unlessTold = values.quick ? QUICK : FULL;
  const number = (name: keyof typeof FULL) => readNumber(name, values[name] ?? String(unlessTold[name]));
  return {
    scenarios: values.scenario?.split(','),
    servers: values.server?.split(','),
    rounds: whole(number('rounds')),
    size: {
      listeners: whole(number('listeners')),
      seconds: number('seconds'),
      connections: whole(number('connections')),
      stored: whole(number('stored')),
    },
    isToBeWritten: values.write,
  };
}

/**
 * Each connection is an open file, here and in the server. Node has raised its own limit as far as it may.
 * @param mostFiles that a process may have open
 * @returns what can be measured, and what to tell when that is less than was asked for
 */
export function fitSize(size: Size, mostFiles: number): { size: Size; told: string | undefined } {
  const most = mostFiles - OTHER_FILES;
  const asked = Math.max(size.listeners, size.connections);
  if (asked <= most) return { size, told: undefined };
  const told = `This machine lets a process open ${mostFiles} files ("ulimit -Hn"), so ${most} connections at most, not ${asked}.`;
  return {
    size: { ...size, listeners: Math.min(size.listeners, most), connections: Math.min(size.connections, most) },
    told,
  };
}

function readNumber(name: keyof typeof FULL, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= MOST[name])) {
    throw new Error(`--${name} "${text}" must be a number above 0, at most ${MOST[name]}`);
  }
  return value;
}

function whole(value: number): number {
  return Math.ceil(value);
}
