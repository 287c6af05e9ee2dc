/** Node's own HTTP server and `JSON.stringify` a page: the least that giving pages of an array can cost that way. */
import { createServer } from 'node:http';
import { createMessages, listen } from './naive-chat.ts';
import type { BenchServer, ServerOptions } from './server.ts';

export async function startHttp({ stored = 0 }: ServerOptions): Promise<BenchServer> {
  const messages = createMessages(stored);
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const since = Number(query.get('since') ?? messages.length);
    const page = messages.slice(since, since + Number(query.get('limit') ?? 1000));
    const json = JSON.stringify(page);
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(json),
      'Next-Since': String(since + page.length),
    });
    response.end(json);
  });
  return listen(server);
}
