/** Ports of servers that are ended and come back, or that must know each other before they start. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below those that systems give to whoever asks for any: where one of those is free for a moment, another server or
 * connection may be given it. No browser refuses any of these.
 */
const FIRST = 11_000;
/** For each of the processes that tests run in, so that no two of them take the same. */
const EACH = 5_000;

let taken = Math.floor(Math.random() * EACH);

export async function takePort(): Promise<number> {
  const [port = 0] = await takeFreePorts(1);
  return port;
}

/** @returns ports that were free a moment ago, and are given to nobody else in a while */
export async function takeFreePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = nextPort();
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function nextPort(): number {
  const nth = Number(process.env['VITEST_POOL_ID'] ?? 1) % 4;
  taken = (taken + 1) % EACH;
  return FIRST + nth * EACH + taken;
}

async function isFree(port: number): Promise<boolean> {
  const holder = createServer().listen(port, '127.0.0.1');
  const isHeld = await once(holder, 'listening').then(
    () => true,
    () => false, // another program has it
  );
  if (isHeld) await new Promise((resolve) => holder.close(resolve));
  return isHeld;
}
