/** Every error that a caller may be told of, as one table of codes. Anything else that is thrown is a bug. */
import { RETRY_OVERLOADED_S } from './limits.ts';
import type { FieldProblem, Problem } from '../protocol/envelope.ts';

/** `http`: status. `title`: the same for every occurrence. `retry`: whether trying the same again later can help. */
export const ERRORS = {
  'invalid-message': { http: 400, title: 'The message is not valid', retry: false },
  'invalid-cursor': { http: 400, title: 'The cursor is not valid', retry: false },
  'invalid-query': { http: 400, title: 'The query is not valid', retry: false },
  'malformed-json': { http: 400, title: 'The body is no JSON object', retry: false },
  'identity-required': { http: 401, title: 'An identity is required', retry: false },
  forbidden: { http: 403, title: 'This is not yours to do', retry: false },
  'not-found': { http: 404, title: 'There is no such thing', retry: false },
  'subscription-gone': { http: 404, title: 'The subscription is not known', retry: false },
  'method-not-allowed': { http: 405, title: 'The method is not allowed here', retry: false },
  'not-acceptable': { http: 406, title: 'None of the accepted types can be given', retry: false },
  timeout: { http: 408, title: 'The request took too long', retry: true },
  'cursor-gone': { http: 410, title: 'The cursor is gone', retry: false },
  'payload-too-large': { http: 413, title: 'The body is too large', retry: false },
  'unsupported-media-type': { http: 415, title: 'The body is of the wrong type', retry: false },
  'idempotency-mismatch': { http: 422, title: 'The key was used for something else', retry: false },
  'rate-limited': { http: 429, title: 'Too many requests', retry: true },
  internal: { http: 500, title: 'Something went wrong', retry: true },
  overloaded: { http: 503, title: 'The server cannot do this now', retry: true },
} as const satisfies Record<string, { http: number; title: string; retry: boolean }>;

export type ErrorCode = keyof typeof ERRORS;

/** WebSocket close codes, RFC 6455 and the IANA registry. */
export const CLOSE = {
  shutdown: 1001,
  protocolError: 1002,
  binary: 1003,
  badUtf8: 1007,
  abuse: 1008,
  tooLarge: 1009,
  overloaded: 1013,
  /** Registered as "Unauthorized": the token has expired. */
  signedOut: 3000,
} as const;

interface Extra {
  errors?: FieldProblem[];
  /** Seconds until it is worth trying again. */
  retryAfter?: number;
  /** Methods that are allowed, for `Allow`. */
  allow?: string;
  cause?: unknown;
}

/** An error that the caller is told about: `code` to decide by, `detail` for people. */
export class ChatError extends Error {
  readonly code: ErrorCode;
  readonly errors: FieldProblem[] | undefined;
  readonly retryAfter: number | undefined;
  readonly allow: string | undefined;

  constructor(code: ErrorCode, detail: string, { errors, retryAfter, allow, cause }: Extra = {}) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'ChatError';
    this.code = code;
    this.errors = errors;
    this.retryAfter = retryAfter ?? (ERRORS[code].http === 503 ? RETRY_OVERLOADED_S : undefined);
    this.allow = allow;
  }
}

/** Why the server cannot start, in one line for the one who started it. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** @returns what an error says of itself, for the log and for whoever started the server; callers are told a problem */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @returns the error as it is told to a caller; a bug is told as `internal`, without its own words */
export function toProblem(error: unknown): Problem {
  const known =
    error instanceof ChatError ? error : new ChatError('internal', 'The server made a mistake; it was logged.');
  const { http, title } = ERRORS[known.code];
  const problem: Problem = { type: 'about:blank', title, status: http, detail: known.message, code: known.code };
  return {
    ...problem,
    ...(known.errors !== undefined && { errors: known.errors }),
    ...(known.retryAfter !== undefined && { retryAfter: known.retryAfter }),
  };
}
