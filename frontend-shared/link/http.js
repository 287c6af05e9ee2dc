/** Requests that end: with an answer, with a problem that the server explains, or with nobody there. */
import { isFieldProblems, NotUnderstood, toRecord } from './parse.js';
import { readToken } from './sign-in.js';
/** @import { Problem } from '../../protocol/envelope.ts' */

/** Nobody answered, or not in time. Whether the request was carried out is not known. */
export class Unreachable extends Error {}

/** The server said no, and why. */
export class Refused extends Error {
  /**
   * @param {Problem} problem
   * @param {number | undefined} retryAfterMs
   */
  constructor(problem, retryAfterMs) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** @type {(error: unknown) => boolean} the server was there, and has no such thing */
export const isNotFound = (error) => error instanceof Refused && error.problem.status === 404;

/** @type {(error: unknown) => boolean} the cursor is of another journal, or too old: it is to be asked without one */
export const isGone = (error) => error instanceof Refused && error.problem.status === 410;

/**
 * @typedef {object} Request
 * @property {string} [method]
 * @property {Record<string, string>} [headers]
 * @property {string} [body]
 * @property {boolean} [keepalive] goes on when the page is left
 * @property {number} timeoutMs until the answer is there whole
 * @property {AbortSignal} [signal]
 * @property {RequestCredentials} [credentials] `omit`: as nobody in particular
 */

/**
 * @param {string} url
 * @param {Request} request
 * @returns {Promise<{ headers: Headers, body: unknown }>}
 * @throws {Unreachable | Refused | NotUnderstood} `Unreachable` also where the signal ended it
 */
export async function fetchJson(url, request) {
  const answer = await fetchOnce(url, request);
  if (answer.response.status !== 401) return toResult(answer);
  await renewIdentity(request.timeoutMs);
  return toResult(await fetchOnce(url, request));
}

/** @type {Promise<unknown> | undefined} while it is under way: two at once would be two identities */
let renewal;

/** @type {(timeoutMs: number) => Promise<unknown>} the server has forgotten who this browser is; any of its pages says it anew */
function renewIdentity(timeoutMs) {
  renewal ??= fetchOnce(location.pathname, { timeoutMs }).finally(() => (renewal = undefined));
  return renewal;
}

/** Milliseconds until the page is there again. */
const PAGE_WITHIN_MS = 10_000;
/** @type {boolean | undefined} undefined before it is asked for the first time */
let isFromServer;

/**
 * A page brings the identity of this browser, but not the one that the browser had kept: before something is written from
 * there, the server is asked for the page.
 * @returns {Promise<boolean>} never rejects
 */
export async function hasIdentity() {
  isFromServer ??= document.documentElement.dataset.kept === undefined;
  isFromServer ||= await renewIdentity(PAGE_WITHIN_MS).then(
    () => true,
    () => false,
  );
  return isFromServer;
}

/**
 * @param {string} url
 * @param {Request} request
 */
async function fetchOnce(url, { timeoutMs, signal, headers, ...init }) {
  const timeout = AbortSignal.timeout(timeoutMs);
  const token = readToken();
  try {
    const response = await fetch(url, {
      ...init,
      headers: { ...headers, ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return { response, text: await response.text() };
  } catch (cause) {
    throw new Unreachable('The server cannot be reached', { cause });
  }
}

/** @type {(answer: { response: Response, text: string }) => { headers: Headers, body: unknown }} */
function toResult({ response, text }) {
  const { headers, ok } = response;
  const body = parse(text);
  if (ok && (body !== undefined || response.status === 204)) return { headers, body };
  if (ok) throw new NotUnderstood(); // a page where JSON was expected
  throw new Refused(toProblem(body, response), retryAfterMs(headers.get('Retry-After'), Date.now()));
}

/**
 * @param {string | null} header seconds, or a date
 * @param {number} nowMs
 * @returns {number | undefined}
 */
export function retryAfterMs(header, nowMs) {
  if (header === null || header.trim() === '') return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** @type {(body: unknown, response: Response) => Problem} */
function toProblem(body, { status, statusText }) {
  const { code, title = statusText, detail = title, errors } = toRecord(body);
  return {
    type: 'about:blank',
    code: typeof code === 'string' ? code : 'internal',
    title: String(title),
    detail: String(detail) || `The server answered ${status}`,
    ...(isFieldProblems(errors) && { errors }),
    status,
  };
}

/** @type {(text: string) => unknown} undefined when it is no JSON */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
