/** The connection to NATS and the two streams of a journal: made when they are missing, and otherwise left as they are. */
import { hash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { AuthorizationError, connect } from '@nats-io/transport-node';
import {
  AckPolicy,
  DiscardPolicy,
  jetstream,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { messageOf, StartError } from '../errors.ts';
import {
  NATS_ANSWER_WITHIN_MS,
  NATS_DUPLICATE_WINDOW_MS,
  NATS_ERASURE_WITHIN_MS,
  NATS_PING_EVERY_MS,
  NATS_RETRY_MS,
  NATS_SETTLED_AFTER_MS,
  NATS_START_WITHIN_MS,
} from '../limits.ts';
import { subjectsOf } from './nats-entry.ts';
import type { JetStreamClient, JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import type { Logger } from '../log.ts';
import type { NatsOptions } from './journal.ts';

export interface NatsStream {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly name: string;
  /** Of entries without their texts, in the place of those that were erased: each under its seq. */
  readonly erasedName: string;
  readonly epoch: string;
  /** Take another epoch, or that which another server has taken meanwhile. */
  renew(): Promise<void>;
  /** @throws StreamChangedError when another server has taken another epoch */
  checkEpoch(): Promise<void>;
  /** @param onRenewed told a while after any server has taken another epoch */
  watchEpoch(onRenewed: () => void): void;
  /**
   * @returns the seq of the newest entry
   * @throws StreamChangedError when it is another stream by now
   * @throws Error when there is no answer
   */
  readHead(): Promise<number>;
  /** The same, of a node that has had the time to take in all that the one which led before had. */
  readSettledHead(): Promise<number>;
}

/** What was read so far is not what the stream holds: there is nothing to go on with but a start from the beginning. */
export class StreamChangedError extends Error {
  override readonly name = 'StreamChangedError';
  /** Whether it is known for sure that the same stream has given numbers again. */
  readonly hasGivenAgain: boolean;
  constructor(message: string, { hasGivenAgain = false } = {}) {
    super(message);
    this.hasGivenAgain = hasGivenAgain;
  }
}

export function entriesLost(found: { hasGivenAgain: boolean }): StreamChangedError {
  return new StreamChangedError('The NATS stream has lost its newest entries.', found);
}

/** The name of the work list that all servers share. */
export const ERASER = 'eraser';

/** Codes of NATS: there is no room, be it on its disks or by what its operator allows. */
export const NO_ROOM = new Set([10_002, 10_023, 10_047, 10_077]);
/** Codes of NATS: this message is larger than its operator allows. */
export const TOO_LARGE = 10_054;

const NANOSECONDS_PER_MS = 1e6;
const NO_SUCH_STREAM = 10_059;
const WRONG_LAST_SEQUENCE = 10_071;

/**
 * @param isExpected the stream is waited for, and not created: running servers would take it for another, and end
 * @throws StartError when NATS does not answer, or the stream is not fit to be a journal
 */
export async function openStream(options: NatsOptions, log: Logger, isExpected = false): Promise<NatsStream> {
  const { stream: name, replicas } = options;
  const erasedName = `${name}-erased`;
  const deadline = performance.now() + NATS_START_WITHIN_MS;
  let opened: NatsConnection | undefined;
  let told = '';
  for (;;) {
    try {
      const connection = (opened ??= await connect(connectionOptions(options.url)));
      const manager = await jetstreamManager(connection, { timeout: NATS_ANSWER_WITHIN_MS });
      if (isExpected) await findExpected(manager, name);
      const info = await findOrMake(manager, { ...journalConfig(name), num_replicas: replicas });
      await findOrMake(manager, { ...erasedConfig(erasedName), num_replicas: replicas });
      refuseForgetful(info);
      await ensureEraser(manager, name);
      const js = jetstream(connection, { timeout: NATS_ANSWER_WITHIN_MS });
      const generations = createGenerations(js, manager, erasedName);
      await generations.read();
      const readHead = async () => {
        const { created, state } = await manager.streams.info(name);
        if (created !== info.created) throw new StreamChangedError(`The NATS stream ${name} was made anew.`);
        return state.last_seq;
      };
      await readHead(); // where others make the stream in this moment, it is looked for again
      return {
        connection,
        js,
        manager,
        name,
        erasedName,
        get epoch() {
          return epochOf(info, generations.current());
        },
        renew: generations.next,
        async checkEpoch() {
          const before = generations.current();
          await generations.read();
          if (generations.current() !== before) throw new StreamChangedError('Another server has taken another epoch.');
        },
        watchEpoch(onRenewed) {
          // Heard of when it is sent, which is before it is kept.
          const callback = () => void setTimeout(onRenewed, NATS_SETTLED_AFTER_MS).unref();
          connection.subscribe(generations.subject, { callback });
        },
        readHead,
        async readSettledHead() {
          if (info.config.num_replicas > 1) await pause(NATS_SETTLED_AFTER_MS);
          return readHead();
        },
      };
    } catch (error) {
      const why = messageOf(error);
      const isRefused = error instanceof StartError || error instanceof AuthorizationError;
      if (!isRefused && performance.now() < deadline) {
        if (why !== told) log.warn({ why }, 'nats: not there yet');
        told = why;
        await pause(NATS_RETRY_MS);
        continue;
      }
      await opened?.close();
      if (error instanceof StartError) throw error;
      throw new StartError(`NATS_URL cannot be used for the journal: ${why}.`, { cause: error });
    }
  }
}

function connectionOptions(urls: string): NodeConnectionOptions {
  const servers = urls.split(',').map((text) => new URL(text.trim()));
  const named = servers.find(({ username }) => username !== '');
  return {
    servers: servers.map(({ host }) => host),
    name: 'since',
    ...(named && { user: decodeURIComponent(named.username), pass: decodeURIComponent(named.password) }),
    ...(servers.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
    timeout: NATS_ANSWER_WITHIN_MS,
    pingInterval: NATS_PING_EVERY_MS,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true, // it may be let in again
    reconnectTimeWait: NATS_RETRY_MS,
    reconnectJitter: NATS_RETRY_MS,
  };
}

type StreamMade = Pick<StreamConfig, 'name' | 'subjects'> & Partial<StreamConfig>;

// `discard: new`: a limit that someone sets later makes it refuse entries, not forget some.
function journalConfig(name: string): StreamMade {
  return {
    name,
    subjects: [subjectsOf(name).all],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    duplicate_window: NATS_DUPLICATE_WINDOW_MS * NANOSECONDS_PER_MS,
  };
}

function erasedConfig(name: string): StreamMade {
  return { name, subjects: [`${name}.*`], storage: StorageType.File, max_msgs_per_subject: 1 };
}

/** @throws Error when there is no such stream */
async function findExpected(manager: JetStreamManager, name: string): Promise<void> {
  try {
    await manager.streams.info(name);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== NO_SUCH_STREAM) throw error;
    const what = `there is no stream ${name}, but store.db in DATA_DIR was made from one`;
    throw new Error(`${what}: bring that back, or remove the file to begin anew`, { cause: error });
  }
}

/** One that is there is left as its operator has it. Servers that start together may all make it: it is the same. */
async function findOrMake(manager: JetStreamManager, config: StreamMade): Promise<StreamInfo> {
  try {
    return await manager.streams.info(config.name);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== NO_SUCH_STREAM) throw error;
    await manager.streams.add(config);
    return manager.streams.info(config.name); // the answer to the one that came second may tell another time of making
  }
}

async function ensureEraser(manager: JetStreamManager, name: string): Promise<void> {
  await manager.consumers.add(name, {
    durable_name: ERASER,
    ack_policy: AckPolicy.Explicit,
    ack_wait: NATS_ERASURE_WITHIN_MS * NANOSECONDS_PER_MS,
    filter_subject: subjectsOf(name).erases('*'),
  });
}

/** @throws StartError when the stream may drop old entries: then no server could make its store anew */
function refuseForgetful({ config, state }: StreamInfo): void {
  const { name, discard, max_age: maxAge, retention } = config;
  const hasLimit = [config.max_bytes, config.max_msgs, config.max_msgs_per_subject].some((limit) => limit > 0);
  if (maxAge > 0 || (hasLimit && discard === DiscardPolicy.Old) || retention !== RetentionPolicy.Limits) {
    throw new StartError(`The NATS stream ${name} forgets entries by its settings, so it can be no journal.`);
  }
  if (state.first_seq > 1 && state.messages === 0 && state.last_seq > 0) {
    throw new StartError(`The NATS stream ${name} was emptied: remove it to begin anew.`);
  }
}

/**
 * A word that changes when entries were lost and numbers are given again. It is kept beside the erased entries; of
 * several servers that find the loss at the same time the first chooses it.
 */
function createGenerations(js: JetStreamClient, manager: JetStreamManager, erasedName: string) {
  const subject = `${erasedName}.generation`;
  let generation = '';
  let lastSubjectSequence = 0;
  const read = async () => {
    const message = await manager.streams.getMessage(erasedName, { last_by_subj: subject });
    generation = message?.string() ?? '';
    lastSubjectSequence = message?.seq ?? 0;
  };
  return {
    subject,
    current: () => generation,
    read,
    async next() {
      try {
        await js.publish(subject, randomUUID(), { expect: { lastSubjectSequence } });
      } catch (error) {
        if (!(error instanceof JetStreamApiError) || error.code !== WRONG_LAST_SEQUENCE) throw error;
      }
      await read();
    },
  };
}

/** Another one for a stream that was made anew under the same name. */
function epochOf({ created, config }: StreamInfo, generation: string): string {
  return hash('sha256', `${config.name} ${created} ${generation}`, 'hex').slice(0, 8);
}
