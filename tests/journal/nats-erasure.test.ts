/** What is left of erased texts in the files of NATS, and what a reader finds in their place. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openJournal } from '../../backend/journal/nats.ts';
import { NATS_APPEND_WITHIN_MS } from '../../backend/limits.ts';
import { shareNats } from '../harness/nats.ts';
import { canRun } from '../harness/programs.ts';
import { makeDataDir } from '../harness/server.ts';
import { startTcpProxy } from '../harness/tcp-proxy.ts';
import { entry, open, readAll, silent } from './contract.ts';
import type { NewEntry } from '../../backend/journal/journal.ts';

describe.runIf(canRun('nats-server', 'erasing on NATS'))('a text that is erased on NATS', () => {
  const nats = shareNats();
  let streams = 0;

  const newStream = () => `erasing-${++streams}`;
  const openOn = (stream: string) =>
    open((options) => openJournal({ ...options, nats: { url: nats().url, stream, replicas: 1 } }), makeDataDir());

  /** What a server that dies in the next moment leaves: an entry, and nobody who erases what it asks for. */
  const leave = async (stream: string, given: NewEntry, subject: string) => {
    const connection = await connect({ servers: nats().url });
    onTestFinished(() => connection.close());
    return (await jetstream(connection).publish(`${stream}.${subject}`, JSON.stringify(given))).seq;
  };

  it('is in no file of the broker, nor is an edit of it, and all else is', async () => {
    const journal = await openOn(newStream());
    const before = await journal.append(entry({ text: 'before it bleibtstehen' }));
    const seq = await journal.append(entry({ text: 'at first zweifelhaft' }));
    await journal.append(entry({ about: seq, text: 'then fragwuerdig' }));
    await journal.append(entry({ about: before, text: 'other bleibtauch' }));
    expect(foundIn(nats().dataDir, ['zweifelhaft', 'fragwuerdig'])).toHaveLength(2);
    await journal.append(entry({ about: seq, erases: seq, text: 'the eraser bleibtselbst' }));
    await expect.poll(() => foundIn(nats().dataDir, ['zweifelhaft', 'fragwuerdig'])).toEqual([]);
    expect(foundIn(nats().dataDir, ['bleibtstehen', 'bleibtauch', 'bleibtselbst'])).toHaveLength(3);
  });

  it('is erased by the others when the server ends that asked for it', async () => {
    const stream = newStream();
    const journal = await openOn(stream);
    const seq = await journal.append(entry({ text: 'ungesagt' }));
    const erasing = { ...entry({ about: seq, erases: seq }) };
    delete erasing.text;
    await leave(stream, erasing, `erases.${seq}`);
    await expect.poll(() => foundIn(nats().dataDir, ['ungesagt'])).toEqual([]);
    expect((await readAll(journal)).map((one) => one.text)).toEqual([undefined, undefined]);
  });

  it('is erased also where it comes after the entry that erases it, as the edit of one who had not heard', async () => {
    const stream = newStream();
    const [journal, other] = [await openOn(stream), await openOn(stream)];
    const seq = await journal.append(entry());
    await journal.append(entry({ about: seq, erases: seq }));
    await leave(stream, entry({ about: seq, text: 'zuspaet' }), `about.${seq}`);
    // Whoever erases it again, as each server does a while later, takes it along.
    await other.append(entry({ about: seq, erases: seq }));
    await expect.poll(() => foundIn(nats().dataDir, ['zuspaet'])).toEqual([]);
  });

  it('is carried on by the first entry that erases it, which a second does not touch', async () => {
    const stream = newStream();
    const journal = await openOn(stream);
    const seq = await journal.append(entry({ text: 'geplant' }));
    const released = await journal.append(entry({ about: seq, erases: seq, text: 'geplant und gesagt' }));
    await leave(stream, entry({ about: seq, erases: seq, text: 'nocheinmal' }), `erases.${seq}`);
    await expect.poll(() => foundIn(nats().dataDir, ['nocheinmal'])).toEqual([]);
    expect((await readAll(journal)).find((one) => one.seq === released)?.text).toBe('geplant und gesagt');
  });

  it('keeps nobody waiting who deletes what was edited very often, and goes on', { timeout: 60_000 }, async () => {
    const way = await startTcpProxy({ port: Number(new URL(nats().url).port) });
    const options = { url: way.url.replace('http:', 'nats:'), stream: newStream(), replicas: 1 };
    const journal = await open((given) => openJournal({ ...given, nats: options }), makeDataDir());
    const seq = await journal.append(entry());
    for (let nth = 0; nth < 40; nth++) await journal.append(entry({ about: seq, text: 'oftgeaendert' }));
    way.delayMs = 50; // as if there were a hundred times as many
    const begin = performance.now();
    await journal.append(entry({ about: seq, erases: seq }));
    expect(performance.now() - begin).toBeLessThan(NATS_APPEND_WITHIN_MS + 2_000);
    way.delayMs = 0;
    await expect.poll(() => foundIn(nats().dataDir, ['oftgeaendert']), { timeout: 20_000 }).toEqual([]);
  });

  it('leaves a hole at the end of the stream that keeps no one from reading', async () => {
    const stream = newStream();
    const journal = await openOn(stream);
    const seq = await journal.append(entry());
    await journal.append(entry({ about: seq, erases: seq }));
    const last = await leave(stream, entry({ about: seq, erases: seq, text: 'wieder' }), `erases.${seq}`);
    await expect.poll(() => foundIn(nats().dataDir, ['wieder'])).toEqual([]);
    const late = await openOn(stream);
    expect((await readAll(late)).map((one) => one.seq)).toEqual([1, 2, last]);
    expect(await late.append(entry())).toBe(last + 1);
  });

  it('leaves what a server that starts anew reads, in slices, whatever of it was erased', async () => {
    const stream = newStream();
    const journal = await openOn(stream);
    const seqs = await Promise.all(Array.from({ length: 700 }, () => journal.append(entry())));
    await Promise.all(seqs.slice(20, 650).map((seq) => journal.append(entry({ about: seq, erases: seq }))));
    const late = await openOn(stream);
    const sizes: number[] = [];
    const end = await late.follow(0, (batch) => void sizes.push(batch.length));
    end();
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    expect(await readAll(late)).toEqual(await readAll(journal));
    expect(await readAll(late)).toHaveLength(1_330);
  });

  it('stops the start where the stream is one that forgets', async () => {
    const stream = newStream();
    const connection = await connect({ servers: nats().url });
    onTestFinished(() => connection.close());
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`], max_age: 3_600e9 });
    await expect(
      openJournal({ dataDir: '', log: silent, nats: { url: nats().url, stream, replicas: 1 } }),
    ).rejects.toThrow(/^The NATS stream .* forgets entries/);
  });
});

function foundIn(folder: string, words: readonly string[]): string[] {
  const contents = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => readFileSync(join(one.parentPath, one.name)).toString('latin1'));
  return words.filter((word) => contents.some((content) => content.includes(word)));
}
