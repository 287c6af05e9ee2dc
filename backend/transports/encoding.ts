/** Changes as bytes: each is encoded once, however many connections it goes to. */
import type { Change } from '../conversation/change.ts';

/** How messages are put into bytes. One object for all that are sent so: what it made is shared by them. */
export interface Form {
  /** One message. Several are sent one after the other. */
  message(change: Change): Buffer;
  /** Where something goes around what is sent in one go, as with the chunks of HTTP. @param length of it all, in bytes */
  enclose?: ((length: number) => { head: Buffer; tail: Buffer }) | undefined;
}

/** The same, and what else a connection is told. */
export interface Encoding extends Form {
  caughtUp(room: string, cursor: string): Buffer;
  reset(room: string): Buffer;
  /** Where the encoding has a form for it: how many are in the room. */
  presence?(room: string, online: number): Buffer;
  /** Where the encoding has a form for it: who is typing. */
  typing?(room: string, users: readonly string[]): Buffer;
}

export const bySeq = (one: Change, other: Change) => one.seq - other.seq;

export type Encode = (encoding: Encoding, changes: readonly Change[]) => Buffer;

/** @returns encodes each change once, and gives the same bytes to all who get the same changes */
export function createEncode(): Encode {
  const made = new Map<Encoding, Map<string, Buffer>>();
  return (encoding, changes) => {
    let known = made.get(encoding);
    if (known === undefined) made.set(encoding, (known = new Map<string, Buffer>()));
    const once = (name: string, make: () => Buffer) => {
      const bytes = known.get(name) ?? make();
      known.set(name, bytes);
      return bytes;
    };
    const one = (change: Change) => once(String(change.seq), () => encoding.message(change));
    return once(`all of ${changes.map(({ seq }) => seq).join()}`, () => join(encoding, changes.map(one)));
  };
}

/** @returns the messages as they are sent in one go */
export function join(form: Pick<Form, 'enclose'>, messages: readonly Buffer[]): Buffer {
  const [first] = messages;
  if (form.enclose === undefined) return messages.length === 1 && first !== undefined ? first : Buffer.concat(messages);
  const { head, tail } = form.enclose(messages.reduce((length, message) => length + message.length, 0));
  return Buffer.concat([head, ...messages, tail]);
}

/** Changes of one room that go out together. */
export class Batch {
  readonly #changes: readonly Change[];
  readonly #encode: Encode;
  readonly #first: number;
  /** For those who get all of them, which are nearly all: found without a look at the changes. */
  readonly #encoded = new Map<Encoding, Buffer>();
  readonly last: number;

  constructor(changes: readonly Change[], encode: Encode) {
    this.#changes = changes;
    this.#encode = encode;
    this.#first = changes[0]?.seq ?? 0;
    this.last = changes.at(-1)?.seq ?? 0;
  }

  changesAfter(cursor: number): readonly Change[] {
    return cursor < this.#first ? this.#changes : this.#changes.filter(({ seq }) => seq > cursor);
  }

  bytesAfter(cursor: number, encoding: Encoding): Buffer {
    if (cursor >= this.#first) return this.#encode(encoding, this.changesAfter(cursor));
    let bytes = this.#encoded.get(encoding);
    if (bytes === undefined) this.#encoded.set(encoding, (bytes = this.#encode(encoding, this.#changes)));
    return bytes;
  }
}
