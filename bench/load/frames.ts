/** WebSocket frames, as cheaply as can be: received ones are counted by their headers, sent ones are made once. */

const TEXT_FRAME = 0x81;
/** The shortest payload whose length does not fit into the first two bytes. */
const LONG_PAYLOAD = 126;
const MASKED = 0x80;

/**
 * Counts the messages of one connection. All messages of a run are longer than 125 bytes and everything else that a
 * server says is shorter, so that the header tells them apart.
 */
export class FrameCounter {
  #header = new Uint8Array(10);
  #headerLength = 0;
  #payloadLeft = 0;

  /** @returns how many messages ended in these bytes */
  take(bytes: Buffer, length: number, at = 0): number {
    let messages = 0;
    while (at < length) {
      if (this.#payloadLeft === 0) {
        this.#header[this.#headerLength++] = bytes[at++] ?? 0;
        this.#readHeader();
      } else {
        const step = Math.min(this.#payloadLeft, length - at);
        at += step;
        this.#payloadLeft -= step;
        if (this.#payloadLeft > 0) break;
        if (this.#isMessage()) messages++;
        this.#headerLength = 0;
      }
    }
    return messages;
  }

  #readHeader(): void {
    const kind = this.#header[1] ?? 0;
    const needed = this.#headerLength < 2 || kind < LONG_PAYLOAD ? 2 : kind === LONG_PAYLOAD ? 4 : 10;
    if (this.#headerLength < needed) return;
    const view = new DataView(this.#header.buffer);
    this.#payloadLeft = needed === 2 ? kind : needed === 4 ? view.getUint16(2) : Number(view.getBigUint64(2));
    if (this.#payloadLeft === 0) this.#headerLength = 0;
  }

  #isMessage(): boolean {
    return this.#header[0] === TEXT_FRAME && (this.#header[1] ?? 0) >= LONG_PAYLOAD;
  }
}

/** A client's text frame. Masked, as it must be, with a mask of zeros, which leaves the text as it is. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length < LONG_PAYLOAD || payload.length > 0xffff) throw new Error('Only texts of 126 to 65,535 bytes');
  const header = Buffer.alloc(8);
  header[0] = TEXT_FRAME;
  header[1] = MASKED | LONG_PAYLOAD;
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}
