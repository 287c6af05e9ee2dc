/**
 * The two requests that are nearly all of the load, `GET` and `POST /messages`, found without Express, which costs more
 * than all the rest of them. What is not asked for in the plainest way is left to Express; what is done is the same.
 */
import { remember } from './remember.ts';
import { REMEMBERED_ORIGINS } from './limits.ts';
import { NO_SNIFFING } from './transports/exchange.ts';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { FlatHeaders } from './transports/exchange.ts';
import type { Handle } from './transports/transport.ts';

/** A query with nothing to decode, in which nothing but JSON can be asked for. */
const PLAIN_QUERY = /^(?:\?(?:(?:room|since|before|limit|wait|typing)=[\w-]*(?:&|$))*)?$/;
const PLAIN_ACCEPT = new Set([undefined, '*/*', 'application/json']);
const PATH = '/messages';

export interface DirectRoutes {
  add(method: 'GET' | 'POST', handle: Handle): void;
  /** @returns undefined when the request is for Express */
  find(request: IncomingMessage, search: string): Handle | undefined;
}

export function createDirectRoutes(): DirectRoutes {
  const handles = new Map<string | undefined, Handle>();
  return {
    add: (method, handle) => void handles.set(method, handle),
    find({ method, url = '', headers }, search) {
      if (url.length !== PATH.length + search.length || !url.startsWith(PATH)) return undefined;
      const isPlain = method !== 'GET' || (PLAIN_ACCEPT.has(headers.accept) && PLAIN_QUERY.test(search));
      return isPlain ? handles.get(method) : undefined;
    },
  };
}

/**
 * What Express' middleware says of an answer, asked once for each origin.
 * @param allowOrigins the package `cors`; of a request that is no preflight it only sets headers
 * @param more what these answers say beside it
 */
export function createCommonHeaders(
  allowOrigins: RequestHandler,
  more: FlatHeaders,
): (request: IncomingMessage) => FlatHeaders {
  const headersFor = remember(REMEMBERED_ORIGINS, (origin) => {
    const headers = new Map<string, string>();
    const request = { method: 'GET', headers: origin === '' ? {} : { origin } };
    const response = {
      getHeader: (name: string) => headers.get(name),
      setHeader: (name: string, value: string) => void headers.set(name, value),
    };
    allowOrigins(request as unknown as Request, response as unknown as Response, () => {});
    return [...NO_SNIFFING, ...[...headers].flat(), ...more];
  });
  return ({ headers }) => headersFor(headers.origin ?? '');
}
