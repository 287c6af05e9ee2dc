/** Changes as bytes: each is encoded once, however many connections it goes to. */
import type { Change } from '../conversation/change.ts';

/** How messages are put into bytes. One object for all connections of a kind: what it made is shared by them. */
export interface Encoding {
  /** The bytes of each, one after the other. */
  changes(changes: readonly Change[]): Buffer;
  caughtUp(room: string, cursor: string): Buffer;
  reset(room: string): Buffer;
  /** Where the encoding has a form for it: how many are in the room. */
  presence?(room: string, online: number): Buffer;
  /** Where the encoding has a form for it: who is writing. */
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
    const one = (change: Change) => once(String(change.seq), () => encoding.changes([change]));
    const [first] = changes;
    if (first !== undefined && changes.length === 1) return one(first);
    return once(changes.map(({ seq }) => seq).join(), () => Buffer.concat(changes.map(one)));
  };
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
