import { expect, it, onTestFinished, vi } from 'vitest';
import { createQuotes } from '../../frontend-shared/room/quotes.js';
import { words } from '../../frontend-shared/words.js';
import type { Message } from '../../protocol/envelope.ts';

/** Of a message that replies to another, and a server that has an answer for each time it is asked about that. */
function quoteOf(answers: readonly number[]) {
  const asked: string[] = [];
  const left = [...answers];
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url);
    return new Response('{}', { status: left.shift() ?? 500 });
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const quotes = createQuotes({ find: () => undefined, onLoaded() {}, onGone() {} });
  const reply: Message = {
    id: 2,
    seq: 2,
    room: 'lobby',
    user: 'Azin',
    message: 'so it is',
    timestamp: '2026-11-22T17:00:00.000Z',
    replyTo: 1,
  };
  return { quotes, asked, look: () => quotes.of(reply) };
}

it('calls a quoted message deleted when the server has none, not when it cannot say', async () => {
  const { asked, look } = quoteOf([503, 404]);
  expect(look()).toMatchObject({ text: '…', gone: false });
  // Asked again whenever it is drawn, until there is an answer.
  await vi.waitFor(() => {
    look();
    expect(asked).toHaveLength(2);
  });
  await vi.waitFor(() => expect(look()).toMatchObject({ text: words.message.deleted, gone: true }));
  expect(asked).toHaveLength(2);
});

it('knows nothing of a room that was left, whatever is answered late', async () => {
  const { quotes, asked, look } = quoteOf([404, 500]);
  look();
  quotes.forget();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(look()).toMatchObject({ gone: false });
});
