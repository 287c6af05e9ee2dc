/** Puts the parts together; the only file that knows them all. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createAddresses } from './address.ts';
import { systemClock } from './clock.ts';
import { openConversation } from './conversation/conversation.ts';
import { headOfStore } from './conversation/store.ts';
import { openDataDir } from './data-dir.ts';
import { StartError } from './errors.ts';
import { createFailures } from './failures.ts';
import { createHttp } from './http.ts';
import { createIdentity } from './identity.ts';
import { ENGINES } from './journal/table.ts';
import {
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_HEADER_BYTES,
  REQUEST_TIMEOUT_MS,
  SHUTDOWN_WITHIN_MS,
  SILENT_CONNECTION_MS,
  TIMEOUT_CHECK_MS,
} from './limits.ts';
import { createMetrics, watchProcess } from './metrics.ts';
import { createRateLimit } from './rate-limit.ts';
import { createSignIn } from './sign-in.ts';
import { watchSockets } from './sockets.ts';
import { answerBrokenRequest } from './transports/exchange.ts';
import { createFeed } from './transports/feed.ts';
import { TRANSPORTS } from './transports/table.ts';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from './clock.ts';
import type { Failures } from './failures.ts';
import type { Logger } from './log.ts';
import type { Settings } from './settings.ts';
import type { Sockets } from './sockets.ts';
import type { Transport } from './transports/transport.ts';

export interface RunningServer {
  /** The port it listens on, also where the settings left the choice open. */
  readonly port: number;
  /** End in an orderly way: nothing that was accepted is lost. */
  stop(): Promise<void>;
}

/** Milliseconds, each a bound of the same name. */
interface Timeouts {
  requestMs: number;
  headersMs: number;
  checkMs: number;
  silentMs: number;
}

const TIMEOUTS: Timeouts = {
  requestMs: REQUEST_TIMEOUT_MS,
  headersMs: HEADERS_TIMEOUT_MS,
  checkMs: TIMEOUT_CHECK_MS,
  silentMs: SILENT_CONNECTION_MS,
};

export interface ServerOptions {
  settings: Settings;
  log: Logger;
  clock?: Clock;
  /** Shorter, so that a test can wait for them. */
  timeouts?: Partial<Timeouts>;
  /** Called with one line that says why the server can never go on. End the process then: no answer is to follow. */
  onFatal?: (why: string) => void;
}

/** @throws StartError that says in one line why the server cannot start; then nothing is left open */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const cleanUp: (() => unknown)[] = [];
  try {
    return await start(options, cleanUp);
  } catch (error) {
    for (const close of cleanUp.toReversed()) await close();
    throw error;
  }
}

/** @param cleanUp gets what closes each thing that was opened, in the order of opening */
async function start(
  { settings, log, clock = systemClock, timeouts, onFatal = (why) => log.fatal(why) }: ServerOptions,
  cleanUp: (() => unknown)[],
): Promise<RunningServer> {
  const engine = Object.hasOwn(ENGINES, settings.journal) ? ENGINES[settings.journal] : undefined;
  if (engine === undefined) throw new StartError(`JOURNAL must be one of ${Object.keys(ENGINES).join(', ')}`);
  const dataDir = engine.keepsFiles ? openDataDir(settings.dataDir) : undefined;
  cleanUp.push(() => dataDir?.close());
  const secret = settings.secret ?? dataDir?.readSecret() ?? randomBytes(32).toString('base64url');
  const metrics = createMetrics();
  watchProcess();
  const rateLimit = createRateLimit(settings.rateLimit, clock);
  const addresses = createAddresses(settings.trustProxy);
  const identity = createIdentity({
    secret,
    settings,
    addresses,
    rateLimit,
    ...(settings.auth === 'jwt' && { signIn: createSignIn(settings, clock) }),
  });

  const storePath = dataDir === undefined ? ':memory:' : join(dataDir.path, 'store.db');
  const { openJournal } = await engine.load();
  const journal = await openJournal({
    dataDir: settings.dataDir,
    log,
    onCommit: metrics.commit,
    onFatal,
    nats: { url: settings.natsUrl, stream: settings.natsStream, replicas: settings.natsReplicas },
    isExpected: headOfStore(storePath) > 0,
  });
  cleanUp.push(() => journal.close());
  const conversation = await openConversation({
    journal,
    storePath,
    rateLimit,
    clock,
    log,
    metrics,
    onFatal,
  });
  cleanUp.push(() => conversation.close());

  const countRequest = (request: IncomingMessage) => rateLimit.countRequest(addresses.of(request));
  const failures = createFailures(log, metrics, clock);
  let isDraining = false;
  const { answer, route, listenAs, finish } = createHttp({
    settings,
    addresses,
    identity,
    failures,
    trouble: conversation.trouble,
    metrics,
    countRequest,
    isDraining: () => isDraining,
  });
  const server = createHttpServer(answer, failures, { ...TIMEOUTS, ...timeouts });
  const { maxConnections, maxConnectionsPerAddress } = settings;
  const { isTrusted } = addresses;
  const onDrop = metrics.drop;
  const sockets = watchSockets(server, { maxConnections, maxConnectionsPerAddress, isTrusted, clock, onDrop });
  metrics.measureBacklog(sockets.backlog);
  const feed = createFeed({ conversation, clock, maxConnections, maxConnectionsPerAddress, log, metrics });
  cleanUp.push(() => feed.stop());
  const host = {
    server,
    route,
    listenAs,
    conversation,
    feed,
    identity,
    rateLimit,
    countRequest,
    settings,
    clock,
    log,
    failures,
  };
  const transports = Object.values(TRANSPORTS).map((startTransport) => startTransport(host));
  finish();

  const port = await listen(server, settings);
  log.info({ port, journal: settings.journal, epoch: journal.epoch, head: conversation.head() }, 'server: listening');

  let stopping: Promise<void> | undefined;
  const stop = async () => {
    isDraining = true;
    await endConnections(server, sockets, transports);
    feed.stop();
    await conversation.close();
    dataDir?.close();
    log.info('server: stopped');
  };
  return { port, stop: () => (stopping ??= stop()) };
}

/** Node's own server, with its bounds on what is no request yet. */
function createHttpServer(answer: RequestListener, failures: Failures, timeouts: Timeouts): Server {
  const server = createServer(
    {
      requestTimeout: timeouts.requestMs,
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeouts.checkMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
      requireHostHeader: false, // Node would answer in words of its own
      // Others that offer to upgrade, as curl to HTTP/2, are answered as if they had not.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    answer,
  );
  // Also one that does not take its answer: each waits in memory. What is held or open says something more often.
  server.timeout = timeouts.silentMs;
  server.on('clientError', (error: Error, socket: Duplex) => {
    answerBrokenRequest(error, socket, (told) => failures.note(told, { transport: 'http' }));
  });
  // Where a client expects what is not known here, Node would answer in words of its own.
  server.on('checkExpectation', answer);
  return server;
}

/** @returns once every client has its answer, and every connection is closed; after a while by force */
async function endConnections(server: Server, sockets: Sockets, transports: readonly Transport[]): Promise<void> {
  await sockets.allRead();
  server.keepAliveTimeout = 1; // connections whose request is under way now are not kept for another
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cutOff = setTimeout(() => server.closeAllConnections(), SHUTDOWN_WITHIN_MS).unref();
  sockets.closeSilent();
  await Promise.all(transports.map(async (transport) => transport.stop()));
  server.closeIdleConnections();
  await closed;
  clearTimeout(cutOff);
}

async function listen(server: Server, { port, host }: Settings): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') throw new StartError(`PORT ${port} is taken by another program.`, { cause: error });
    if (code === 'EACCES') throw new StartError(`PORT ${port} may not be used by this user.`, { cause: error });
    throw new StartError(`HOST ${host} cannot be listened on (${String(code)}).`, { cause: error });
  }
  return (server.address() as AddressInfo).port; // a TCP server's address is no string
}
