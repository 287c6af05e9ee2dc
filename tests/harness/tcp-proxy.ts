/** A network between client and server that can be hurt: cut, slow, paused, in pieces, and with requests that come twice. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { createRandom } from './random.ts';
import type { AddressInfo, Socket } from 'node:net';

export interface TcpProxy {
  readonly url: string;
  /** Connections that were made so far. */
  readonly made: number;
  /** Requests that were sent a second time so far. */
  readonly repeated: number;
  /** Cut all connections, as a lost network does, and refuse new ones until `restore`. */
  cut(): void;
  /** Cut all connections; new ones can be made at once. */
  drop(): void;
  restore(): void;
  /** Nothing gets through any more, in neither direction, and nobody is told. Until `resume`. */
  pause(): void;
  /** What clients send gets through, and nothing comes back. Until `resume`. */
  pauseAnswers(): void;
  resume(): void;
  /** Everything is passed on this much later. */
  delayMs: number;
  /** Every write is passed on in pieces, cut at random, each in a packet of its own. */
  inPieces: boolean;
  /**
   * Each POST is sent to the server a second time, on a connection of its own, as those in the middle do that try again
   * when an answer takes too long. The client hears the first answer.
   */
  repeatsPosts: boolean;
}

interface Link {
  client: Socket;
  server: Socket;
}

/** @param target where the server listens. @returns once it listens itself; ended when the test ends */
export async function startTcpProxy(target: { port: number }, seed = 20261122): Promise<TcpProxy> {
  const random = createRandom(seed);
  const links = new Set<Link>();
  let made = 0;
  let repeated = 0;
  let isCut = false;
  let paused: PromiseWithResolvers<void> | undefined;
  let areOnlyAnswersPaused = false;

  const sendPieces = async (to: Socket, bytes: Buffer) => {
    for (let at = 0; at < bytes.length;) {
      const size = proxy.inPieces ? 1 + Math.floor(random() * (bytes.length - at)) : bytes.length;
      to.write(bytes.subarray(at, at + size));
      at += size;
      if (at < bytes.length) await new Promise((resolve) => setImmediate(resolve)); // or they would go as one
    }
  };

  /** In order, whatever happens to each. */
  const passOn = (from: Socket, to: Socket, isAnswer: boolean) => {
    let before = Promise.resolve();
    const later = (work: () => unknown) => {
      const dueAt = performance.now() + proxy.delayMs;
      before = before.then(async () => {
        if (isAnswer || !areOnlyAnswersPaused) await paused?.promise;
        const leftMs = dueAt - performance.now();
        if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
        await work();
      });
    };
    from.on('data', (bytes: Buffer) => later(() => sendPieces(to, bytes)));
    from.on('end', () => later(() => to.end()));
  };

  /** @returns takes in what one client sends, and sends each POST again as soon as it is whole */
  const createRepeater = () => {
    let rest = Buffer.alloc(0);
    return (bytes: Buffer) => {
      if (!proxy.repeatsPosts) return;
      rest = Buffer.concat([rest, bytes]);
      const headEnd = rest.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = rest.subarray(0, headEnd).toString('latin1');
      const end = headEnd + 4 + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (rest.length < end) return;
      const request = rest.subarray(0, end);
      rest = rest.subarray(end);
      if (!head.startsWith('POST ')) return;
      repeated++;
      const again = connect(target.port, '127.0.0.1');
      again.on('error', () => {}).resume();
      again.end(request);
      onTestFinished(() => void again.destroy());
    };
  };

  const listener = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    made++;
    if (isCut) return void client.resetAndDestroy();
    const server = connect({ port: target.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const link = { client, server };
    links.add(link);
    for (const [one, other] of [[client, server] as const, [server, client] as const]) {
      passOn(one, other, one === server);
      one.on('error', () => other.resetAndDestroy());
      one.on('close', () => {
        links.delete(link);
        // What is on its way is still passed on, but where there is nobody any more.
        if (one === client) server.destroy();
      });
    }
    client.on('data', createRepeater());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo; // a TCP server's address is no string

  const drop = () => {
    for (const { client, server } of links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  };
  onTestFinished(() => {
    listener.close();
    drop();
  });
  const proxy: TcpProxy = {
    url: `http://127.0.0.1:${port}`,
    get made() {
      return made;
    },
    get repeated() {
      return repeated;
    },
    cut() {
      isCut = true;
      drop();
    },
    drop,
    restore: () => void (isCut = false),
    pause: () => void (paused ??= Promise.withResolvers()),
    pauseAnswers() {
      areOnlyAnswersPaused = true;
      paused ??= Promise.withResolvers();
    },
    resume() {
      areOnlyAnswersPaused = false;
      paused?.resolve();
      paused = undefined;
    },
    delayMs: 0,
    inPieces: false,
    repeatsPosts: false,
  };
  return proxy;
}
