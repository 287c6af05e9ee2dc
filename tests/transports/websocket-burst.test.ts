import { expect, it } from 'vitest';
import { call } from '../harness/api.ts';
import { clientFrame, connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';

/** Fewer than are read in one turn. */
const COMMANDS = 100;

it('commits together what came together', async () => {
  const { url, port } = await startTestServer();
  const raw = await connectRaw(port);
  await raw.upgrade('/messages?room=attic');
  const frames = Array.from({ length: COMMANDS }, (_, nth) =>
    clientFrame(JSON.stringify({ command: 'send-message', message: { user: 'Azin', message: `text ${nth}` } })),
  );
  raw.send(Buffer.concat(frames));
  const answers: unknown[] = [];
  while (answers.length < COMMANDS) {
    const envelope = JSON.parse((await raw.frame()).payload.toString()) as { command: string; message: object };
    if (envelope.command === 'accepted') answers.push(envelope.message);
  }
  expect(answers).toEqual(answers.map((_, nth) => expect.objectContaining({ message: `text ${nth}` }) as unknown));
  const { text } = await call(url, '/metrics');
  expect(text).toContain(`chat_journal_entries_total ${COMMANDS}`);
  // One; or two, where the network cut the burst in halves.
  expect(Number(/chat_journal_commit_seconds_count (\d+)/.exec(text)?.[1])).toBeLessThanOrEqual(2);
});
