/**
 * The newest messages of the rooms that were shown lately, kept in the browser with the cursor that they reach: they are
 * there before any network is, and only what is new has to be loaded. Nothing depends on it. Where it is forbidden, full or
 * broken, the page does without.
 */
import { epochOf, reaches } from './cursor.js';
import { isMessage } from './is-message.js';
/** @import { Message } from '../../protocol/envelope.ts' */

const DATABASE = 'since';
const STORE = 'rooms';
const VERSION = 1;
/** Messages a room: more than one scrolls back at once. */
const MAX_MESSAGES = 500;
/** Rooms, those that were shown last. */
const MAX_ROOMS = 20;
/** Milliseconds, a week: what was deleted meanwhile is not kept here for ever because nobody came back to hear of it. */
const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;
/** Milliseconds between two writes, while much is said. */
const WRITE_EVERY_MS = 1_000;
/** Milliseconds: a browser that is busy with its disk is not waited for. */
const READ_WITHIN_MS = 500;

/**
 * @typedef {object} Kept
 * @property {string} since
 * @property {readonly Message[]} messages in order of id
 */
/**
 * @typedef {Kept & { room: string, owner: string, epoch: string, at: number }} KeptRoom
 *   `owner`: who may see it, as told by their sign-in; empty where everyone may read. `at`: milliseconds since 1970
 */
/**
 * @typedef {object} KeptMessages
 * @property {(room: string) => Promise<Kept | undefined>} enter never rejects; what follows is of this room
 * @property {(messages: readonly Message[]) => void} take those that came with a cursor, so that none is left out between
 * @property {(since: string) => void} moved everything up to there has been taken
 * @property {() => void} forget the room is another than it was
 * @property {() => void} clear nobody is signed in any more
 */

/**
 * @param {object} parts
 * @param {string} parts.owner
 * @param {() => IDBFactory} [parts.open] where it is forbidden, reading the very name may throw
 * @param {() => number} [parts.now]
 * @returns {KeptMessages}
 */
export function createKeptMessages({ owner, open = () => indexedDB, now = Date.now }) {
  const database = openDatabase(open).catch(() => undefined);
  let room = '';
  /** @type {Map<number, Message>} in order of id */
  let messages = new Map();
  let floor = 0;
  let last = 0;
  /** @type {string | undefined} */
  let since;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @type {(act: (store: IDBObjectStore) => Promise<void>) => Promise<void>} never rejects */
  async function write(act) {
    try {
      const opened = await database;
      if (!opened) return;
      const transaction = opened.transaction(STORE, 'readwrite', { durability: 'relaxed' });
      await Promise.all([endOf(transaction), act(transaction.objectStore(STORE))]);
    } catch {
      // Full, or gone: then it is not kept.
    }
  }

  function save() {
    clearTimeout(timer);
    timer = undefined;
    if (since === undefined) return;
    /** @type {KeptRoom} */
    const kept = { room, owner, epoch: epochOf(since), since, messages: [...messages.values()], at: now() };
    void write(async (store) => {
      // Another tab may have read further, and have erased what this one has not heard of.
      const other = parse(await answerOf(store.get(kept.room)));
      if (other?.owner === owner && other.since !== kept.since && reaches(other.since, kept.since)) return;
      store.put(kept);
      await dropOthers(store, kept);
    });
  }

  function saveSoon() {
    timer ??= setTimeout(save, WRITE_EVERY_MS);
  }

  /** @type {(message: Message) => void} */
  function put(message) {
    if (message.room !== room || message.id < floor || (messages.get(message.id)?.seq ?? 0) >= message.seq) return;
    const isInOrder = message.id > last || messages.has(message.id);
    messages.set(message.id, message);
    if (!isInOrder) messages = new Map([...messages].toSorted(([a], [b]) => a - b));
    last = Math.max(last, message.id);
    for (const id of messages.keys()) {
      if (messages.size <= MAX_MESSAGES) break;
      messages.delete(id);
      floor = id + 1;
    }
  }

  function empty() {
    clearTimeout(timer);
    timer = undefined;
    messages = new Map();
    floor = last = 0;
    since = undefined;
  }

  // So that little is asked for again.
  globalThis.addEventListener?.('pagehide', () => timer && save());

  return {
    async enter(next) {
      if (timer) save();
      empty();
      room = next;
      const found = await within(READ_WITHIN_MS, read(database, next)).catch(() => undefined);
      if (room !== next || found?.owner !== owner || now() - found.at > MAX_AGE_MS) return undefined;
      messages = new Map(found.messages.map((one) => [one.id, one]));
      floor = found.messages[0]?.id ?? 0;
      last = found.messages.at(-1)?.id ?? 0;
      since = found.since;
      return found;
    },
    take(arrived) {
      for (const message of arrived) put(message);
    },
    moved(to) {
      // Where the newest begin is known as soon as they are all here.
      if (since === undefined) floor = messages.keys().next().value ?? 0;
      since = to;
      saveSoon();
    },
    forget() {
      empty();
      const gone = room;
      void write(async (store) => void store.delete(gone));
    },
    clear() {
      empty();
      void write(async (store) => void store.clear());
    },
  };
}

/** @type {(open: () => IDBFactory) => Promise<IDBDatabase>} */
async function openDatabase(open) {
  const opening = open().open(DATABASE, VERSION);
  opening.onupgradeneeded = () => {
    const store = opening.result.createObjectStore(STORE, { keyPath: 'room' });
    store.createIndex('at', 'at');
    store.createIndex('epoch', 'epoch');
    store.createIndex('owner', 'owner');
  };
  const opened = await answerOf(opening);
  // A newer page wants to change it.
  opened.onversionchange = () => opened.close();
  return opened;
}

/** @type {(database: Promise<IDBDatabase | undefined>, room: string) => Promise<KeptRoom | undefined>} */
async function read(database, room) {
  const opened = await database;
  if (!opened) return undefined;
  return parse(await answerOf(opened.transaction(STORE).objectStore(STORE).get(room)));
}

/**
 * What is of another journal or of somebody else, what is too old, and what is too much.
 * @type {(store: IDBObjectStore, kept: KeptRoom) => Promise<void>}
 */
async function dropOthers(store, { epoch, owner, at }) {
  /** @type {(index: string, range?: IDBKeyRange) => Promise<IDBValidKey[]>} */
  const find = (index, range) => answerOf(store.index(index).getAllKeys(range));
  const gone = [
    ...(await find('epoch', IDBKeyRange.upperBound(epoch, true))),
    ...(await find('epoch', IDBKeyRange.lowerBound(epoch, true))),
    ...(await find('owner', IDBKeyRange.upperBound(owner, true))),
    ...(await find('owner', IDBKeyRange.lowerBound(owner, true))),
    ...(await find('at', IDBKeyRange.upperBound(at - MAX_AGE_MS))),
    ...(await find('at')).slice(0, -MAX_ROOMS),
  ];
  for (const room of gone) store.delete(room);
}

/** @type {(value: unknown) => KeptRoom | undefined} it may be of another version, or not ours at all */
function parse(value) {
  if (typeof value !== 'object' || value === null) return undefined;
  const { since, messages, owner, at } = /** @type {Partial<KeptRoom>} */ (value);
  if (typeof since !== 'string' || typeof owner !== 'string' || typeof at !== 'number') return undefined;
  if (!Array.isArray(messages) || !messages.every(isMessage)) return undefined;
  return /** @type {KeptRoom} */ (value);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
const answerOf = (request) =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('The browser gives no reason')));
  });

/** @type {(transaction: IDBTransaction) => Promise<void>} */
const endOf = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('The browser gives no reason')));
  });

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @returns {Promise<T | undefined>}
 */
const within = (ms, promise) =>
  Promise.race([
    promise,
    new Promise((/** @type {(nothing: undefined) => void} */ resolve) => void setTimeout(() => resolve(undefined), ms)),
  ]);
