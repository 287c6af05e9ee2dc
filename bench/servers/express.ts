/** Express alone, for what is asked by HTTP. */
import { createNaiveChat } from './naive-chat.ts';
import type { BenchServer, ServerOptions } from './server.ts';

export async function startExpress(options: ServerOptions): Promise<BenchServer> {
  return createNaiveChat(options, () => {}).listen();
}
