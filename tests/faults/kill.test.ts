import { expect, it } from 'vitest';
import { poll, write } from '../harness/api.ts';
import { startServerProcess } from '../harness/process.ts';
import { createRandom } from '../harness/random.ts';
import { makeDataDir } from '../harness/server.ts';
import type { Message } from '../../protocol/envelope.ts';

const KILLS = 10;
const WRITERS = 50;
/** Acknowledged messages, after which it is killed in the middle of the next. */
const MOST_BEFORE_KILL = 400;
const SEED = 20261122;
/** Eleven starts of the server on a machine that is busy with other things. */
const TIMEOUT_MS = 180_000;

/** What one writer was told, and the message whose answer was lost with the server. */
interface Writer {
  acknowledged: Message[];
  unanswered: { message: string; key: string } | undefined;
}

/** Every message of the server, in order of its changes. */
async function readAll(url: string): Promise<Message[]> {
  const all: Message[] = [];
  for (let since = '0'; ;) {
    const page = await poll(url, { since });
    all.push(...page.messages);
    if (!page.hasMore) return all;
    since = page.since;
  }
}

it(
  'loses nothing that it acknowledged when it is killed in the middle of fifty writers, ten times',
  { timeout: TIMEOUT_MS },
  async () => {
    const random = createRandom(SEED);
    const dataDir = makeDataDir();
    const writers: Writer[] = Array.from({ length: WRITERS }, () => ({ acknowledged: [], unanswered: undefined }));
    let sent = 0;
    const epochs = new Set<string | undefined>();

    for (let kill = 0; kill < KILLS; kill++) {
      const server = await startServerProcess({ dataDir });
      epochs.add((await poll(server.url)).since.split('-')[1]);
      const killAfter = 1 + Math.floor(random() * MOST_BEFORE_KILL);
      let acknowledged = 0;
      let ended: Promise<unknown> | undefined;
      /** One after the other, until the server is gone. The first is the one that was not answered before. */
      const run = async (writer: Writer) => {
        while (ended === undefined) {
          writer.unanswered ??= { message: `text ${++sent}`, key: `key-${sent}` };
          const { message, key } = writer.unanswered;
          const answer = await write(server.url, '/messages', { user: 'Azin', message }, { key }).catch(
            () => undefined,
          );
          if (answer === undefined) return; // it was killed meanwhile
          expect([200, 201]).toContain(answer.status);
          writer.acknowledged.push(answer.json as Message);
          writer.unanswered = undefined;
          if (++acknowledged === killAfter) ended = server.end('SIGKILL');
        }
      };
      await Promise.all(writers.map(run));
      await ended;
      expect(server.stderr()).toBe('');
    }

    const server = await startServerProcess({ dataDir });
    const kept = await readAll(server.url);
    expect(epochs.size).toBe(1); // it is the same journal all along
    // What was not acknowledged may be there or not, but once.
    const acknowledged = writers.flatMap((writer) => writer.acknowledged);
    const unanswered = writers.flatMap((writer) => writer.unanswered?.message ?? []);
    const byId = new Map(kept.map((message) => [message.id, message]));
    for (const message of acknowledged) expect(byId.get(message.id)).toEqual(message);
    expect(new Set(acknowledged.map(({ id }) => id)).size).toBe(acknowledged.length);
    expect(new Set(kept.map(({ message }) => message)).size).toBe(kept.length);
    expect(kept.map(({ id }) => id)).toEqual(kept.map(({ id }) => id).toSorted((one, other) => one - other));
    const others = kept.filter(({ message }) => !acknowledged.some((one) => one.message === message));
    for (const { message } of others) expect(unanswered).toContain(message);
    // Each writer waited for an answer before it wrote on, so its messages stand in that order.
    for (const writer of writers) {
      const ids = writer.acknowledged.map(({ id }) => id);
      expect(ids).toEqual(ids.toSorted((one, other) => one - other));
    }
    // Sent again, what was acknowledged is found, and what was not is there once.
    for (const { message, key, id } of acknowledged.filter((_, nth) => nth % 50 === 0)) {
      const again = await write(server.url, '/messages', { user: 'Azin', message }, { key: key ?? '' });
      expect([again.status, (again.json as Message).id]).toEqual([200, id]);
    }
    for (const writer of writers) {
      if (writer.unanswered === undefined) continue;
      const { message, key } = writer.unanswered;
      await write(server.url, '/messages', { user: 'Azin', message }, { key });
    }
    const after = await readAll(server.url);
    expect(after.map(({ message }) => message).toSorted()).toEqual(
      Array.from({ length: sent }, (_, nth) => `text ${nth + 1}`).toSorted(),
    );
  },
);
