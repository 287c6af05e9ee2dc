/** Which address a request comes from, and which addresses are one client. */
import proxyAddress from 'proxy-addr';
import type { IncomingMessage } from 'node:http';
import type { Settings } from './settings.ts';

export interface Addresses {
  /** @returns the client's address behind the proxies that are trusted; of IPv6 its network, `2001:db8:0:1::/64` */
  of(request: IncomingMessage): string;
  /** @returns whether a peer is a proxy that is believed. @param hop 0 for the one that is connected to this server */
  isTrusted(address: string, hop: number): boolean;
}

export function createAddresses(trustProxy: Settings['trustProxy']): Addresses {
  const isTrusted = trustedProxies(trustProxy);
  return {
    isTrusted,
    of:
      trustProxy === false
        ? ({ socket }) => toClient(socket.remoteAddress ?? '')
        : (request) => toClient(proxyAddress(request, isTrusted)),
  };
}

/**
 * This machine's own address. Nothing is counted by it but writes: behind a proxy that nobody named in `TRUST_PROXY`, all
 * the world comes from there, and whoever runs programs here needs no connections to do harm.
 */
export function isThisMachine(address: string): boolean {
  return address === '127.0.0.1' || address === '::1';
}

/** As some proxies write it: the port is another one for each connection. */
const WITH_PORT = /^(?:([\d.]+)|\[([^\]]+)\]):\d+$/;

/** @returns the same for all addresses that one client may have for the taking: of IPv6, those of its network of 64 bits */
export function toClient(given: string): string {
  if (!given.includes(':') || given === '::1') return given;
  const [, ipv4, ipv6] = WITH_PORT.exec(given) ?? [];
  if (ipv4 !== undefined) return ipv4;
  const address = ipv6 ?? given;
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1); // ::ffff:192.0.2.1
  const [left = '', right] = address.split('%', 1)[0]?.split('::', 2) ?? [];
  const first = left === '' ? [] : left.split(':');
  const last = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? 0 : 8 - first.length - last.length;
  return `${[...first, ...Array<string>(Math.max(0, zeros)).fill('0'), ...last].slice(0, 4).join(':')}::/64`;
}

function trustedProxies(trustProxy: Settings['trustProxy']): Addresses['isTrusted'] {
  if (trustProxy === false) return () => false;
  if (typeof trustProxy === 'number') return (_address, hop) => hop < trustProxy;
  return proxyAddress.compile(trustProxy.split(',').map((part) => part.trim()));
}
