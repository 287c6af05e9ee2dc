/**
 * Taking texts out of a stream. Messages of a stream cannot be changed: an entry without its text is put into a second
 * stream under the seq it had, and then the broker overwrites the first with random bytes. Whoever reads the stream finds
 * a hole, and there what is left of the entry.
 *
 * The first entry that erases a seq counts, as it does for the conversation: its own text is kept, as that of a release,
 * which carries the scheduled text on; those of all others that are about the seq go, also of those that came later.
 * So it comes to the same whoever does it, and however often.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { NATS_ERASURE_AGAIN_MS, NATS_RETRY_MS } from '../limits.ts';
import { decodeEntry, encodeEntry, subjectsOf } from './nats-entry.ts';
import { ERASER } from './nats-stream.ts';
import type { ConsumerMessages, JsMsg, StoredMsg } from '@nats-io/jetstream';
import type { Logger } from '../log.ts';
import type { NatsStream } from './nats-stream.ts';

/** @returns once the texts of the entry, and of those about it, are gone. @throws Error when that cannot be done now */
export async function eraseTexts(stream: NatsStream, target: number): Promise<void> {
  const subjects = subjectsOf(stream.name);
  const [first, ...others] = await readSubject(stream, subjects.erases(target));
  if (first === undefined) return;
  const about = await readSubject(stream, subjects.about(target));
  const itself = await stream.manager.streams.getMessage(stream.name, { seq: target });
  for (const message of [...(itself === null ? [] : [itself]), ...about, ...others])
    await eraseOne(stream, message, target);
}

async function readSubject({ manager, name }: NatsStream, subject: string): Promise<StoredMsg[]> {
  const found: StoredMsg[] = [];
  for (let seq = 1; ;) {
    // The types of the client know this question of the broker's only where it is asked of any replica.
    const question = { seq, next_by_subj: subject } as { seq: number };
    const next = await manager.streams.getMessage(name, question);
    if (next === null) return found;
    found.push(next);
    seq = next.seq + 1;
  }
}

async function eraseOne(stream: NatsStream, message: StoredMsg, target: number): Promise<void> {
  const { js, manager, name, erasedName } = stream;
  const { text, seq, ...rest } = decodeEntry(message.seq, message.string());
  if (text === undefined) return;
  // Once it is gone, the first that erased what it erased cannot be found any more.
  if (rest.erases !== undefined && rest.erases !== target) await eraseTexts(stream, rest.erases);
  await js.publish(`${erasedName}.${seq}`, encodeEntry(rest), { expect: { streamName: erasedName } });
  const isThere = async () => (await manager.streams.getMessage(name, { seq })) !== null;
  try {
    await manager.streams.deleteMessage(name, seq, true);
  } catch (error) {
    if (await isThere()) throw error; // otherwise another server was faster
  }
}

/**
 * Carry out what is to be erased, together with all other servers: each erasure is on a list from which it is taken only
 * when it is done. It is done a second time after a while, for a text that was still on its way when it was done first.
 * @returns what ends it
 */
export function shareErasing(stream: NatsStream, log: Logger): () => void {
  const ending = new AbortController();
  let messages: ConsumerMessages | undefined;

  const carryOut = async (message: JsMsg) => {
    const target = Number(message.subject.split('.').at(-1));
    try {
      await eraseTexts(stream, target);
    } catch (error) {
      if (!ending.signal.aborted) log.warn({ err: error, target }, 'nats: a text could not be erased yet');
      return message.nak(NATS_RETRY_MS);
    }
    if (Date.now() - message.time.getTime() > NATS_ERASURE_AGAIN_MS) message.ack();
    else message.nak(NATS_ERASURE_AGAIN_MS);
  };

  const work = async () => {
    while (!ending.signal.aborted) {
      try {
        const consumer = await stream.js.consumers.get(stream.name, ERASER);
        messages = await consumer.consume({ max_messages: 1 }); // the rest is for others
        for await (const message of messages) await carryOut(message);
      } catch (error) {
        if (!ending.signal.aborted) log.warn({ err: error }, 'nats: erasing goes on later');
      }
      if (!ending.signal.aborted) await pause(NATS_RETRY_MS, undefined, { ref: false });
    }
  };
  void work();

  return () => {
    ending.abort();
    messages?.stop();
  };
}
