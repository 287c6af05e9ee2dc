/** What every journal does, run for each engine. */
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../backend/log.ts';
import { makeDataDir } from '../harness/server.ts';
import type { Entry, Journal, NewEntry, OpenJournal } from '../../backend/journal/journal.ts';

export interface Engine {
  openJournal: OpenJournal;
  /** Whether a journal that is closed and opened again is the same one. */
  isDurable: boolean;
}

export const silent = createLog('silent');

let written = 0;

/** An entry that differs from every other. */
export function entry(more: Partial<NewEntry> = {}): NewEntry {
  const nth = ++written;
  return { command: 'say', at: '2026-11-22T06:53:00.000Z', text: `text ${nth}`, body: { nth }, ...more };
}

/** Opens a journal that is closed when the test ends. */
export async function open(openJournal: OpenJournal, dataDir: string): Promise<Journal> {
  const journal = await openJournal({ dataDir, log: silent });
  onTestFinished(() => journal.close());
  return journal;
}

/** @returns everything that the journal holds */
export async function readAll(journal: Journal, after = 0): Promise<Entry[]> {
  const entries: Entry[] = [];
  const unfollow = await journal.follow(after, (batch) => void entries.push(...batch));
  unfollow();
  return entries;
}

export function describeJournal(name: string, { openJournal, isDurable }: Engine): void {
  const start = (dataDir = makeDataDir()) => open(openJournal, dataDir);
  const itDurable: (claim: string, test: () => Promise<void>) => void = isDurable ? it : () => {};

  describe(`${name}: append`, () => {
    it('gives rising numbers in the order of the calls, also of one turn', async () => {
      const journal = await start();
      expect(journal.head()).toBe(0);
      const seqs = await Promise.all(Array.from({ length: 50 }, () => journal.append(entry())));
      const later = await journal.append(entry());
      expect(seqs[0]).toBeGreaterThan(0);
      expect([...seqs, later]).toEqual([...seqs, later].toSorted((one, other) => one - other));
      expect(new Set([...seqs, later]).size).toBe(51);
      expect(journal.head()).toBe(later);
    });

    it('resolves whenever it is called, also just as an earlier one ends', async () => {
      const journal = await start();
      for (let ticks = 0; ticks < 30; ticks++) {
        await journal.append(entry());
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
        const head = journal.head();
        expect(await journal.append(entry())).toBeGreaterThan(head);
      }
    });

    it('gives back what was appended, with absent fields absent', async () => {
      const journal = await start();
      const full = entry({ author: 'a1', key: 'k1', about: 7, body: { user: 'Azin', list: [1, null, { a: true }] } });
      const bare: NewEntry = { command: 'say', at: '2026-11-22T06:53:00.000Z', body: {} };
      const seqs = [await journal.append(full), await journal.append(bare)];
      expect(await readAll(journal)).toStrictEqual([
        { ...full, seq: seqs[0] },
        { ...bare, seq: seqs[1] },
      ]);
    });

    it('keeps what is hard to keep: quotes, NUL, emoji, other scripts, long text', async () => {
      const journal = await start();
      const text = `'; DROP TABLE entries; --\u0000\n"\\👩‍👩‍👧‍👦 سلام ${'x'.repeat(100_000)}`;
      await journal.append(entry({ text, author: text.slice(0, 60), body: { [text.slice(0, 40)]: text } }));
      expect(await readAll(journal)).toMatchObject([{ text, author: text.slice(0, 60) }]);
    });
  });

  describe(`${name}: a key`, () => {
    it('is journalled once for an author, and the earlier number given again', async () => {
      const journal = await start();
      const first = await journal.append(entry({ author: 'a', key: 'k' }));
      await journal.append(entry());
      expect(await journal.append(entry({ author: 'a', key: 'k' }))).toBe(first);
      expect(await readAll(journal)).toHaveLength(2);
    });

    it('is journalled once for all who have no author', async () => {
      const journal = await start();
      const first = await journal.append(entry({ key: 'k' }));
      expect(await journal.append(entry({ key: 'k' }))).toBe(first);
    });

    it('is another key for another author, or for none', async () => {
      const journal = await start();
      const callers = [{}, { author: 'a' }, { author: 'b' }, { author: 'a', key: 'l' }];
      const seqs = await Promise.all(callers.map((caller) => journal.append(entry({ key: 'k', ...caller }))));
      expect(new Set(seqs).size).toBe(callers.length);
    });

    it('is journalled once when it comes twice in one turn, with others between', async () => {
      const journal = await start();
      const batches: (readonly Entry[])[] = [];
      await journal.follow(0, (batch) => void batches.push(batch));
      const entries = ['k', 'l', 'k', 'm', 'l'].map((key) => entry({ key }));
      const seqs = await Promise.all(entries.map((one) => journal.append(one)));
      expect([seqs[2], seqs[4]]).toEqual([seqs[0], seqs[1]]);
      expect(batches.flat().map(({ key }) => key)).toEqual(['k', 'l', 'm']);
      expect(batches.flat()[0]?.text).toBe(entries[0]?.text);
    });

    itDurable('is known after the journal was closed and opened again', async () => {
      const dataDir = makeDataDir();
      const before = await start(dataDir);
      const first = await before.append(entry({ author: 'a', key: 'k' }));
      await before.close();
      const after = await start(dataDir);
      expect(await after.append(entry({ author: 'a', key: 'k' }))).toBe(first);
      expect(await after.append(entry({ author: 'a', key: 'l' }))).toBeGreaterThan(first);
    });
  });

  describe(`${name}: follow`, () => {
    it('hands an entry out before its append resolves', async () => {
      const journal = await start();
      const seen = new Set<number>();
      await journal.follow(0, (batch) => batch.forEach(({ seq }) => seen.add(seq)));
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const seq = await journal.append(entry());
          expect(seen).toContain(seq);
          expect(journal.head()).toBeGreaterThanOrEqual(seq);
        }),
      );
    });

    it('begins after the given number, and ends when it is told to', async () => {
      const journal = await start();
      const seqs = [];
      for (let nth = 0; nth < 5; nth++) seqs.push(await journal.append(entry()));
      const seen: number[] = [];
      const unfollow = await journal.follow(seqs[2]!, (batch) => void seen.push(...batch.map(({ seq }) => seq)));
      expect(seen).toEqual(seqs.slice(3));
      seqs.push(await journal.append(entry()));
      unfollow();
      await journal.append(entry());
      expect(seen).toEqual(seqs.slice(3));
    });

    it('gives every entry once and in order, wherever it begins while appends go on', async () => {
      const step = fc.oneof(
        {
          weight: 3,
          arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }),
        },
        { weight: 2, arbitrary: fc.record({ do: fc.constant('follow' as const), after: fc.nat({ max: 40 }) }) },
        { weight: 1, arbitrary: fc.constant({ do: 'wait' as const }) },
        { weight: 2, arbitrary: fc.record({ do: fc.constant('tick' as const), ticks: fc.nat({ max: 6 }) }) },
      );
      // One journal for all runs: each looks at what comes after those before it.
      const journal = await start();
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: 30 }), fc.array(step, { maxLength: 25 }), async (stored, steps) => {
          const base = journal.head();
          const appends = Array.from({ length: stored }, () => journal.append(entry()));
          await Promise.all(appends);
          const follows: { after: number; seen: Entry[]; begun: Promise<() => void> }[] = [];
          for (const one of steps) {
            if (one.do === 'append') {
              for (let nth = 0; nth < one.count; nth++) appends.push(journal.append(entry()));
            } else if (one.do === 'follow') {
              const after = Math.min(base + one.after, journal.head());
              const seen: Entry[] = [];
              const begun = journal.follow(after, (batch) => {
                expect(batch).not.toEqual([]);
                seen.push(...batch);
              });
              follows.push({ after, seen, begun });
            } else if (one.do === 'tick') {
              for (let tick = 0; tick < one.ticks; tick++) await Promise.resolve();
            } else {
              await new Promise((resolve) => setImmediate(resolve));
            }
          }
          await Promise.all(appends);
          for (const { begun } of follows) (await begun)();
          const all = await readAll(journal, base);
          expect(all).toHaveLength(appends.length);
          for (const { after, seen } of follows) expect(seen).toEqual(all.filter(({ seq }) => seq > after));
        }),
      );
    });

    it('hands on a long journal in slices, and whole', async () => {
      const journal = await start();
      const seqs = await Promise.all(Array.from({ length: 1_203 }, () => journal.append(entry())));
      const sizes: number[] = [];
      const seen: number[] = [];
      await journal.follow(0, (batch) => {
        sizes.push(batch.length);
        seen.push(...batch.map(({ seq }) => seq));
      });
      expect(seen).toEqual(seqs);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    });
  });

  describe(`${name}: the epoch`, () => {
    it('is a word that names this journal and no other', async () => {
      const [one, other] = [await start(), await start()];
      expect(one.epoch).toMatch(/^[a-z0-9]{1,16}$/);
      expect(one.epoch).not.toBe(other.epoch);
    });

    it('becomes another one when it is renewed, and keeps the entries', async () => {
      const dataDir = makeDataDir();
      const journal = await start(dataDir);
      await journal.append(entry());
      const [before, entries] = [journal.epoch, await readAll(journal)];
      await journal.renew();
      const after = journal.epoch;
      expect(after).toMatch(/^[a-z0-9]{1,16}$/);
      expect(after).not.toBe(before);
      expect(await readAll(journal)).toStrictEqual(entries);
      if (!isDurable) return;
      await journal.close();
      expect((await start(dataDir)).epoch).toBe(after);
    });

    itDurable('stays, with all entries, when the journal is opened again', async () => {
      const dataDir = makeDataDir();
      const before = await start(dataDir);
      await Promise.all([before.append(entry()), before.append(entry({ author: 'a', key: 'k', about: 1 }))]);
      const entries = await readAll(before);
      await before.close();
      const after = await start(dataDir);
      expect(after.epoch).toBe(before.epoch);
      expect(after.head()).toBe(before.head());
      expect(await readAll(after)).toStrictEqual(entries);
      expect(await after.append(entry())).toBeGreaterThan(before.head());
    });
  });

  describe(`${name}: an entry that erases`, () => {
    it('takes away the text of the entry that it names and of those about it, and nothing else', async () => {
      const journal = await start();
      const meant = await journal.append(entry({ author: 'a', key: 'k' }));
      const other = await journal.append(entry());
      const about = await journal.append(entry({ about: meant }));
      const aboutOther = await journal.append(entry({ about: other }));
      const before = await readAll(journal);
      const { text: _none, ...eraser } = entry({ about: meant, erases: meant });
      const { erases: _, ...kept } = { ...eraser, seq: await journal.append(eraser) };
      const expected = before.map((one) => {
        const { text: _text, ...rest } = one;
        return [meant, about].includes(one.seq) ? rest : one;
      });
      const after = await readAll(journal);
      expect(after.map(({ erases: _erases, ...one }) => one)).toStrictEqual([...expected, kept]);
      expect(after.find(({ seq }) => seq === aboutOther)?.text).toBeDefined();
    });

    it('leaves the key used', async () => {
      const journal = await start();
      const seq = await journal.append(entry({ key: 'k' }));
      await journal.append(entry({ about: seq, erases: seq }));
      expect(await journal.append(entry({ key: 'k' }))).toBe(seq);
    });

    it('keeps its own text, as one that carries it on', async () => {
      const journal = await start();
      const seq = await journal.append(entry());
      const [released] = [await journal.append(entry({ about: seq, erases: seq, text: 'carried on' }))];
      expect((await readAll(journal, seq))[0]).toMatchObject({ seq: released, text: 'carried on' });
    });
  });

  describe(`${name}: close`, () => {
    it('finishes what is under way, and refuses what comes later', async () => {
      const dataDir = makeDataDir();
      const journal = await start(dataDir);
      const seen: number[] = [];
      await journal.follow(0, (batch) => void seen.push(...batch.map(({ seq }) => seq)));
      const underWay = Array.from({ length: 10 }, () => journal.append(entry()));
      const closed = journal.close();
      const late = journal.append(entry());
      await expect(late).rejects.toMatchObject({ name: 'ChatError', code: 'overloaded' });
      const seqs = await Promise.all(underWay);
      await closed;
      expect(seen).toEqual(seqs);
      expect(journal.trouble()).toEqual(expect.any(String));
      await expect(journal.append(entry())).rejects.toMatchObject({ code: 'overloaded' });
      if (!isDurable) return;
      expect(await readAll(await start(dataDir))).toHaveLength(10);
    });

    it('finishes appends that follow on each other up to the last', async () => {
      const journal = await start();
      for (let ticks = 0; ticks < 8; ticks++) {
        const other = await openJournal({ dataDir: makeDataDir(), log: silent });
        await other.append(entry());
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
        const last = other.append(entry());
        await Promise.all([other.close(), last]);
        expect(other.head()).toBe(await last);
      }
      expect(journal.trouble()).toBeUndefined();
    });

    it('can be asked for twice', async () => {
      const journal = await start();
      await Promise.all([journal.close(), journal.close()]);
      await journal.close();
    });
  });
}
