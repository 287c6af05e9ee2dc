/** Answers of HTTP/1.1: where one ends, found without looking at what is in it. */

const LINE_FEED = 0x0a;

/** One answer on its way. */
export class AnswerReader {
  /** Status line and headers; complete as soon as there is something of the body. */
  head = '';
  bodyBytes = 0;
  #isHeadComplete = false;
  /** Bytes of the body, or of the chunk with its line break, that are still to come. */
  #left = 0;
  #isChunked = false;
  #chunkSize = '';
  #isLastChunk = false;

  /**
   * @returns whether the answer is complete
   * @throws Error for one whose length is told in neither of the two ways
   */
  take(bytes: Buffer, length: number): boolean {
    let at = this.#isHeadComplete ? 0 : this.#takeHead(bytes, length);
    if (!this.#isHeadComplete) return false;
    if (!this.#isChunked) {
      this.bodyBytes += length - at;
      this.#left -= length - at;
      return this.#left <= 0;
    }
    while (at < length) {
      const step = Math.min(this.#left, length - at);
      this.#left -= step;
      this.bodyBytes += step;
      at += step;
      if (this.#left > 0) return false;
      if (this.#isLastChunk) return true;
      if (at < length) at = this.#takeChunkSize(bytes, length, at);
    }
    return false;
  }

  #takeHead(bytes: Buffer, length: number): number {
    const before = this.head.length;
    this.head += bytes.toString('latin1', 0, length);
    const end = this.head.indexOf('\r\n\r\n');
    if (end === -1) return length;
    this.#isHeadComplete = true;
    this.head = this.head.slice(0, end);
    const told = headerOf(this.head, 'content-length');
    this.#isChunked = told === undefined && headerOf(this.head, 'transfer-encoding') === 'chunked';
    if (told === undefined && !this.#isChunked) throw new Error(`An answer without a length:\n${this.head}`);
    this.#left = Number(told ?? 0);
    return end + 4 - before;
  }

  #takeChunkSize(bytes: Buffer, length: number, at: number): number {
    const found = bytes.indexOf(LINE_FEED, at);
    const end = found === -1 || found >= length ? length : found + 1;
    this.#chunkSize += bytes.toString('latin1', at, end);
    if (!this.#chunkSize.endsWith('\n')) return end;
    const size = Number.parseInt(this.#chunkSize, 16);
    this.#chunkSize = '';
    this.#isLastChunk = size === 0;
    this.#left = size + 2;
    return end;
  }
}

export function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i').exec(head)?.[1];
}
