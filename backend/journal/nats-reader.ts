/** Reads a stream's entries from a seq on, each once and in order, whatever breaks on the way: it begins again after the last. */
import { setTimeout as pause } from 'node:timers/promises';
import { DeliverPolicy } from '@nats-io/jetstream';
import { messageOf } from '../errors.ts';
import { JOURNAL_SLICE, NATS_HEARTBEAT_MS, NATS_LOOKUP_TRIES, NATS_LOOKUPS, NATS_RETRY_MS } from '../limits.ts';
import { decodeEntry, subjectsOf } from './nats-entry.ts';
import { entriesLost, StreamChangedError } from './nats-stream.ts';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Logger } from '../log.ts';
import type { Entry } from './journal.ts';
import type { NatsStream } from './nats-stream.ts';

export interface Reader {
  /** Everything up to this seq has been handed on. */
  position(): number;
  /** Begin again after the last: what was on its way may be lost. */
  restart(): void;
  stop(): Promise<void>;
}

export interface ReaderEvents {
  /** @param upTo everything up to this seq is handed on with it; entries may be none, where all of them are gone */
  onEntries(entries: readonly Entry[], upTo: number): void;
  /** Nothing comes; it is tried again by itself. */
  onTrouble(why: string): void;
  /** What was handed on is not what the stream holds: nothing comes any more. */
  onChanged(error: StreamChangedError): void;
}

/** What a consumer tells when nothing more will come of it. */
const ENDS = new Set([
  'heartbeats_missed',
  'consumer_not_found',
  'consumer_deleted',
  'stream_not_found',
  'no_responders',
]);

export function readFrom(stream: NatsStream, after: number, log: Logger, events: ReaderEvents): Reader {
  const { connection, js, manager, name, erasedName } = stream;
  const { probe } = subjectsOf(name);
  let position = after;
  let arrived: JsMsg[] = [];
  let taking: Promise<void> | undefined;
  const ending = new AbortController();
  let messages: ConsumerMessages | undefined;
  let headAtStart = after; // of the stream, when the consumer was made
  /** The last that was brought, as it was. */
  let known: { seq: number; json: string } | undefined;

  /** @throws StreamChangedError when the stream has something else under its number by now, so that numbers were given again */
  const compare = (message: Pick<JsMsg, 'seq' | 'string'>) => {
    if (message.seq === known?.seq && message.string() !== known.json) throw entriesLost({ hasGivenAgain: true });
  };
  const remember = (message: Pick<JsMsg, 'seq' | 'string'> | null | undefined) => {
    if (message && message.seq > (known?.seq ?? 0)) known = { seq: message.seq, json: message.string() };
  };

  /** Entries of seqs that the stream did not bring: their texts were erased, or they were lost on the way. */
  const lookUp = async (from: number, to: number): Promise<Entry[]> => {
    const found: (Entry | undefined)[] = [];
    for (let next = from; next <= to; next += NATS_LOOKUPS) {
      const seqs = Array.from({ length: Math.min(NATS_LOOKUPS, to - next + 1) }, (_, index) => next + index);
      found.push(...(await Promise.all(seqs.map(findOne))));
    }
    return found.filter((entry) => entry !== undefined);
  };

  const findOne = async (seq: number): Promise<Entry | undefined> => {
    for (let tries = 0; tries < NATS_LOOKUP_TRIES; tries++) {
      if (tries > 0) await pause(NATS_RETRY_MS);
      const message =
        (await manager.streams.getMessage(name, { seq })) ??
        (await manager.streams.getMessage(erasedName, { last_by_subj: `${erasedName}.${seq}` }));
      if (message !== null) return decode(seq, message);
    }
    log.error({ seq }, 'nats: an entry is missing from the stream');
    return undefined;
  };

  const decode = (seq: number, message: Pick<JsMsg, 'subject' | 'string'>): Entry | undefined => {
    if (message.subject === probe) return undefined;
    try {
      return decodeEntry(seq, message.string());
    } catch (error) {
      log.error({ err: error, seq }, 'nats: a message that no server wrote is passed over');
      return undefined;
    }
  };

  const take = async () => {
    while (arrived.length > 0 && !ending.signal.aborted) {
      const slice = arrived.slice(0, JOURNAL_SLICE);
      const entries: Entry[] = [];
      let upTo = position;
      for (const message of slice) {
        compare(message);
        if (message.seq <= upTo) continue; // brought a second time
        if (message.seq > upTo + 1) entries.push(...(await lookUp(upTo + 1, message.seq - 1)));
        const entry = decode(message.seq, message);
        if (entry !== undefined) entries.push(entry);
        upTo = message.seq;
      }
      // Holes at the end are followed by nothing that would show them.
      if (slice.at(-1)?.info.pending === 0 && upTo < headAtStart) {
        entries.push(...(await lookUp(upTo + 1, headAtStart)));
        upTo = headAtStart;
      }
      arrived.splice(0, slice.length);
      remember(slice.at(-1));
      if (upTo > position && !ending.signal.aborted) handOn(entries, upTo);
    }
  };

  /** In slices, as what was looked up may be many. */
  const handOn = (entries: readonly Entry[], upTo: number) => {
    position = upTo;
    let next = 0;
    for (; next + JOURNAL_SLICE < entries.length; next += JOURNAL_SLICE) {
      const some = entries.slice(next, next + JOURNAL_SLICE);
      events.onEntries(some, some.at(-1)?.seq ?? upTo);
    }
    events.onEntries(entries.slice(next), upTo);
  };

  // After the turn's input is read, so that what arrived together is handed on together.
  const takeSoon = () => {
    taking ??= new Promise<void>((turn) => setImmediate(turn)).then(take).then(
      () => {
        taking = undefined; // in the same turn as the last look: nothing comes between
      },
      (error: unknown) => {
        taking = undefined;
        arrived = [];
        fail(error);
      },
    );
  };

  const fail = (error: unknown) => {
    if (error instanceof StreamChangedError) {
      ending.abort();
      events.onChanged(error);
    } else events.onTrouble(messageOf(error));
    restart();
  };

  const restart = () => messages?.stop();

  const watch = async (watched: ConsumerMessages) => {
    for await (const { type } of watched.status()) {
      if (!ENDS.has(type)) continue;
      events.onTrouble(`the stream is silent (${type})`);
      watched.stop();
    }
  };

  /** @returns when nothing more will come of this consumer */
  const readOnce = async () => {
    headAtStart = await stream.readHead();
    const options = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: position + 1 };
    const consumer = await js.consumers.get(name, options);
    // Not before: it begins lower where the stream has come less far, and then what it brings is compared.
    const last = await manager.streams.getMessage(name, { seq: known?.seq ?? Math.max(position, 1) });
    if (last !== null) compare(last); // otherwise it was erased, and nobody can tell
    remember(last);
    if (headAtStart > position && (await consumer.info(true)).num_pending === 0) {
      handOn(await lookUp(position + 1, headAtStart), headAtStart);
    }
    const expires = NATS_HEARTBEAT_MS * 10;
    messages = await consumer.consume({
      max_messages: JOURNAL_SLICE * 2,
      expires,
      idle_heartbeat: NATS_HEARTBEAT_MS,
      callback(message) {
        arrived.push(message);
        takeSoon();
      },
    });
    if (ending.signal.aborted) messages.stop();
    void watch(messages);
    await messages.closed();
    messages = undefined;
    consumer.delete().catch(() => {}); // it goes by itself, a little later
    await taking;
    arrived = []; // the next consumer brings it again
  };

  const read = async () => {
    while (!ending.signal.aborted) {
      try {
        await readOnce();
      } catch (error) {
        if (ending.signal.aborted) return;
        fail(error);
        await pause(NATS_RETRY_MS);
      }
    }
  };

  // A connection that broke may have swallowed what was on its way.
  const watchConnection = async () => {
    for await (const { type } of statuses) {
      if (type === 'disconnect') events.onTrouble('the connection is lost');
      if (type === 'disconnect' || type === 'reconnect') restart();
    }
  };
  const statuses = connection.status();
  void watchConnection();
  const reading = read();

  return {
    position: () => position,
    restart,
    async stop() {
      ending.abort();
      restart();
      (statuses as { stop?: () => void }).stop?.();
      await reading;
    },
  };
}
