/** The HTTP interface as a client uses it: whole answers, and the few calls that nearly every test makes. */
import { expect } from 'vitest';
import type { Message, Problem } from '../../protocol/envelope.ts';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed where the answer says that it is JSON; otherwise undefined. */
  json: unknown;
}

/** @param path from the root, with its query */
export async function call(url: string, path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(new URL(path, url), { redirect: 'manual', ...init });
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

export interface WriteOptions {
  key?: string;
  token?: string;
  headers?: Record<string, string>;
}

/** Send a body as JSON, whatever it is. */
export function write(
  url: string,
  path: string,
  body: unknown,
  { method = 'POST', key, token, headers }: WriteOptions & { method?: string } = {},
): Promise<Answer> {
  return call(url, path, {
    method,
    headers: {
      'Content-Type': 'application/json',
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

/** Post a message, which must succeed. @param message its text, or its fields */
export async function post(url: string, message: string | Partial<Message>, options?: WriteOptions): Promise<Message> {
  const fields = typeof message === 'string' ? { message } : message;
  const { status, json } = await write(url, '/messages', { user: 'Azin', ...fields }, options);
  expect([200, 201]).toContain(status);
  return json as Message;
}

export interface Polled {
  messages: Message[];
  /** Where to go on. */
  since: string;
  hasMore: boolean;
}

/** Ask for messages, which must succeed. */
export async function poll(
  url: string,
  query: Record<string, string | number> = {},
  init?: RequestInit,
): Promise<Polled> {
  const parameters = Object.entries(query).map(([name, value]) => [name, String(value)]);
  const { status, json, headers } = await call(url, `/messages?${new URLSearchParams(parameters)}`, init);
  expect(status, JSON.stringify(json)).toBe(200);
  return {
    messages: json as Message[],
    since: headers.get('next-since') ?? '',
    hasMore: headers.get('more') === 'true',
  };
}

/** @returns a new identity's token, and its public name */
export async function identify(url: string): Promise<{ token: string; author: string }> {
  const { json } = await call(url, '/identity', { method: 'POST' });
  return json as { token: string; author: string };
}

/** The answer is a problem as every error must be, and tells nothing about the inside of the server. */
export function expectProblem(answer: Pick<Answer, 'status' | 'text'> & Partial<Answer>, status: number, code: string) {
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status });
  const problem = JSON.parse(answer.text) as Problem;
  expect(problem).toMatchObject({ status, code });
  for (const field of ['type', 'title', 'detail'] as const) expect(problem[field]).toMatch(/./);
  expect(answer.text).not.toMatch(/\bat .*:\d+|node_modules|backend\/|[A-Z]\w+Error|zod|sqlite|express/i);
  if (answer.headers !== undefined) {
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.has('x-powered-by')).toBe(false);
    expect(answer.headers.get('x-request-id')).toMatch(/./);
  }
  return problem;
}
