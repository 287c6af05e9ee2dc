/** What the front door shows that only the server knows: where others in the network find it, also as QR codes. */
import { networkInterfaces } from 'node:os';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { renderSVG } from 'uqr';
import { isThisMachine } from './address.ts';
import { ChatError } from './errors.ts';
import { MAX_ADDRESSES_SHOWN, MAX_QR_CHARS, MAX_QR_CODES } from './limits.ts';
import { isFromOwnPage } from './origin.ts';
import { refuseOthers } from './pages.ts';
import { remember } from './remember.ts';
import type { IncomingMessage } from 'node:http';
import type { NetworkInterfaceInfo } from 'node:os';
import type { Express } from 'express';
import type { Addresses } from './address.ts';
import type { Settings } from './settings.ts';

/** What `/front/door` answers. */
export interface FrontDoor {
  /** Whether anyone may read; false where one must sign in. */
  isOpen: boolean;
  /** Whether others can reach the server at all; told, as the addresses are, only on the machine that it runs on. */
  isShared?: boolean;
  /** Such as `http://192.168.1.7:3000/`, those of the local network first. */
  addresses?: string[];
}

/** Interfaces of virtual machines and containers: no phone finds the server there. */
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|podman|cni|flannel|lxc|lxd)/i;
/** Headers of which a proxy sends one at least. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];
const PRIVATE_IPV4 = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/;

export function serveFrontDoor(app: Express, { host, auth }: Settings, addresses: Addresses): void {
  const front = express.Router();
  front.get('/door', (request, response) => {
    const told: FrontDoor = { isOpen: auth === 'off' };
    if (isAskedHere(request, addresses.of(request))) {
      told.isShared = !isOnlyHere(host);
      told.addresses = toAddresses(host, request.socket.localPort ?? 0, interfacesHere());
    }
    response.set('Cache-Control', 'no-store').json(told);
  });
  const draw = remember(MAX_QR_CODES, (address) => {
    const plain = Buffer.from(renderSVG(address, { ecc: 'M', border: 2, pixelSize: 1 }));
    return { plain, gzip: gzipSync(plain) };
  });
  front.get('/qr.svg', (request, response) => {
    const of = new URL(request.url, 'http://localhost').searchParams.getAll('of');
    const [address = ''] = of;
    if (of.length !== 1 || address.length > MAX_QR_CHARS || !isOrigin(address)) {
      throw new ChatError('invalid-query', `"of" must be an address such as https://chat.example/`);
    }
    const { plain, gzip } = draw(address);
    const isPacked = request.acceptsEncodings('gzip', 'identity') === 'gzip';
    if (isPacked) response.set('Content-Encoding', 'gzip');
    response.vary('Accept-Encoding');
    response.set('Cache-Control', 'public, max-age=86400').type('svg');
    response.send(isPacked ? gzip : plain);
  });
  front.all(['/door', '/qr.svg'], refuseOthers(new Set(['GET'])));
  app.use('/front', front); // the page's own, and no part of the protocol
}

/**
 * The addresses of a machine are the business of those who sit at it. So whoever asks must be here, by the name of here,
 * from no page of elsewhere, and not by way of a proxy, behind which all the world comes from here.
 */
function isAskedHere({ headers }: IncomingMessage, address: string): boolean {
  const { hostname } = URL.parse(`http://${headers.host ?? ''}`) ?? { hostname: '' };
  return (
    isThisMachine(address) &&
    isOnlyHere(hostname.replace(/^\[(.*)\]$/, '$1')) &&
    isFromOwnPage(headers) &&
    FORWARDED.every((name) => headers[name] === undefined)
  );
}

function interfacesHere(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces();
  } catch {
    return {}; // where a sandbox lets nobody ask
  }
}

/** @param host as it is listened on, or as it is called */
function isOnlyHere(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** @param host what the server listens on: one address, or all of them */
export function toAddresses(
  host: string,
  port: number,
  interfaces: { [name: string]: NetworkInterfaceInfo[] | undefined },
): string[] {
  if (isOnlyHere(host)) return [];
  const isListenedOn = ({ family, address }: NetworkInterfaceInfo) =>
    host === '::' || host === '' || (host === '0.0.0.0' ? family === 'IPv4' : host === address);
  const found = Object.entries(interfaces).flatMap(([name, infos = []]) => (VIRTUAL.test(name) ? [] : infos));
  return found
    .filter((info) => !info.internal && isListenedOn(info) && isReachable(info))
    .toSorted((a, b) => rankOf(a) - rankOf(b))
    .slice(0, MAX_ADDRESSES_SHOWN)
    .map(({ family, address }) => new URL(`http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`).href);
}

/** What a network gives out, not what a machine gives itself for want of one. */
function isReachable({ family, address }: NetworkInterfaceInfo): boolean {
  return family === 'IPv4' ? !address.startsWith('169.254.') : /^[23]/.test(address);
}

function rankOf({ family, address }: NetworkInterfaceInfo): number {
  if (family === 'IPv6') return 2;
  return PRIVATE_IPV4.test(address) ? 0 : 1;
}

/** Whether it is the start of a server, and nothing else: no codes are drawn here for addresses of other kinds. */
function isOrigin(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && /^https?:$/.test(url.protocol) && address === `${url.origin}/`;
}
