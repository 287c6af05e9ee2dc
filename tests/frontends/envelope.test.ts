/** What the page takes from a WebSocket. */
import { expect, it } from 'vitest';
import { parseEnvelope } from '../../frontend-websocket/envelope.js';

const message = { id: 1, seq: 1, room: 'lobby', user: 'Azin', message: 'hi', timestamp: '2026-11-22T06:53:00.000Z' };

it.each([
  { command: 'message', message },
  { command: 'accepted', key: 'k', message },
  { command: 'rejected', key: 'k', message: { status: 429, code: 'rate-limited', detail: 'Too many.', retryAfter: 3 } },
  { command: 'caught-up', message: { room: 'lobby', since: '1-abc' } },
  { command: 'reset', message: { room: 'lobby', code: 'cursor-gone' } },
  { command: 'typing', message: { room: 'lobby', user: 'Azin' } },
  { command: 'presence', message: { room: 'lobby', online: 2 } },
])('is what the protocol has: $command', (envelope) => {
  expect(parseEnvelope(JSON.stringify(envelope))).toEqual(envelope);
});

it.each([
  '',
  '<html>502 Bad Gateway</html>',
  'null',
  '[]',
  '{"command":"message"}',
  '{"command":"message","message":{"id":"1"}}',
  '{"command":"caught-up","message":{"room":"lobby"}}',
  '{"command":"presence","message":{"room":"lobby","online":"many"}}',
  '{"command":"rejected","message":null}',
  '{"command":"rejected","message":{"status":400,"code":"invalid-message","detail":"","errors":["user"]}}',
  '{"command":"toString","message":{}}',
  '{"command":"of-a-newer-server","message":{}}',
])('is nothing else: %s', (text) => {
  expect(parseEnvelope(text)).toBeUndefined();
});
