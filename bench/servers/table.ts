/** Which servers are measured, one line each, loaded in the process that runs it. The ratios are to `ws`. */
import type { StartBenchServer } from './server.ts';

export const SERVERS: { readonly [name: string]: () => Promise<StartBenchServer> } = {
  since: async () => (await import('./since.ts')).startSince,
  ws: async () => (await import('./ws.ts')).startWs,
  websocket: async () => (await import('./websocket.ts')).startWebsocket,
};

export const BASELINE = 'ws';
