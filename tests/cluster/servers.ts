/** Servers that share a journal on NATS: in this process, or each in one of its own. */
import { startServerProcess } from '../harness/process.ts';
import { startTestServer } from '../harness/server.ts';
import type { NatsNode } from '../harness/nats.ts';
import type { ProcessOptions, ServerProcess } from '../harness/process.ts';
import type { TestServer, TestServerOptions } from '../harness/server.ts';

const SECRET = 'the same on all servers of a cluster, and long';

const urlsOf = (nodes: readonly NatsNode[]) => nodes.map(({ url }) => url).join(',');

export function startSharing(nodes: readonly NatsNode[], options: TestServerOptions = {}): Promise<TestServer> {
  return startTestServer({
    journal: 'nats',
    natsUrl: urlsOf(nodes),
    natsReplicas: nodes.length,
    secret: SECRET,
    ...options,
  });
}

export function startSharingProcess(nodes: readonly NatsNode[], options: ProcessOptions = {}): Promise<ServerProcess> {
  const settings = {
    JOURNAL: 'nats',
    NATS_URL: urlsOf(nodes),
    NATS_REPLICAS: String(nodes.length),
    SECRET,
  };
  return startServerProcess({ ...options, env: { ...settings, ...options.env } });
}
