/** What the server tells of itself, for Prometheus. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { EVENT_LOOP_CHECK_MS } from './limits.ts';

/** The ways to be connected that take a place. */
export type Connected = 'websocket' | 'sse' | 'ndjson' | 'longpoll';

/** What was written and not taken, and by how many. */
export interface Backlog {
  bytes: number;
  connections: number;
}

export interface Metrics {
  /** Open connections and held polls. */
  connections: { opened(transport: Connected): void; closed(transport: Connected): void };
  /** @param outcome `new`, `same` where things were so already, or an error's code */
  command(name: string, outcome: string): void;
  /** Seconds from the first change of a batch until all who listen were written to. */
  fanOut(seconds: number): void;
  /** Seconds that one durable commit took, and how many entries went into it. */
  commit(seconds: number, entries: number): void;
  /** A connection was refused or ended by the server. */
  drop(reason: string): void;
  /** A request or a command was answered with a problem. */
  refused(code: string): void;
  /**
   * @param route such as `/messages/:id`
   * @returns what counts one request of it: a number that is added up when someone reads the metrics
   */
  requests(method: string, route: string): () => void;
  /** @param measure asked when someone reads the metrics */
  measureBacklog(measure: () => Backlog): void;
  /** Prometheus' text format, with its media type. */
  text(): Promise<{ type: string; body: string }>;
}

const CONNECTED: readonly Connected[] = ['websocket', 'sse', 'ndjson', 'longpoll'];
/**
 * Milliseconds between Node's own looks at its event loop. They would wake a server with nothing to do 100 times a second,
 * and what they tell holds the time between them: so they are off as far as can be, and left out.
 */
const HARDLY_EVER_MS = 24 * 60 * 60 * 1000;
const LAG_BETWEEN_LOOKS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  (what) => `nodejs_eventloop_lag_${what}_seconds`,
);
/** Seconds: from what a loaded core takes for one socket to what a person notices. */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const connections = new Gauge({
    name: 'chat_connections',
    help: 'Open connections and held polls.',
    labelNames: ['transport'],
    registers,
  });
  const commands = new Counter({
    name: 'chat_commands_total',
    help: 'Commands by what came of them: new, same (it was so already) or the code of an error.',
    labelNames: ['command', 'outcome'],
    registers,
  });
  const fanOut = new Histogram({
    name: 'chat_fan_out_seconds',
    help: 'From the first change of a batch until everyone who listens was written to.',
    buckets: DURATIONS,
    registers,
  });
  const commits = new Histogram({
    name: 'chat_journal_commit_seconds',
    help: 'How long one durable commit of the journal took.',
    buckets: DURATIONS,
    registers,
  });
  const entries = new Counter({ name: 'chat_journal_entries_total', help: 'Entries that were journalled.', registers });
  const drops = new Counter({
    name: 'chat_drops_total',
    help: 'Connections that the server refused or ended, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const refusals = new Counter({
    name: 'chat_refusals_total',
    help: 'Requests and commands that were answered with a problem, by its code.',
    labelNames: ['code'],
    registers,
  });
  const counted: { method: string; route: string; count: number }[] = [];
  const requests = new Counter({
    name: 'chat_requests_total',
    help: 'HTTP requests that a route answered, by method and route.',
    labelNames: ['method', 'route'],
    registers: [],
    collect() {
      this.reset();
      for (const { method, route, count } of counted) this.inc({ method, route }, count);
    },
  });
  registry.registerMetric(requests);
  let measureBacklog: () => Backlog = () => ({ bytes: 0, connections: 0 });
  const backlogs = [
    ['bytes', 'Bytes that were written and that those who are to read them have not taken.'],
    ['connections', 'Connections that have not taken what was written to them.'],
  ] as const;
  for (const [what, help] of backlogs) {
    const collect = function (this: Gauge) {
      this.set(measureBacklog()[what]);
    };
    registry.registerMetric(new Gauge({ name: `chat_backlog_${what}`, help, registers: [], collect }));
  }
  for (const transport of CONNECTED) connections.set({ transport }, 0);

  return {
    connections: {
      opened: (transport) => connections.inc({ transport }),
      closed: (transport) => connections.dec({ transport }),
    },
    command: (command, outcome) => commands.inc({ command, outcome }),
    fanOut: (seconds) => fanOut.observe(seconds),
    commit(seconds, count) {
      commits.observe(seconds);
      entries.inc(count);
    },
    drop: (reason) => drops.inc({ reason }),
    refused: (code) => refusals.inc({ code }),
    requests(method, route) {
      const one = { method, route, count: 0 };
      counted.push(one);
      return () => void one.count++;
    },
    measureBacklog(measure) {
      measureBacklog = measure;
    },
    async text() {
      // Of the process as a whole, once for all: memory, CPU, event-loop lag.
      const all = Registry.merge([processMetrics(), registry]);
      return { type: all.contentType, body: await all.metrics() };
    },
  };
}

let ofProcess: Registry | undefined;

/** Begin to measure the process, and not only when someone looks for the first time. */
export function watchProcess(): void {
  processMetrics();
}

function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: HARDLY_EVER_MS });
    for (const name of LAG_BETWEEN_LOOKS) ofProcess.removeSingleMetric(name);
    watchEventLoop(ofProcess);
  }
  return ofProcess;
}

/** How late a timer rings: what everyone waits for. */
function watchEventLoop(registry: Registry): void {
  const delay = new Histogram({
    name: 'chat_event_loop_delay_seconds',
    help: `How late a timer rings that is set every ${EVENT_LOOP_CHECK_MS} ms.`,
    buckets: DURATIONS,
    registers: [registry],
  });
  let due = performance.now() + EVENT_LOOP_CHECK_MS;
  const look = () => {
    const now = performance.now();
    delay.observe(Math.max(0, now - due) / 1000);
    due = now + EVENT_LOOP_CHECK_MS;
    setTimeout(look, EVENT_LOOP_CHECK_MS).unref();
  };
  setTimeout(look, EVENT_LOOP_CHECK_MS).unref();
}
