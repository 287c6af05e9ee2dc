/** WebSocket frames, as cheaply as can be: received ones are counted by their headers, sent ones are made once. */

const TEXT_FRAME = 0x81;
/** The shortest payload whose length does not fit into the first two bytes. */
const LONG_PAYLOAD = 126;
const HUGE_PAYLOAD = 127;
const MASKED = 0x80;

/**
 * Counts the messages of one connection. All messages of a run are longer than 125 bytes and everything else that a
 * server says is shorter, so that the header tells them apart.
 */
export class FrameCounter {
  readonly #header = new Uint8Array(10);
  #headerLength = 0;
  #payloadLeft = 0;
  #isMessage = false;
  /** Other frames so far: what a server says of itself. */
  others = 0;

  /** @returns how many messages ended in these bytes */
  take(bytes: Uint8Array, length: number, at = 0): number {
    let messages = 0;
    while (at < length) {
      if (this.#payloadLeft === 0) {
        at = this.#readHeader(bytes, length, at);
        continue;
      }
      const step = Math.min(this.#payloadLeft, length - at);
      at += step;
      this.#payloadLeft -= step;
      if (this.#payloadLeft > 0) break;
      if (this.#isMessage) messages++;
      else this.others++;
    }
    return messages;
  }

  /** @returns where it went on to */
  #readHeader(bytes: Uint8Array, length: number, at: number): number {
    // Nearly all headers lie whole in what was read: looked at in place, a million a second cost little.
    if (this.#headerLength === 0 && bytes[at + 1] === LONG_PAYLOAD && at + 4 <= length) {
      this.#isMessage = bytes[at] === TEXT_FRAME;
      this.#payloadLeft = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
      return at + 4;
    }
    this.#header[this.#headerLength++] = bytes[at] ?? 0;
    const kind = this.#header[1] ?? 0;
    const needed = this.#headerLength < 2 || kind < LONG_PAYLOAD ? 2 : kind === LONG_PAYLOAD ? 4 : 10;
    if (this.#headerLength < needed) return at + 1;
    const view = new DataView(this.#header.buffer);
    this.#payloadLeft = needed === 2 ? kind : needed === 4 ? view.getUint16(2) : Number(view.getBigUint64(2));
    this.#isMessage = this.#header[0] === TEXT_FRAME && kind >= LONG_PAYLOAD;
    this.#headerLength = 0;
    if (this.#payloadLeft === 0) this.others++;
    return at + 1;
  }
}

/** A client's text frame. Masked, as it must be, with a mask of zeros, which leaves the text as it is. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length > 0xffff) throw new Error('Only texts of up to 65,535 bytes');
  const isLong = payload.length >= LONG_PAYLOAD;
  const header = Buffer.alloc(isLong ? 8 : 6);
  header[0] = TEXT_FRAME;
  header[1] = MASKED | (isLong ? LONG_PAYLOAD : payload.length);
  if (isLong) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

/**
 * For the few connections whose messages are looked at.
 * @returns the texts of a server's whole frames, and the bytes that are left for the next time
 */
export function readTexts(bytes: Buffer): { texts: string[]; rest: Buffer } {
  const texts: string[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const kind = bytes[at + 1] ?? 0;
    const header = kind < LONG_PAYLOAD ? 2 : kind < HUGE_PAYLOAD ? 4 : 10;
    if (at + header > bytes.length) break;
    const length =
      header === 2 ? kind : header === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const end = at + header + length;
    if (end > bytes.length) break;
    if (bytes[at] === TEXT_FRAME) texts.push(bytes.toString('utf8', at + header, end));
    at = end;
  }
  return { texts, rest: bytes.subarray(at) };
}
