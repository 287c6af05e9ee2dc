/** The Express app: what holds for every request, whatever its route. */
import cors from 'cors';
import express from 'express';
import { createCommonHeaders, createDirectRoutes } from './direct-routes.ts';
import { ChatError } from './errors.ts';
import { serveFrontDoor } from './front-door.ts';
import { PREFLIGHT_MAX_AGE_S } from './limits.ts';
import { refuseOthers, servePages } from './pages.ts';
import {
  namesItsHost,
  NO_SNIFFING,
  REQUEST_ID,
  searchOf,
  sendProblem,
  setCommonHeaders,
} from './transports/exchange.ts';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import type { Identity } from './identity.ts';
import type { Addresses } from './address.ts';
import type { Failures } from './failures.ts';
import type { Metrics } from './metrics.ts';
import type { Settings } from './settings.ts';
import type { Exchange, Handle, Host } from './transports/transport.ts';

/** What a client may read of an answer from another origin. */
const EXPOSED_HEADERS = ['Next-Since', 'More', 'Batch', 'Location', 'Retry-After'];
const ALLOWED_HEADERS = ['Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID'];
const ALLOWED_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** What everyone may see on a closed server too. */
const OPEN_PATHS = ['/healthz', '/readyz', '/metrics', '/docs'];

export interface Http extends Pick<Host, 'route' | 'listenAs'> {
  readonly answer: RequestListener;
  /** To be called once all routes are there: what is left is a wrong method or a wrong path. */
  finish(): void;
}

export interface HttpOptions {
  settings: Settings;
  addresses: Addresses;
  identity: Identity;
  failures: Failures;
  /** @returns why no message can be accepted now; undefined when one can */
  trouble(): string | undefined;
  metrics: Metrics;
  /** @throws ChatError `rate-limited` when there were too many of its address */
  countRequest(request: IncomingMessage): void;
  /** @returns whether the server is about to stop, so that connections should not be used again */
  isDraining(): boolean;
}

/** One form in which `GET /messages` answers. */
interface Representation {
  name: string;
  type: string;
  handle: Handle;
}

export function createHttp(options: HttpOptions): Http {
  const { settings, addresses, identity, failures, trouble, metrics, countRequest, isDraining } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('strict routing', false);
  app.use((_request, response, next) => {
    response.setHeader(...NO_SNIFFING);
    if (isDraining()) response.setHeader('Connection', 'close');
    next();
  });
  const allowOrigins = originsOf(settings.allowedOrigins);
  app.use(allowOrigins);
  app.use((request, response, next) => {
    countRequest(request);
    if (request.method !== 'OPTIONS') return next();
    response.writeHead(204, { 'Content-Length': 0 }).end(); // what a browser asks in advance is in the headers by now
  });

  const methods = new Map<string, Set<string>>();
  const representations: Representation[] = [];
  const direct = createDirectRoutes();
  const route: Http['route'] = (method, path, handle) => {
    const known = methods.get(path) ?? new Set();
    methods.set(path, known.add(method));
    const verb = method.toLowerCase() as Lowercase<typeof method>;
    const counted = counting(metrics.requests(method, path), handle);
    app[verb](path, ...guards(path, identity), (request, response) =>
      counted(new HttpExchange(request, response, paramsOf(request))),
    );
    if (path === '/messages' && method === 'POST') direct.add(method, counted);
  };

  methods.set('/messages', new Set(['GET']));
  const countListening = metrics.requests('GET', '/messages');
  app.get('/messages', ...guards('/messages', identity), (request, response) => {
    countListening();
    response.vary('Accept');
    const exchange = new HttpExchange(request, response, paramsOf(request));
    const chosen = chosenBy(exchange.query.getAll('as'), representations) ?? acceptedBy(request, representations);
    return chosen.handle(exchange);
  });
  route('GET', '/healthz', ({ response }) => sendText(response, 200, 'alive\n'));
  route('GET', '/readyz', ({ response }) => {
    if (isDraining() || trouble() !== undefined) throw new ChatError('overloaded', 'No message can be accepted now.');
    sendText(response, 200, 'ready\n');
  });

  route('GET', '/metrics', async ({ response }) => {
    const { type, body } = await metrics.text();
    response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' });
    response.end(body);
  });

  const commonHeaders = {
    GET: createCommonHeaders(allowOrigins, ['Vary', 'Accept']),
    POST: createCommonHeaders(allowOrigins, []),
  };
  const answerDirectly = async (handle: Handle, request: IncomingMessage, response: ServerResponse, search: string) => {
    try {
      setCommonHeaders(response, commonHeaders[request.method === 'GET' ? 'GET' : 'POST'](request));
      countRequest(request);
      if (identity.admit !== undefined) await identity.admit(request);
      await handle(new HttpExchange(request, response, {}, search));
    } catch (error) {
      answerFailure(failures, error, { request, response, route: '/messages' });
    }
  };

  const answerUnreadable = (request: IncomingMessage, response: ServerResponse, detail: string) => {
    response.setHeader(...NO_SNIFFING);
    const error = new ChatError('invalid-query', detail);
    answerFailure(failures, error, { request, response, route: undefined });
  };

  return {
    answer(request, response) {
      if (!namesItsHost(request)) {
        response.setHeader('Connection', 'close');
        return answerUnreadable(request, response, 'A request names its host, once.');
      }
      const search = searchOf(request);
      const handle = isDraining() ? undefined : direct.find(request, search);
      if (handle !== undefined) return void answerDirectly(handle, request, response, search);
      // A target that Express cannot take apart never comes to a route, nor to `answerError`.
      const next = () => answerUnreadable(request, response, 'The path is not well-formed.');
      void app(request as Request, response as Response, next as NextFunction);
    },
    route,
    listenAs(name, type, handle) {
      representations.push({ name, type, handle });
      if (type === 'application/json') direct.add('GET', counting(countListening, handle));
    },
    finish() {
      servePages(app, identity, (error) =>
        failures.note(error, { transport: 'http', method: 'GET', route: '/main.js' }),
      );
      serveFrontDoor(app, settings, addresses);
      for (const [path, known] of methods) app.all(path, refuseOthers(known));
      app.use(() => {
        throw new ChatError('not-found', 'There is nothing here.');
      });
      app.use(answerError(failures));
    },
  };
}

function counting(count: () => void, handle: Handle): Handle {
  return (exchange) => {
    count();
    return handle(exchange);
  };
}

/** On a closed server every path but those that tell nothing asks for a sign-in. */
function guards(path: string, { admit }: Identity): RequestHandler[] {
  const isOpen = OPEN_PATHS.some((open) => path === open || path.startsWith(`${open}/`));
  if (admit === undefined || isOpen) return [];
  return [
    async (request, _response, next) => {
      await admit(request);
      next();
    },
  ];
}

/** One request. Its query is read only where it is looked at. */
class HttpExchange implements Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Exchange['params'];
  readonly search: string;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    params: Exchange['params'],
    search = searchOf(request),
  ) {
    this.request = request;
    this.response = response;
    this.params = params;
    this.search = search;
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.search);
  }
}

function paramsOf(request: Request): Exchange['params'] {
  return request.params as Exchange['params']; // no path has wildcards
}

function chosenBy(names: readonly string[], representations: readonly Representation[]): Representation | undefined {
  if (names.length === 0) return undefined;
  const chosen = names.length === 1 ? representations.find(({ name }) => name === names[0]) : undefined;
  if (chosen !== undefined) return chosen;
  const detail =
    names.length > 1 ? 'must be given once' : `must be one of ${representations.map(({ name }) => name).join(', ')}`;
  throw new ChatError('invalid-query', `"as" ${detail}.`, { errors: [{ field: 'as', detail }] });
}

function acceptedBy(request: Request, representations: readonly Representation[]): Representation {
  // A charset or a version in it leaves nothing to choose here; only how much each is wanted does.
  if (request.headers.accept !== undefined) {
    request.headers.accept = request.headers.accept.replaceAll(/;(?!\s*q=)[^;,]*/gi, '');
  }
  const types = representations.map(({ type }) => type);
  const best = request.accepts(types);
  const accepted = representations.find(({ type }) => type === best);
  if (accepted !== undefined) return accepted;
  throw new ChatError('not-acceptable', `This comes as ${types.join(', ')}.`);
}

function originsOf(allowed: Settings['allowedOrigins']): RequestHandler {
  return cors({
    origin: allowed === '*' ? '*' : [...allowed],
    methods: ALLOWED_METHODS,
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_MAX_AGE_S,
    preflightContinue: true, // to be counted as any other request, and refused with these headers
  });
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(text);
}

function answerError(failures: Failures): ErrorRequestHandler {
  // Four parameters: that is how Express knows an error handler.
  return (error: unknown, request, response, _next) => {
    const route = (request as { route?: { path: string } }).route?.path;
    answerFailure(failures, error, { request, response, route });
  };
}

interface Failed {
  request: IncomingMessage;
  response: ServerResponse;
  route: string | undefined;
}

function answerFailure(failures: Failures, error: unknown, { request, response, route }: Failed): void {
  const told = (error instanceof ChatError ? error : fromExpress(error)) ?? error;
  const requestId = failures.note(told, { transport: 'http', method: request.method, route });
  sendProblem(response, told, { [REQUEST_ID]: requestId });
}

/** What Express and its static files throw: they name an HTTP status. @returns undefined for a bug */
function fromExpress(error: unknown): ChatError | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (typeof status !== 'number' || status >= 500) return undefined;
  if (status === 403 || status === 404) return new ChatError('not-found', 'There is nothing here.', { cause: error });
  const detail = status === 400 ? 'The path is not well-formed.' : 'What the headers ask for cannot be given.';
  return new ChatError('invalid-query', detail, { cause: error });
}
