/** A cursor that the server remembers for a client: what was given to it, and how much of that it has confirmed. */
import { ChatError } from '../errors.ts';
import { MAX_UNCONFIRMED_BATCHES } from '../limits.ts';
import type { Page } from '../conversation/change.ts';

/** What is given in one answer. */
export interface Batch {
  number: number;
  page: Page;
}

/** What is read from: one room. */
export interface Source {
  head(): number;
  after(since: number, limit: number): Page;
}

export class RememberedCursor {
  readonly #source: Source;
  /** The client has everything up to this seq. */
  #confirmed: number;
  /** Everything up to this seq was given at some time. */
  #given: number;
  #lastNumber = 0;
  /** In order of their numbers: up to which seq each of them goes. */
  #unconfirmed: { number: number; upTo: number }[] = [];

  /** @param since seq to begin after */
  constructor(source: Source, since: number) {
    this.#source = source;
    this.#confirmed = since;
    this.#given = since;
  }

  /** The number of the newest batch; 0 before the first, to be confirmed as any other: then the first is given again. */
  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** Where the next batch begins. */
  get position(): number {
    return this.#confirmed;
  }

  /** @throws ChatError `invalid-query` for the number of a batch that was never given; then nothing is changed */
  check(ack: number | undefined): void {
    if (ack === undefined || ack <= this.#lastNumber) return;
    const detail = 'must be the number of a batch that was given';
    throw new ChatError('invalid-query', `"ack" ${detail}.`, { errors: [{ field: 'ack', detail }] });
  }

  /**
   * Take it that the client has a batch, and what came before it.
   * @param ack undefined: it has all that was given
   */
  confirm(ack: number | undefined): void {
    this.check(ack);
    // Of a batch that is not remembered any more nothing is known that would lead further: what follows is given again.
    const upTo = ack === undefined ? this.#given : this.#unconfirmed.find(({ number }) => number === ack)?.upTo;
    this.#confirmed = Math.max(this.#confirmed, upTo ?? 0);
    this.#unconfirmed = this.#unconfirmed.filter(
      (batch) => batch.number > (ack ?? Infinity) && batch.upTo > this.#confirmed,
    );
  }

  /**
   * Everything that is not confirmed, each message as it stands now.
   *
   * An empty batch has the number of the one before: there is nothing in it to confirm, so a client may confirm whatever
   * number it saw last. A batch that goes as far as the one before has its number too; one that goes further has a new
   * one, so that confirming what was lost on the way never confirms what came after it.
   */
  next(limit: number): Batch {
    const page = this.#source.after(this.#confirmed, limit);
    const upTo = page.changes.at(-1)?.seq;
    if (upTo === undefined) {
      // Nothing of the room lies between: so reading never has to go far back, however quiet the room.
      this.#confirmed = this.#source.head();
      this.#given = this.#confirmed;
      this.#unconfirmed = [];
    } else if (this.#unconfirmed.at(-1)?.upTo !== upTo) {
      this.#unconfirmed.push({ number: ++this.#lastNumber, upTo });
      this.#given = Math.max(this.#given, upTo);
      if (this.#unconfirmed.length > MAX_UNCONFIRMED_BATCHES) this.#unconfirmed.shift();
    }
    return { number: this.#lastNumber, page };
  }
}
