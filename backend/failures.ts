/** What could not be done: counted by its code, and logged with an id that the caller is told too. */
import { randomUUID } from 'node:crypto';
import { ChatError, ERRORS } from './errors.ts';
import { LOG_OVERLOAD_EVERY_MS } from './limits.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Where it happened. The route, not the path, which may name a subscription: whoever knows its name may read it. */
export interface Where {
  transport: 'http' | 'websocket';
  method?: string | undefined;
  /** Such as `/messages/:id`; undefined where there is none. */
  route?: string | undefined;
  command?: string | undefined;
}

export interface Failures {
  /** @returns the id by which it stands in the log */
  note(error: unknown, where: Where): string;
}

export function createFailures(
  log: Logger,
  metrics: Pick<Metrics, 'refused'>,
  { elapsed }: Pick<Clock, 'elapsed'>,
): Failures {
  let overloadToldAt = -Infinity;
  let untold = 0;

  /** While there is too much of everything, a line each would be more of it. */
  const tellOverload = (fields: object) => {
    const now = elapsed();
    if (now - overloadToldAt < LOG_OVERLOAD_EVERY_MS) return void untold++;
    log.warn({ ...fields, ...(untold > 0 && { untold }) }, 'request: refused for overload');
    overloadToldAt = now;
    untold = 0;
  };

  return {
    note(error, where) {
      const requestId = randomUUID();
      const code = error instanceof ChatError ? error.code : 'internal';
      metrics.refused(code);
      const fields = { requestId, code, ...where };
      if (!(error instanceof ChatError)) log.error({ ...fields, err: error }, 'request: failed');
      else if (ERRORS[code].http >= 500) tellOverload(fields);
      else log.debug(fields, 'request: refused');
      return requestId;
    },
  };
}
