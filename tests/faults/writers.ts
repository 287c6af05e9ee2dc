/** Many who write at once, each waiting for its answer, and what they can say afterwards about what was kept. */
import { expect } from 'vitest';
import { poll, write } from '../harness/api.ts';
import type { Message } from '../../protocol/envelope.ts';

interface Attempt {
  message: string;
  key: string;
}

interface Writer {
  acknowledged: Message[];
  /** Whose answer was lost with the server. */
  unanswered: Attempt | undefined;
}

export interface Writers {
  /** How many were acknowledged so far. */
  readonly acknowledged: number;
  /**
   * All write, until the server does not answer any more, or `isOver`. What was not answered before comes first.
   * @param onAcknowledged called after each
   */
  write(url: string, isOver: () => boolean, onAcknowledged?: () => void): Promise<void>;
  /** What was acknowledged is there as it was answered, once and in order; what was not is there once or not at all. */
  expectKept(url: string): Promise<void>;
  /** What was not answered is sent again: then everything that anyone ever wrote is there once. */
  expectAllAfterRetry(url: string): Promise<void>;
}

/** Every message of the server, in order of its changes. */
export async function readAll(url: string): Promise<Message[]> {
  const all: Message[] = [];
  for (let since = '0'; ;) {
    const page = await poll(url, { since });
    all.push(...page.messages);
    if (!page.hasMore) return all;
    since = page.since;
  }
}

export function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((one, index) => index === 0 || one > (numbers[index - 1] ?? 0));
}

/** @param padding added to each text, so that it takes more room */
export function createWriters(count: number, padding = ''): Writers {
  const writers: Writer[] = Array.from({ length: count }, () => ({ acknowledged: [], unanswered: undefined }));
  let sent = 0;
  let acknowledged = 0;

  const send = (url: string, { message, key }: Attempt) =>
    write(url, '/messages', { user: 'Azin', message }, { key }).catch(() => undefined);

  return {
    get acknowledged() {
      return acknowledged;
    },
    async write(url, isOver, onAcknowledged) {
      const run = async (writer: Writer) => {
        while (!isOver()) {
          sent += writer.unanswered === undefined ? 1 : 0;
          writer.unanswered ??= { message: `text ${sent} ${padding}`.trim(), key: `key-${sent}` };
          const answer = await send(url, writer.unanswered);
          if (answer === undefined || answer.status === 503) return; // it has ended, or is about to
          expect([200, 201]).toContain(answer.status);
          writer.acknowledged.push(answer.json as Message);
          writer.unanswered = undefined;
          acknowledged++;
          onAcknowledged?.();
        }
      };
      await Promise.all(writers.map(run));
    },
    async expectKept(url) {
      const kept = await readAll(url);
      const byId = new Map(kept.map((message) => [message.id, message]));
      const known = new Set<string>();
      for (const writer of writers) {
        for (const message of writer.acknowledged) {
          expect(byId.get(message.id)).toEqual(message);
          expect(known).not.toContain(message.message);
          known.add(message.message);
        }
        // Each waited for an answer before it wrote on, so its messages stand in that order.
        expect(isAscending(writer.acknowledged.map(({ id }) => id))).toBe(true);
      }
      expect(isAscending(kept.map(({ id }) => id))).toBe(true);
      expect(new Set(kept.map(({ message }) => message)).size).toBe(kept.length);
      const unanswered = writers.flatMap((writer) => writer.unanswered?.message ?? []);
      for (const { message } of kept) if (!known.has(message)) expect(unanswered).toContain(message);
    },
    async expectAllAfterRetry(url) {
      // Sent again, what was acknowledged is found.
      const some = writers.flatMap((writer) => writer.acknowledged).filter((_, nth) => nth % 50 === 0);
      for (const { message, key = '', id } of some) {
        const again = await send(url, { message, key });
        expect(again).toMatchObject({ status: 200, json: { id } });
      }
      for (const { unanswered } of writers) {
        if (unanswered !== undefined) expect([200, 201]).toContain((await send(url, unanswered))?.status);
      }
      const texts = (await readAll(url)).map(({ message }) => message);
      const all = Array.from({ length: sent }, (_, nth) => `text ${nth + 1} ${padding}`.trim());
      expect(texts.toSorted()).toEqual(all.toSorted());
    },
  };
}
