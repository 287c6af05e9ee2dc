/** HTTP connections that are kept, each with one request at a time. */
import { AnswerReader } from './answers.ts';
import { connectRaw } from './raw-socket.ts';

export interface HttpClient {
  /**
   * Resolves when the answer is complete.
   * @throws Error when it is no success
   */
  request(bytes: Buffer): Promise<AnswerReader>;
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
  let answer = new AnswerReader();
  let answered = Promise.withResolvers<AnswerReader>();
  let lost: Error | undefined; // also while nothing is asked: then the next who asks is told
  const socket = await connectRaw(
    port,
    (bytes, length) => {
      if (!answer.take(bytes, length)) return;
      if (answer.head.startsWith('HTTP/1.1 2')) answered.resolve(answer);
      else answered.reject(new Error(answer.head));
    },
    (error) => {
      lost ??= error;
      answered.reject(error);
    },
  );
  answered.promise.catch(() => {}); // nobody may be waiting when the connection ends
  return {
    async request(bytes) {
      if (lost !== undefined) throw lost;
      answer = new AnswerReader();
      answered = Promise.withResolvers();
      socket.write(bytes);
      return answered.promise;
    },
    close: () => socket.destroy(),
  };
}
