/** HTTP connections that are kept, each with one request at a time. */
import { connectRaw } from './raw-socket.ts';

export interface HttpClient {
  /**
   * Resolves when the answer is complete.
   * @throws Error when it is no success
   */
  request(bytes: Buffer): Promise<void>;
  close(): void;
}

export async function openHttpClients(port: number, count: number): Promise<HttpClient[]> {
  return Promise.all(Array.from({ length: count }, async () => openHttpClient(port)));
}

/** A request as it goes over the wire; the same bytes serve as often as it is made. */
export function httpRequest(method: 'GET' | 'POST', path: string, body?: object): Buffer {
  const json = body === undefined ? '' : JSON.stringify(body);
  const about =
    body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${about}\r\n${json}`);
}

async function openHttpClient(port: number): Promise<HttpClient> {
  let answer = '';
  let answered = Promise.withResolvers<void>();
  const socket = await connectRaw(
    port,
    (bytes, length) => {
      answer += bytes.toString('latin1', 0, length);
      if (!isComplete(answer)) return;
      if (answer.startsWith('HTTP/1.1 2')) answered.resolve();
      else answered.reject(new Error(answer));
    },
    (error) => answered.reject(error),
  );
  answered.promise.catch(() => {}); // nobody may be waiting when the connection ends
  return {
    async request(bytes) {
      answer = '';
      answered = Promise.withResolvers();
      socket.write(bytes);
      return answered.promise;
    },
    close: () => socket.destroy(),
  };
}

/** @throws Error for an answer whose length is not told in advance, as no server that is measured gives one */
function isComplete(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer)?.[1];
  if (length === undefined) throw new Error(`An answer without a length:\n${answer}`);
  return answer.length >= end + 4 + Number(length);
}
