/** How much one client may ask for, whatever the transport. Counted in windows that begin with a client's first request. */
import { isThisMachine } from './address.ts';
import { systemClock } from './clock.ts';
import { ChatError } from './errors.ts';
import { IDENTITIES_PER_ADDRESS, MAX_CLIENTS_COUNTED, RATE_WINDOW_MS, REQUESTS_PER_WRITE } from './limits.ts';

/** Who is counted: an identity, or the address of one without. */
export interface Counted {
  author?: string | undefined;
  address: string;
}

export interface RateLimit {
  /** Count one write. @throws ChatError `rate-limited` when there were too many */
  count(caller: Counted): void;
  /** Count anything that an address asks for, writes among it. @throws ChatError `rate-limited` */
  countRequest(address: string): void;
  /** Count anything that an identity asks for, from whatever address. @throws ChatError `rate-limited` */
  countIdentity(author: string): void;
  /** Count a command of a socket that is no write. @throws ChatError `rate-limited` */
  countCommand(caller: Counted): void;
}

/** @param perWindow writes in `RATE_WINDOW_MS`; undefined is no limit, of anything */
export function createRateLimit(perWindow: number | undefined, { elapsed } = systemClock): RateLimit {
  if (perWindow === undefined) return { count() {}, countRequest() {}, countIdentity() {}, countCommand() {} };
  const writesOf = { authors: new Windows(perWindow, elapsed), addresses: new Windows(perWindow, elapsed) };
  // Identities are free, so one address must not get around its limit by taking many.
  const writesWithIdentity = new Windows(perWindow * IDENTITIES_PER_ADDRESS, elapsed);
  const askedBy = new Windows(perWindow * REQUESTS_PER_WRITE, elapsed);
  const requestsOf = new Windows(perWindow * REQUESTS_PER_WRITE * IDENTITIES_PER_ADDRESS, elapsed);

  const countRequest = (address: string) => {
    if (!isThisMachine(address)) refuseIf(requestsOf.count(address), 'requests');
  };
  const countIdentity = (author: string) => refuseIf(askedBy.count(author), 'requests');
  return {
    countRequest,
    countIdentity,
    count({ author, address }) {
      if (author === undefined) return refuseIf(writesOf.addresses.count(address), 'writes');
      refuseIf(writesOf.authors.count(author), 'writes');
      refuseIf(writesWithIdentity.count(address), 'writes');
    },
    countCommand({ author, address }) {
      if (author !== undefined) countIdentity(author);
      countRequest(address);
    },
  };
}

function refuseIf(waitMs: number, what: string): void {
  if (waitMs <= 0) return;
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  throw new ChatError('rate-limited', `Too many ${what}; try again in ${retryAfter} s.`, { retryAfter });
}

interface Window {
  count: number;
  /** By the clock's `elapsed`. */
  endsAt: number;
}

/** A window for each client. No timer, no promise and, but for its first request, no memory: every request comes by here. */
class Windows {
  readonly #most: number;
  readonly #elapsed: () => number;
  /** Those that end first stand first, as all are of one length. */
  readonly #windows = new Map<string, Window>();

  constructor(most: number, elapsed: () => number) {
    this.#most = most;
    this.#elapsed = elapsed;
  }

  /** @returns milliseconds until the client may try again; 0 when this was not too much */
  count(client: string): number {
    const now = this.#elapsed();
    const window = this.#windows.get(client);
    if (window === undefined || window.endsAt <= now) {
      this.#begin(client, now);
      return 0;
    }
    window.count++;
    return window.count > this.#most ? window.endsAt - now : 0;
  }

  #begin(client: string, now: number): void {
    this.#windows.delete(client);
    // Each that comes takes up to two away that have ended: so they do not pile up, and nobody waits for a sweep.
    let swept = 0;
    for (const [one, { endsAt }] of this.#windows) {
      if (swept === 2 || (endsAt > now && this.#windows.size < MAX_CLIENTS_COUNTED)) break;
      this.#windows.delete(one);
      swept++;
    }
    this.#windows.set(client, { count: 1, endsAt: now + RATE_WINDOW_MS });
  }
}
