/** Whether the stream can be read and written; where it cannot, it is looked for until it can. */
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { NATS_ANSWER_WITHIN_MS, NATS_RETRY_MS, NATS_SETTLED_AFTER_MS, RETRY_DISK_MS } from '../limits.ts';
import { subjectsOf } from './nats-entry.ts';
import { entriesLost, StreamChangedError } from './nats-stream.ts';
import type { Logger } from '../log.ts';
import type { Reader } from './nats-reader.ts';
import type { NatsStream } from './nats-stream.ts';

export interface Health {
  /** Why nothing can be accepted now, if so. */
  trouble(): string | undefined;
  /** Why the stream cannot be reached, if so, and since when by `performance.now()`. */
  outage(): { readonly why: string; readonly since: number } | undefined;
  /** Whether there is nothing to go on with: the process ends. */
  isOver(): boolean;
  /** Nothing can be appended, or is heard of; from here on the stream is looked for until it can be reached. */
  lost(why: string): void;
  /** What was handed on is not what the stream holds: everyone begins again, and the process ends. */
  end(error: StreamChangedError): Promise<void>;
  /** The stream answers, but takes nothing: it is full. */
  refused(why: string): void;
  /** The stream has taken something. */
  taken(): void;
}

interface Parts {
  stream: NatsStream;
  log: Logger;
  /** Everything up to this seq has been handed on. */
  head(): number;
  /** What brings the entries, and is begun again where it stands still. */
  reader(): Pick<Reader, 'position' | 'restart'>;
  closing: AbortSignal;
  onFatal: ((why: string) => void) | undefined;
}

export function watchHealth({ stream, log, head, reader, closing, onFatal }: Parts): Health {
  let outage: { why: string; since: number } | undefined;
  /** Why it takes nothing, though it answers; until it has taken something. */
  let refusal: string | undefined;
  let isOver = false;
  const isFull = () => refusal !== undefined;
  const isMissing = () => outage !== undefined && !isOver;

  const lost = (why: string) => {
    if (outage !== undefined || closing.aborted) return;
    outage = { why, since: performance.now() };
    log.warn({ why }, 'nats: the stream cannot be reached');
    void lookForIt();
  };

  const end = async (error: StreamChangedError) => {
    if (isOver || closing.aborted) return;
    isOver = true;
    outage = { why: error.message, since: -Infinity };
    // First another epoch: others may write until their numbers are as high as those that this server's store has.
    let isRenewed = !error.hasGivenAgain;
    const again = () => pause(NATS_RETRY_MS, false);
    while (!isRenewed && !closing.aborted) isRenewed = await stream.renew().then(() => true, again);
    if (!closing.aborted) onFatal?.(error.message);
  };

  const refused = (why: string) => {
    const isKnown = isFull();
    refusal = why;
    if (isKnown || closing.aborted) return;
    log.error({ why }, 'nats: the stream takes nothing');
    void lookForRoom();
  };

  const taken = () => {
    if (isFull()) log.info('nats: the stream takes entries again');
    refusal = undefined;
  };

  // Found out without waiting for someone to write: who balances the load may send nobody here until it is.
  const lookForRoom = async () => {
    while (!closing.aborted && isFull()) {
      await pause(RETRY_DISK_MS, undefined, { ref: false });
      const options = { expect: { streamName: stream.name }, timeout: NATS_ANSWER_WITHIN_MS };
      await stream.js.publish(subjectsOf(stream.name).probe, '', options).then(taken, () => {});
    }
  };

  const lookForIt = async () => {
    let before = -1;
    let shortSince: number | undefined;
    while (!closing.aborted && isMissing()) {
      await pause(NATS_RETRY_MS, undefined, { ref: false });
      try {
        const newest = await stream.readHead();
        if (isOver) return;
        shortSince = newest < head() ? (shortSince ?? performance.now()) : undefined;
        if (shortSince !== undefined && performance.now() - shortSince > NATS_SETTLED_AFTER_MS) {
          throw entriesLost({ hasGivenAgain: false }); // when it starts again, it finds out whether it stays so
        }
        if (shortSince !== undefined) continue;
        const position = reader().position();
        // It is well again once it has caught up with what it missed.
        if (position < newest) {
          if (position === before) reader().restart();
          before = position;
          continue;
        }
        await stream.checkEpoch();
        if (isOver) return;
        outage = undefined;
        log.info({ head: head() }, 'nats: the stream is reached again');
      } catch (error) {
        if (error instanceof StreamChangedError) return end(error);
        const why = messageOf(error);
        if (outage === undefined || outage.why === why || closing.aborted) continue;
        outage.why = why;
        log.warn({ why }, 'nats: the stream cannot be reached yet');
      }
    }
  };

  stream.watchEpoch(() => {
    stream.checkEpoch().catch((error: unknown) => {
      if (error instanceof StreamChangedError) void end(error);
      else lost(messageOf(error)); // it is checked when that is over
    });
  });

  return {
    trouble: () => outage?.why ?? refusal,
    outage: () => outage,
    isOver: () => isOver,
    lost,
    end,
    refused,
    taken,
  };
}
