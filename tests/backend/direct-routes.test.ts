/** What is answered in front of Express is answered as behind it. */
import { describe, expect, it } from 'vitest';
import { startTestServer } from '../harness/server.ts';

interface Asked {
  method?: string;
  /** After `/messages`. */
  search?: string;
  headers?: Record<string, string>;
  body?: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const REQUESTS: [name: string, Asked][] = [
  ['the newest', {}],
  ['what came since', { search: '?since=0' }],
  ['what came since, cut', { search: '?since=0&limit=1' }],
  ['what came before', { search: '?before=2' }],
  ['a room that is empty', { search: '?room=attic&since=1' }],
  ['a cursor that is none', { search: '?since=x' }],
  ['a cursor of another journal', { search: '?since=1-zzz' }],
  ['a parameter given twice', { search: '?since=1&since=2' }],
  ['an empty parameter', { search: '?limit=' }],
  ['a token that is not known', { headers: { authorization: 'Bearer x.y' } }],
  ['a page of another origin', { headers: { origin: 'https://other.example' } }],
  ['a page of an allowed origin', { headers: { origin: 'https://chat.example' } }],
  ['a type by name', { headers: { accept: 'application/json' } }],
  ['a post with a wrong field', { method: 'POST', headers: JSON_TYPE, body: '{"user":"","message":"x"}' }],
  ['a post that is no JSON', { method: 'POST', headers: JSON_TYPE, body: '{' }],
  ['a post of another type', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }],
  ['a post that is too large', { method: 'POST', headers: JSON_TYPE, body: `"${'x'.repeat(70_000)}"` }],
  // The same key, so that both get the one message that is there already.
  [
    'a post',
    {
      method: 'POST',
      headers: { ...JSON_TYPE, 'idempotency-key': 'first' },
      body: '{"user":"Azin","message":"one"}',
    },
  ],
];

async function ask(url: string, path: string, { method = 'GET', search = '', headers = {}, body }: Asked) {
  const response = await fetch(`${url}${path}${search}`, { method, headers, ...(body !== undefined && { body }) });
  const told = new Headers(response.headers);
  told.delete('date');
  told.delete('x-request-id'); // each failure has one of its own
  return { status: response.status, headers: Object.fromEntries(told), text: await response.text() };
}

describe.each(['*', ['https://chat.example']] as const)('with ALLOWED_ORIGINS %s', (allowedOrigins) => {
  it('gives the same answer in front of Express as behind it', async () => {
    const { url } = await startTestServer({ allowedOrigins });
    for (const [text, key] of [
      ['one', 'first'],
      ['two', 'second'],
    ]) {
      const headers = { ...JSON_TYPE, 'idempotency-key': key ?? '' };
      const body = JSON.stringify({ user: 'Azin', message: text });
      const { status } = await ask(url, '/messages', { method: 'POST', headers, body });
      expect(status).toBe(201);
    }
    for (const [name, asked] of REQUESTS) {
      // A slash at the end means the same, and is left to Express.
      const behind = await ask(url, '/messages/', asked);
      expect(await ask(url, '/messages', asked), name).toEqual(behind);
    }
  });
});
