/** What is logged, and how: one JSON line an event, never the text of a message and never a token. */
import { pino } from 'pino';

import type { DestinationStream } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** @param destination by default standard error: standard output is for people */
export const createLog = (level: string, destination: DestinationStream = pino.destination(2)) =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: toFields } }, destination);

/** What a bug says of itself. Its other fields, and what caused it, may hold what people wrote. */
function toFields(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { type: error.name, message: error.message, code, stack: error.stack };
}
