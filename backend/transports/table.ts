/** Every transport, one line each. A new one is a file beside this and a line here. */
import { startPolling } from './polling.ts';
import { startWebsocket } from './websocket.ts';
import { startWriting } from './writing.ts';
import type { StartTransport } from './transport.ts';

export const TRANSPORTS: { readonly [name: string]: StartTransport } = {
  writing: startWriting,
  polling: startPolling,
  websocket: startWebsocket,
};
