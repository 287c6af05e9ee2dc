/** Reading a request over HTTP and writing its answer: the rules that all routes share. */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { DEFAULT_ROOM, room } from '../commands/fields.ts';
import { ChatError, ERRORS, toProblem } from '../errors.ts';
import { LINGER_MS, MAX_BODY_BYTES } from '../limits.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What an answer says beside its body. */
type Headers = { [name: string]: string };

/** Name and value by turns, as Node writes them fastest. */
export type FlatHeaders = readonly string[];

/** Browsers take an answer for what it says it is, and do not guess. */
export const NO_SNIFFING = ['X-Content-Type-Options', 'nosniff'] as const;

/** There is more than the answer holds. */
export const MORE: FlatHeaders = ['More', 'true'];

const COMMON = Symbol('headers of every answer');
type Answering = ServerResponse & { [COMMON]?: FlatHeaders };

/**
 * Headers that the answer has in common with others, to be written together with its own: setting one by one costs a
 * third of a poll that finds nothing.
 */
export function setCommonHeaders(response: ServerResponse, headers: FlatHeaders): void {
  (response as Answering)[COMMON] = headers;
}

function writeHead(response: ServerResponse, status: number, headers: FlatHeaders): void {
  const common = (response as Answering)[COMMON];
  response.writeHead(status, common === undefined ? [...headers] : [...common, ...headers]);
}

/** @param json what is already JSON, sent as it is */
export function sendJson(response: ServerResponse, status: number, json: string, headers: FlatHeaders = []): void {
  const about = ['Content-Type', 'application/json; charset=utf-8', 'Cache-Control', 'no-store'];
  writeHead(response, status, [...about, 'Content-Length', String(Buffer.byteLength(json)), ...headers]);
  response.end(json); // text, as Node puts head and body into one write then
}

/** @param parts of what is already JSON in UTF-8; sent from where they lie */
export function sendJsonBytes(
  response: ServerResponse,
  status: number,
  parts: readonly Buffer[],
  headers: FlatHeaders = [],
): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const about = ['Content-Type', 'application/json; charset=utf-8', 'Cache-Control', 'no-store'];
  writeHead(response, status, [...about, 'Content-Length', String(length), ...headers]);
  response.cork(); // one write for all of them
  for (const part of parts) response.write(part);
  response.end();
  response.uncork();
}

/** Say that it is done, and that there is nothing more to say. */
export function sendEmpty(response: ServerResponse): void {
  writeHead(response, 204, ['Cache-Control', 'no-store']);
  response.end();
}

/** @throws ChatError `not-found` when the path holds no message's id */
export function readId(params: { [name: string]: string }): number {
  const id = /^\d{1,16}$/.test(params['id'] ?? '') ? Number(params['id']) : 0;
  if (id === 0 || !Number.isSafeInteger(id)) throw new ChatError('not-found', 'There is no such message.');
  return id;
}

/** The header that names a problem as the log does. */
export const REQUEST_ID = 'X-Request-Id';

/** Tell the caller of an error. One that is under way as a stream can only be ended. */
export function sendProblem(response: ServerResponse, error: unknown, more: Headers = {}): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const problem = toProblem(error);
  const body = JSON.stringify(problem);
  const headers: Headers = {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    ...(error instanceof ChatError && problemHeaders(error)),
    // A small body that nobody asked for is read to its end and forgotten; a large one is not worth it.
    ...(problem.status === 413 && { Connection: 'close' }),
    ...more,
  };
  writeHead(response, problem.status, Object.entries(headers).flat());
  response.end(body);
}

/**
 * Read the body as a JSON object.
 * @throws ChatError `unsupported-media-type`, `payload-too-large` or `malformed-json`
 */
export async function readJson(request: IncomingMessage): Promise<object> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new ChatError('unsupported-media-type', 'The body must be application/json.');
  }
  if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    throw new ChatError('unsupported-media-type', 'The body must not be compressed.');
  }
  const body = parseJson(await readBody(request));
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ChatError('malformed-json', 'The body must be a JSON object.');
  }
  return body;
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => new ChatError('payload-too-large', `The body must not be over ${MAX_BODY_BYTES} bytes.`);
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return reject(tooLarge());
    const parts: Buffer[] = [];
    let size = 0;
    const onEnd = () => resolve(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
    const onData = (part: Buffer) => {
      size += part.length;
      if (size <= MAX_BODY_BYTES) return void parts.push(part);
      request.off('data', onData);
      request.pause();
      reject(tooLarge());
    };
    request.on('data', onData);
    request.on('end', onEnd);
    request.on('error', (cause) => reject(new ChatError('malformed-json', 'The body did not arrive.', { cause })));
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(UTF8.decode(body));
  } catch (cause) {
    throw new ChatError('malformed-json', 'The body is not JSON in UTF-8.', { cause });
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

export function pathOf({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  return url.split('?', 1)[0] ?? '';
}

/** The query as it came, with its question mark; empty without one. */
export function searchOf({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start);
}

export function queryOf(request: Pick<IncomingMessage, 'url'>): URLSearchParams {
  return new URLSearchParams(searchOf(request));
}

/** Whether it names its host as HTTP asks for: once, and not at all only in HTTP/1.0. Node keeps the first of several. */
export function namesItsHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0');
}

/** The fields of queries. A parameter is text, given once and not empty. */
export const queryFields = {
  room: room.default(DEFAULT_ROOM),
  since: z.string().meta({ description: 'Cursor, or the bare number in front of its dash.' }).exactOptional(),
  whole: (least: number, most: number) =>
    z
      .string()
      .regex(/^\d{1,16}$/, `must be a whole number from ${least} to ${most}`)
      .transform(Number)
      .refine((value) => value >= least && value <= most, `must be a whole number from ${least} to ${most}`)
      .meta({ type: 'integer', minimum: least, maximum: most }),
};

/** @throws ChatError `invalid-query` that names every parameter that is wrong; those not in the schema are ignored */
export function readQuery<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, query: URLSearchParams) {
  const given = Object.keys(schema.shape).map((name) => ({ name, values: query.getAll(name) }));
  const errors = given.flatMap(({ name, values }) => {
    if (values.length > 1) return [{ field: name, detail: 'must be given once' }];
    // An empty cursor is no cursor: that is said by the rule for cursors.
    return values[0] === '' && name !== 'since' ? [{ field: name, detail: 'must not be empty' }] : [];
  });
  const single = given.flatMap(({ name, values: [value] }) => (value === undefined ? [] : [[name, value]]));
  const result = schema.safeParse(Object.fromEntries(single));
  if (result.success && errors.length === 0) return result.data;
  const found = result.error?.issues.map(({ path, message }) => ({ field: path.join('.'), detail: message })) ?? [];
  const all = [...errors, ...found.filter(({ field }) => errors.every((error) => error.field !== field))];
  const detail = all.map((error) => `"${error.field}" ${error.detail}`).join('; ');
  throw new ChatError('invalid-query', `${detail}.`, { errors: all });
}

/** Answer a request that cannot be read as HTTP, or that did not arrive in time. @param note gives the id it is logged by */
export function answerBrokenRequest(error: Error, socket: Duplex, note: (told: ChatError) => string): void {
  const code = 'code' in error ? String(error.code) : '';
  if (!socket.writable || code === 'ECONNRESET') return void socket.destroy();
  const response = Reflect.get(socket, '_httpMessage') as ServerResponse | null | undefined; // Node's mark; none is public
  // A request that came whole is still being answered, perhaps by a stream that never ends. A problem now would stand amid
  // that answer, or be taken for it: "refused" of a message that was posted.
  if (response && (response.headersSent || response.req.complete)) return endBehind(response, socket);
  const isLate = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const told = isLate
    ? new ChatError('timeout', 'The request did not arrive in time.')
    : new ChatError('invalid-query', 'The request is not HTTP as it is understood here.');
  const headers = { [REQUEST_ID]: note(told) };
  // Only its body is late: from which origins its answer may be read is known, and browsers let pages see no other.
  if (response && isLate) sendProblem(response, told, { ...headers, Connection: 'close' });
  else endWithProblem(socket, told, headers);
}

// Who writes is told what came of it, as with a body whose length was not told: the body is then what cannot be read.
function endBehind(answering: ServerResponse, socket: Duplex): void {
  const { method } = answering.req;
  if (answering.headersSent || method === 'GET' || method === 'HEAD') return void socket.destroy();
  answering.setHeader('Connection', 'close');
  socket.pause(); // more that cannot be read must not cut the answer short
}

/** Answer with a problem where there is no response object: a broken request, or a refused handshake. */
export function endWithProblem(socket: Duplex, error: unknown, headers: Headers = {}): void {
  const problem = toProblem(error);
  const body = JSON.stringify(problem);
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    ...Object.entries({ ...(error instanceof ChatError && problemHeaders(error)), ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function problemHeaders({ code, retryAfter, allow }: ChatError): Headers {
  return {
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    ...(allow !== undefined && { Allow: allow }),
    ...(ERRORS[code].http === 401 && { 'WWW-Authenticate': 'Bearer' }),
  };
}
