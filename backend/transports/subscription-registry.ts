/** All subscriptions: how many there may be, and when they are forgotten. */
import { randomBytes } from 'node:crypto';
import { ChatError } from '../errors.ts';
import {
  IDENTITIES_PER_ADDRESS,
  MAX_SUBSCRIPTIONS,
  MAX_SUBSCRIPTIONS_PER_CLIENT,
  RETRY_HOARD_S,
  ROUND_TICK_MS,
  SUBSCRIPTION_IDLE_S,
} from '../limits.ts';
import { createTally } from '../tally.ts';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { Caller } from '../commands/command.ts';
import type { RememberedCursor } from './remembered-cursor.ts';

const ID_BYTES = 16;

export interface Subscription {
  /** Whoever knows it may read on, so it cannot be guessed. */
  readonly id: string;
  readonly room: string;
  readonly cursor: RememberedCursor;
  /** Those whose number of subscriptions it counts for. */
  readonly countedFor: readonly { client: string; most: number }[];
  /** Answer the request that is held, if there is one. */
  endHeld?: (answer: (response: ServerResponse) => void) => void;
  /** Seconds of the registry. */
  usedAt: number;
}

export interface Registry {
  /** @throws ChatError `rate-limited` or `overloaded` when there are too many */
  add(caller: Pick<Caller, 'author' | 'address'>, room: string, cursor: RememberedCursor): Subscription;
  /** This counts as using it. @throws ChatError `subscription-gone` */
  find(id: string | undefined): Subscription;
  /** Begin anew to count how long it is idle. It is forgotten when that is too long, a second late at most. */
  use(subscription: Subscription): void;
  delete(subscription: Subscription): void;
  stop(): void;
}

export function createRegistry(
  clock: Clock,
  { maxInAll = MAX_SUBSCRIPTIONS, maxPerClient = MAX_SUBSCRIPTIONS_PER_CLIENT } = {},
): Registry {
  const subscriptions = new Map<string, Subscription>(); // those used longest ago first
  const counts = createTally<string>();
  // Counted instead of read from the clock: setting the clock on the wall must not end what is in use.
  let seconds = 0;
  let cancel: (() => void) | undefined;

  const tick = () => {
    seconds++;
    for (const subscription of subscriptions.values()) {
      if (seconds - subscription.usedAt <= SUBSCRIPTION_IDLE_S) break;
      forget(subscription);
    }
    cancel = subscriptions.size === 0 ? undefined : clock.after(ROUND_TICK_MS, tick);
  };

  const forget = ({ id, countedFor }: Subscription) => {
    if (!subscriptions.delete(id)) return;
    for (const { client } of countedFor) counts.remove(client);
  };

  const use = (subscription: Subscription) => {
    subscription.usedAt = seconds;
    if (subscriptions.delete(subscription.id)) subscriptions.set(subscription.id, subscription);
  };

  return {
    add({ author, address }, room, cursor) {
      // Identities are free, so one address must not get around its bound by taking many.
      const countedFor =
        author === undefined
          ? [{ client: `address ${address}`, most: maxPerClient }]
          : [
              { client: `author ${author}`, most: maxPerClient },
              { client: `identities of ${address}`, most: maxPerClient * IDENTITIES_PER_ADDRESS },
            ];
      if (countedFor.some(({ client, most }) => counts.of(client) >= most)) {
        const detail = `A client may have ${maxPerClient} subscriptions: delete those that are not used.`;
        throw new ChatError('rate-limited', detail, { retryAfter: RETRY_HOARD_S });
      }
      if (subscriptions.size >= maxInAll) {
        const detail = 'The server remembers as many cursors as it can.';
        throw new ChatError('overloaded', detail, { retryAfter: RETRY_HOARD_S });
      }
      const id = randomBytes(ID_BYTES).toString('base64url');
      const subscription = { id, room, cursor, countedFor, usedAt: seconds };
      subscriptions.set(id, subscription);
      for (const { client } of countedFor) counts.add(client);
      cancel ??= clock.after(ROUND_TICK_MS, tick);
      return subscription;
    },
    find(id = '') {
      const subscription = subscriptions.get(id);
      if (subscription === undefined) throw gone();
      use(subscription);
      return subscription;
    },
    use,
    delete: forget,
    stop() {
      cancel?.();
      subscriptions.clear();
    },
  };
}

export function gone(): ChatError {
  return new ChatError(
    'subscription-gone',
    'There is no such subscription, or it was idle for too long: make a new one.',
  );
}
