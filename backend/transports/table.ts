/** Every transport, one line each. A new one is a file beside this and a line here. */
import { startDirectory } from './directory.ts';
import { startDocs } from './docs.ts';
import { startNdjson } from './ndjson.ts';
import { startPolling } from './polling.ts';
import { startSse } from './sse.ts';
import { startSubscriptions } from './subscriptions.ts';
import { startWebsocket } from './websocket.ts';
import { startWriting } from './writing.ts';
import type { StartTransport } from './transport.ts';

export const TRANSPORTS: { readonly [name: string]: StartTransport } = {
  writing: startWriting,
  polling: startPolling,
  sse: startSse,
  ndjson: startNdjson,
  subscriptions: startSubscriptions,
  directory: startDirectory,
  docs: startDocs,
  websocket: startWebsocket,
};
