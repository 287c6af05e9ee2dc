/** The shape of a transport: a way to reach the conversation. It translates, and knows of no other transport. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Failures } from '../failures.ts';
import type { Identity } from '../identity.ts';
import type { Logger } from '../log.ts';
import type { RateLimit } from '../rate-limit.ts';
import type { Settings } from '../settings.ts';
import type { Feed } from './feed.ts';

/** Answers one request. What it throws becomes a problem. */
export type Handle = (exchange: Exchange) => void | Promise<void>;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Parts of the path that a route names, such as `id`; decoded. */
  readonly params: { readonly [name: string]: string };
  /** The query as it came, with its question mark; empty without one. */
  readonly search: string;
  /** The same, read; a name may stand in it more than once. */
  readonly query: URLSearchParams;
}

/** What a transport is given to work with. */
export interface Host {
  server: Server;
  /** Answer a method of a path. Paths are Express' own: `/messages/:id`. */
  route(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, handle: Handle): void;
  /** Answer `GET /messages` of those who ask for `type` in `Accept`, or for `name` with `?as=`. */
  listenAs(name: string, type: string, handle: Handle): void;
  conversation: Conversation;
  feed: Feed;
  identity: Identity;
  rateLimit: RateLimit;
  /** To be called for each request that does not come by `route`. @throws ChatError `rate-limited` */
  countRequest(request: IncomingMessage): void;
  settings: Settings;
  clock: Clock;
  log: Logger;
  failures: Failures;
}

export interface Transport {
  /** End what is held and open, in an orderly way. */
  stop(): void | Promise<void>;
}

export type StartTransport = (host: Host) => Transport;
