/** How many may be connected: in all, and from one address. */
import { isThisMachine } from '../address.ts';
import { ChatError } from '../errors.ts';
import { RETRY_CONNECTING_S } from '../limits.ts';
import { createTally } from '../tally.ts';
import type { Logger } from '../log.ts';
import type { Connected, Metrics } from '../metrics.ts';

export interface PlacesOptions {
  /** Connections and held polls together. */
  maxConnections: number;
  maxConnectionsPerAddress: number;
  metrics: Pick<Metrics, 'connections' | 'drop'>;
  log: Pick<Logger, 'debug'>;
}

/**
 * @returns what gives the place back
 * @throws ChatError `overloaded` when there are too many connections, `rate-limited` when too many are of this address
 */
export type TakePlace = (transport: Connected, address: string) => () => void;

export function createPlaces({ maxConnections, maxConnectionsPerAddress, metrics, log }: PlacesOptions): TakePlace {
  const ofAddresses = createTally<string>();
  let taken = 0;

  const refuseIfFull = (address: string) => {
    if (taken >= maxConnections) {
      metrics.drop('full');
      const detail = 'The server has as many connections as it can take.';
      throw new ChatError('overloaded', detail, { retryAfter: RETRY_CONNECTING_S });
    }
    if (ofAddresses.of(address) >= maxConnectionsPerAddress && !isThisMachine(address)) {
      metrics.drop('full-for-address');
      const detail = `One address may have ${maxConnectionsPerAddress} connections.`;
      throw new ChatError('rate-limited', detail, { retryAfter: RETRY_CONNECTING_S });
    }
  };

  return (transport, address) => {
    refuseIfFull(address);
    taken++;
    ofAddresses.add(address);
    metrics.connections.opened(transport);
    log.debug({ transport }, 'connection: opened');
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      taken--;
      ofAddresses.remove(address);
      metrics.connections.closed(transport);
      log.debug({ transport }, 'connection: closed');
    };
  };
}
