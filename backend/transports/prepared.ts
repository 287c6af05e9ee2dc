/**
 * What was said, as bytes that are made once: a room's changes in pieces, given to all who come back as long as each of
 * their messages stands where it stood. A page or a slice is some of these pieces, sent as they lie in memory.
 */
import {
  FORGET_PREPARED_MS,
  MAX_PAGE_CHARS,
  MAX_PIECE_CHARS,
  MAX_PREPARED_BYTES,
  MIN_PREPARED_CHANGES,
  PIECE_CHANGES,
} from '../limits.ts';
import { firstAbove } from '../ascending.ts';
import { join } from './encoding.ts';
import type { Clock } from '../clock.ts';
import type { Change, Page } from '../conversation/change.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Form } from './encoding.ts';

/** Some messages of a room that follow on each other. */
export interface Part {
  /** One after the other, and nothing around them. */
  readonly messages: Buffer;
  readonly count: number;
  /** Seq of the last. */
  readonly last: number;
  /** Whether it is known that the room has nothing after it. */
  readonly isAll: boolean;
  /** The same with what the form puts around them. */
  enclosed(): Buffer;
}

export interface Pieces {
  readonly parts: readonly Part[];
  /** Seq of the last message; undefined without one. */
  readonly last: number | undefined;
  readonly hasMore: boolean;
}

export interface Prepared {
  /** @returns what comes next after `since`, at most `limit` messages, and fewer where a piece ends; undefined: nothing */
  next(form: Form, room: string, since: number, limit: number): Part | undefined;
  /** @returns all that comes after `since`, up to `limit` messages, or fewer where they are long */
  after(form: Form, room: string, since: number, limit: number): Pieces;
  /** To be told of each change as it is applied: where the message stood before, it stands no more. */
  forget(changes: readonly Change[]): void;
  /** How many are kept. */
  bytes(): number;
  stop(): void;
}

const NOTHING = Buffer.alloc(0);

export function createPrepared(conversation: Pick<Conversation, 'after'>, clock: Clock): Prepared {
  const shelves = new Map<Form, Map<string, Shelf>>();
  /** Those that are kept, the one that was not used for longest first; with the time of use, by the clock's `elapsed`. */
  const kept = new Map<Piece, number>();
  let bytes = 0;
  let cancelSweep: (() => void) | undefined;

  const shelfOf = (form: Form, room: string): Shelf => {
    let rooms = shelves.get(form);
    if (rooms === undefined) shelves.set(form, (rooms = new Map<string, Shelf>()));
    let shelf = rooms.get(room);
    if (shelf === undefined) rooms.set(room, (shelf = new Shelf()));
    return shelf;
  };

  const use = (piece: Piece) => {
    kept.delete(piece);
    kept.set(piece, clock.elapsed());
  };
  const drop = (piece: Piece) => {
    if (!kept.delete(piece)) return;
    bytes -= piece.size;
    const rooms = shelves.get(piece.form);
    const shelf = rooms?.get(piece.room);
    shelf?.take(piece);
    if (shelf?.isEmpty) rooms?.delete(piece.room);
  };
  const sweep = () => {
    cancelSweep = undefined;
    const latest = clock.elapsed() - FORGET_PREPARED_MS;
    for (const [piece, usedAt] of kept) {
      if (usedAt > latest) break;
      drop(piece);
    }
    if (kept.size > 0) cancelSweep = clock.after(FORGET_PREPARED_MS, sweep);
  };
  const keep = (piece: Piece) => {
    shelfOf(piece.form, piece.room).put(piece);
    use(piece);
    bytes += piece.size;
    for (const [oldest] of kept) {
      if (bytes <= MAX_PREPARED_BYTES) break;
      drop(oldest);
    }
    cancelSweep ??= clock.after(FORGET_PREPARED_MS, sweep);
  };

  const next: Prepared['next'] = (form, room, since, limit) => {
    const shelf = shelves.get(form)?.get(room);
    const known = shelf?.holding(since);
    if (known !== undefined) {
      use(known);
      return known.after(since, limit);
    }
    // For a few it is not worth preparing more than was asked for.
    const page = conversation.after(room, since, limit < MIN_PREPARED_CHANGES ? limit : PIECE_CHANGES);
    if (page.changes.length === 0) return undefined;
    const upTo = shelf?.nextBegin(since) ?? Infinity;
    const changes = fit(page, upTo);
    if (changes.length === 0) return next(form, room, upTo, limit); // the first is in the piece that is kept
    const piece = new Piece(form, room, since, changes);
    if (piece.count >= MIN_PREPARED_CHANGES) keep(piece);
    return piece.after(since, limit, !page.hasMore && changes.length === page.changes.length);
  };

  return {
    next,
    after(form, room, since, limit) {
      const parts: Part[] = [];
      let count = 0;
      let size = 0;
      let last = since;
      let isAll = false;
      while (count < limit && size < MAX_PAGE_CHARS && !isAll) {
        const part = next(form, room, last, limit - count);
        if (part === undefined) isAll = true;
        else {
          parts.push(part);
          ({ last, isAll } = part);
          count += part.count;
          size += part.messages.length;
        }
      }
      const isKnown = () => shelves.get(form)?.get(room)?.holding(last) !== undefined;
      const hasMore = !isAll && (isKnown() || conversation.after(room, last, 1).changes.length > 0);
      return { parts, last: count === 0 ? undefined : last, hasMore };
    },
    forget(changes) {
      for (const change of changes) {
        if (change.id === change.seq) continue; // it stood nowhere before
        for (const rooms of shelves.values()) {
          const piece = rooms.get(change.room)?.withMessage(change.id);
          if (piece !== undefined) drop(piece);
        }
      }
    },
    bytes: () => bytes,
    stop() {
      cancelSweep?.();
      shelves.clear();
      kept.clear();
    },
  };
}

/** @returns the changes of the page up to a seq, and to as many characters as a piece may have, but one at least */
function fit({ changes }: Page, upTo: number): readonly Change[] {
  let size = 0;
  const end = changes.findIndex(({ seq, json }, index) => {
    size += json.length;
    return seq > upTo || (size > MAX_PIECE_CHARS && index > 0);
  });
  return end === -1 ? changes : changes.slice(0, end);
}

/** The pieces of one room in one form: apart from each other, in ascending order. */
class Shelf {
  readonly #pieces: Piece[] = [];
  /** Which piece has a message that changed after it came into being; others are found where they came into being. */
  readonly #moved = new Map<number, Piece>();

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** @returns the piece that goes on after this seq, if one is kept */
  holding(since: number): Piece | undefined {
    const piece = this.#pieces[this.#firstBeyond(since)];
    return piece !== undefined && piece.since <= since ? piece : undefined;
  }

  withMessage(id: number): Piece | undefined {
    return this.#moved.get(id) ?? this.holding(id - 1);
  }

  nextBegin(since: number): number | undefined {
    return this.#pieces[this.#firstBeyond(since)]?.since;
  }

  put(piece: Piece): void {
    this.#pieces.splice(this.#firstBeyond(piece.since), 0, piece);
    for (const id of piece.movedIds) this.#moved.set(id, piece);
  }

  take(piece: Piece): void {
    this.#pieces.splice(this.#pieces.indexOf(piece), 1);
    for (const id of piece.movedIds) if (this.#moved.get(id) === piece) this.#moved.delete(id);
  }

  /** @returns the index of the first piece that ends after a seq */
  #firstBeyond(seq: number): number {
    return firstAbove(seq, this.#pieces.length, (index) => this.#pieces[index]?.last ?? 0);
  }
}

/** All of a room's messages that stand between two places. */
class Piece {
  readonly form: Form;
  readonly room: string;
  /** It begins after this seq. */
  readonly since: number;
  readonly last: number;
  readonly movedIds: readonly number[];
  readonly #seqs: readonly number[];
  /** Where in the bytes each message ends. */
  readonly #ends: readonly number[];
  readonly #enclosed: Buffer;
  readonly #messages: Buffer;

  constructor(form: Form, room: string, since: number, changes: readonly Change[]) {
    this.form = form;
    this.room = room;
    this.since = since;
    this.movedIds = changes.flatMap(({ id, seq }) => (id === seq ? [] : [id]));
    this.#seqs = changes.map(({ seq }) => seq);
    this.last = this.#seqs.at(-1) ?? since;
    const messages = changes.map((change) => form.message(change));
    let length = 0;
    this.#ends = messages.map((message) => (length += message.length));
    const { head, tail } = form.enclose?.(length) ?? { head: NOTHING, tail: NOTHING };
    this.#enclosed = Buffer.concat([head, ...messages, tail]);
    this.#messages = this.#enclosed.subarray(head.length, head.length + length);
  }

  get count(): number {
    return this.#seqs.length;
  }

  /** Bytes. */
  get size(): number {
    return this.#enclosed.length;
  }

  /** @param isLast whether it is known that nothing comes after the piece */
  after(since: number, limit: number, isLast = false): Part {
    const { form } = this;
    const first = firstAbove(since, this.count, (index) => this.#seqs[index] ?? 0);
    const end = Math.min(first + limit, this.count);
    const isWhole = end - first === this.count;
    const messages = isWhole ? this.#messages : this.#messages.subarray(this.#endOf(first), this.#endOf(end));
    return {
      messages,
      count: end - first,
      last: this.#seqs[end - 1] ?? since,
      isAll: isLast && end === this.count,
      enclosed: () => (isWhole ? this.#enclosed : join(form, [messages])),
    };
  }

  /** @returns where the first `count` messages end */
  #endOf(count: number): number {
    return count === 0 ? 0 : (this.#ends[count - 1] ?? 0);
  }
}
