/** Who is writing, as a page takes it from the headers of a poll. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { fetchMessages } from '../../frontend-shared/link/messages-api.js';

async function typistsOf(headers: Record<string, string>) {
  const asked = vi.fn<(url: string) => Promise<Response>>(() => Promise.resolve(Response.json([], { headers })));
  vi.stubGlobal('fetch', asked);
  onTestFinished(() => void vi.unstubAllGlobals());
  const { typists, nextTyping } = await fetchMessages({ room: 'lobby', since: '1', wait: 25, typing: 7 });
  expect(asked.mock.calls[0]?.[0]).toBe('/messages?room=lobby&since=1&wait=25&typing=7');
  return { typists, nextTyping };
}

it('is every name, whatever it is made of', async () => {
  const typists = ['Azin', 'Bó, 你', '%', '<b>', '🎉'];
  const headers = { Typing: typists.map(encodeURIComponent).join(), 'Next-Typing': '8' };
  expect(await typistsOf(headers)).toEqual({ typists, nextTyping: 8 });
});

it.each([
  ['%', '8', []],
  ['', '8', []],
  [',,A%20, B ,%ff', '8', ['A ', 'B']],
  ['A', 'x', undefined],
  ['A', '-1', undefined],
  ['A', '9'.repeat(30), undefined],
  ['A', '', undefined],
])('is what can be read of "%s" with "%s"', async (names, next, typists) => {
  const told = await typistsOf({ Typing: names, 'Next-Typing': next });
  expect(told).toEqual(typists === undefined ? { typists: [] } : { typists, nextTyping: 8 });
});

it('is nobody where there are no headers', async () => {
  expect(await typistsOf({})).toEqual({ typists: [] });
});
