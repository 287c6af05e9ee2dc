/** Which servers are measured, one line each, loaded in the process that runs it. */
import type { StartBenchServer } from './server.ts';

export const SERVERS: { readonly [name: string]: () => Promise<StartBenchServer> } = {
  since: async () => (await import('./since.ts')).startSince,
  ws: async () => (await import('./ws.ts')).startWs,
  'socket.io': async () => (await import('./socket-io.ts')).startSocketIo,
  websocket: async () => (await import('./websocket.ts')).startWebsocket,
  express: async () => (await import('./express.ts')).startExpress,
  http: async () => (await import('./http.ts')).startHttp,
};
