/** What a server does while it cannot reach NATS, and after. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openJournal } from '../../backend/journal/nats.ts';
import { NATS_APPEND_WITHIN_MS, NATS_RETRY_MS } from '../../backend/limits.ts';
import { createLog } from '../../backend/log.ts';
import { readSettings } from '../../backend/settings.ts';
import { call, expectProblem, poll, post, write } from '../harness/api.ts';
import { startNats } from '../harness/nats.ts';
import { canRun } from '../harness/programs.ts';
import { makeDataDir } from '../harness/server.ts';
import { startTcpProxy } from '../harness/tcp-proxy.ts';
import { startSharing, startSharingProcess } from '../cluster/servers.ts';
import { entry, open, readAll, silent } from './contract.ts';
import type { JournalOptions } from '../../backend/journal/journal.ts';
import type { NatsNode } from '../harness/nats.ts';

/** Waiting for an answer that cannot come takes seconds. */
const WITHIN_MS = 60_000;

const openOn = (node: NatsNode, options: Partial<JournalOptions> = {}) =>
  open(
    (given) => openJournal({ ...given, ...options, nats: { url: node.url, stream: 's', replicas: 1 } }),
    makeDataDir(),
  );

describe.runIf(canRun('nats-server', 'losing NATS'))('a server that loses NATS', () => {
  it('lets read, refuses writes with 503, and goes on by itself', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    const { url } = await startSharing([node]);
    const first = await post(url, 'before');
    await node.kill();
    const refused = await write(url, '/messages', { user: 'Azin', message: 'meanwhile' }, { key: 'k' });
    expectProblem(refused, 503, 'overloaded');
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await call(url, '/readyz')).status).toBe(503);
    expect((await poll(url, { since: 0 })).messages).toEqual([first]);
    await node.start();
    await expect.poll(async () => (await call(url, '/readyz')).status, { timeout: 20_000 }).toBe(200);
    const again = await post(url, 'meanwhile', { key: 'k' });
    expect((await poll(url, { since: first.seq })).messages).toEqual([again]);
  });

  it('ends within 10 s when it is told to, also with writes that wait', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    const server = await startSharingProcess([node]);
    await post(server.url, 'before');
    await node.kill();
    const waiting = [1, 2, 3].map((nth) => write(server.url, '/messages', { user: 'Azin', message: `text ${nth}` }));
    await expect.poll(async () => (await call(server.url, '/readyz')).status).toBe(503);
    const begin = performance.now();
    expect(await server.end('SIGTERM')).toBe(0);
    expect(performance.now() - begin).toBeLessThan(10_000);
    for (const answer of await Promise.all(waiting)) expectProblem(answer, 503, 'overloaded');
  });

  it('hears what others wrote meanwhile', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    const journal = await openOn(node);
    const seen: number[] = [];
    await journal.follow(0, (batch) => void seen.push(...batch.map(({ seq }) => seq)));
    await journal.append(entry());
    await node.kill();
    await node.start();
    const other = await openOn(node);
    const seqs = await Promise.all(Array.from({ length: 20 }, () => other.append(entry())));
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([1, ...seqs]);
  });

  it('journals an entry once whose answer was lost', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    const journal = await openOn(node);
    await journal.append(entry());
    const appends = Array.from({ length: 200 }, () => journal.append(entry()));
    await new Promise((resolve) => setImmediate(resolve));
    await node.kill(); // in the middle of them
    await node.start();
    const outcomes = await Promise.allSettled(appends);
    const entries = await readAll(journal);
    expect(new Set(entries.map(({ text }) => text)).size).toBe(entries.length);
    for (const one of outcomes) {
      if (one.status === 'fulfilled') expect(entries.some(({ seq }) => seq === one.value)).toBe(true);
    }
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  });

  it('takes a stream that was made anew for another journal, and ends', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    const fatal = Promise.withResolvers<string>();
    const journal = await openOn(node, { onFatal: fatal.resolve });
    await journal.append(entry());
    const { epoch } = journal;
    const connection = await connect({ servers: node.url });
    onTestFinished(() => connection.close());
    const manager = await jetstreamManager(connection);
    await manager.streams.delete('s');
    const anew = await openOn(node);
    expect(anew.epoch).not.toBe(epoch);
    expect(await fatal.promise).toMatch(/made anew/);
  });

  it('waits, and says why, where the stream is gone', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    const warned: unknown[] = [];
    const log = Object.assign(createLog('silent'), { warn: (...said: unknown[]) => void warned.push(said) });
    const onFatal = (why: string) => void warned.push(why);
    const journal = await openOn(node, { log, onFatal });
    await journal.append(entry());
    const connection = await connect({ servers: node.url });
    onTestFinished(() => connection.close());
    await (await jetstreamManager(connection)).streams.delete('s');
    await expect
      .poll(() => warned)
      .toContainEqual([{ why: 'stream not found' }, 'nats: the stream cannot be reached yet']);
    expect(warned).not.toContainEqual(expect.any(String));
    expect(journal.trouble()).toBe('stream not found');
  });

  it('is not ready for as long as the stream is full, and goes on by itself', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    const { url } = await startSharing([node]);
    const first = await post(url, 'before');
    const name = readSettings({}).natsStream;
    const connection = await connect({ servers: node.url });
    onTestFinished(() => connection.close());
    const { streams } = await jetstreamManager(connection);
    const { state } = await streams.info(name);
    await streams.update(name, { max_msgs: state.messages });
    const tries = connection.subscribe(`${name}.probe`, { max: 2 });
    const begin = performance.now();
    expectProblem(await write(url, '/messages', { user: 'Azin', message: 'x' }, { key: 'k' }), 503, 'overloaded');
    expect(performance.now() - begin).toBeLessThan(NATS_APPEND_WITHIN_MS); // a full stream is no silent one
    const states = new Set<number>();
    for await (const { subject } of tries) {
      expect(subject).toBe(`${name}.probe`);
      states.add((await call(url, '/readyz')).status);
    }
    expect([...states]).toEqual([503]);
    expect((await poll(url, { since: 0 })).messages).toEqual([first]);
    await streams.update(name, { max_msgs: -1 });
    await expect.poll(async () => (await call(url, '/readyz')).status).toBe(200);
    const again = await post(url, 'x', { key: 'k' });
    expect((await poll(url, { since: first.seq })).messages).toEqual([again]);
  });

  it('ends where the stream comes back with less than it had', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    const first = await openOn(node);
    await first.append(entry());
    await first.close();
    await node.kill();
    const copy = join(makeDataDir(), 'copy');
    cpSync(node.dataDir, copy, { recursive: true });
    await node.start();
    const fatal = Promise.withResolvers<string>();
    const journal = await openOn(node, { onFatal: fatal.resolve });
    await journal.append(entry());
    await node.kill();
    rmSync(node.dataDir, { recursive: true });
    cpSync(copy, node.dataDir, { recursive: true });
    await node.start();
    expect(await fatal.promise).toMatch(/lost its newest entries/);
    expect((await openOn(node)).head()).toBe(1);
  });

  /** A journal whose stream has lost 3 entries by the time that `restore` lets it reach NATS again. */
  const loseEntries = async () => {
    const node = await startNats();
    const first = await openOn(node);
    await first.append(entry());
    await first.close();
    await node.kill();
    const copy = join(makeDataDir(), 'copy');
    cpSync(node.dataDir, copy, { recursive: true });
    await node.start();
    const way = await startTcpProxy({ port: Number(new URL(node.url).port) });
    const fatal = Promise.withResolvers<string>();
    const journal = await openOn({ ...node, url: way.url.replace('http:', 'nats:') }, { onFatal: fatal.resolve });
    const handedOut: number[] = [];
    await journal.follow(0, (batch) => void handedOut.push(...batch.map(({ seq }) => seq)));
    for (let nth = 0; nth < 3; nth++) await journal.append(entry());
    way.cut();
    await node.kill();
    rmSync(node.dataDir, { recursive: true });
    cpSync(copy, node.dataDir, { recursive: true });
    await node.start();
    return { node, journal, handedOut, ended: fatal.promise, restore: way.restore };
  };

  it('ends where others have written as many anew as were lost', { timeout: WITHIN_MS }, async () => {
    const { node, journal, handedOut, ended, restore } = await loseEntries();
    const { epoch } = journal;
    const other = await openOn(node);
    expect(other.epoch).toBe(epoch);
    for (let nth = 0; nth < 5; nth++) await other.append(entry());
    restore();
    expect(await ended).toMatch(/lost its newest entries/);
    expect(handedOut).toEqual([1, 2, 3, 4]);
    // By its head alone nobody could tell that a store was made from what is lost.
    expect((await openOn(node)).epoch).not.toBe(epoch);
  });

  it('says of nothing that it is kept under a number that was given before', { timeout: WITHIN_MS }, async () => {
    const { journal, ended, restore } = await loseEntries();
    restore();
    await expect(journal.append(entry())).rejects.toMatchObject({ code: 'overloaded' });
    expect(await ended).toMatch(/lost its newest entries/);
  });

  it('goes on when the password is right again', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    await node.kill();
    node.protect('since', 'right');
    await node.start();
    const { url } = await startSharing([{ ...node, url: node.url.replace('//', '//since:right@') }]);
    await post(url, 'before');
    await node.kill();
    node.protect('since', 'other');
    await node.start();
    await pause(20 * NATS_RETRY_MS); // in which it is refused again and again
    await node.kill();
    node.protect('since', 'right');
    await node.start();
    await expect.poll(async () => (await call(url, '/readyz')).status, { timeout: 20_000 }).toBe(200);
  });

  it('begins a new epoch, the same as all others, where entries were lost', async () => {
    const node = await startNats();
    const [one, other] = [await openOn(node), await openOn(node)];
    const { epoch } = one;
    await one.renew();
    expect(one.epoch).not.toBe(epoch);
    await other.renew();
    expect(other.epoch).toBe(one.epoch);
    expect((await openOn(node)).epoch).toBe(one.epoch);
  });

  it.each([
    ['is told of it', false],
    ['hears of it when it is back', true],
  ])('ends where another takes a new epoch, when it %s', { timeout: WITHIN_MS }, async (_, isCut) => {
    const node = await startNats();
    const way = await startTcpProxy({ port: Number(new URL(node.url).port) });
    const [fatal, none] = [Promise.withResolvers<string>(), vi.fn()];
    const other = await openOn({ ...node, url: way.url.replace('http:', 'nats:') }, { onFatal: fatal.resolve });
    const one = await openOn(node, { onFatal: none });
    if (isCut) way.cut();
    await one.renew();
    if (isCut) way.restore();
    expect(await fatal.promise).toMatch(/another epoch/);
    await expect(other.append(entry())).rejects.toMatchObject({ code: 'overloaded' });
    await expect.poll(() => one.trouble()).toBeUndefined();
    expect(await one.append(entry())).toBe(1);
    expect(none).not.toHaveBeenCalled();
  });

  it('makes nothing of an entry that the stream holds twice', async () => {
    const node = await startNats();
    const { url } = await startSharing([node]);
    const message = await post(url, 'once', { key: 'k' });
    const connection = await connect({ servers: node.url });
    onTestFinished(() => connection.close());
    const stored = await (await jetstreamManager(connection)).streams.getMessage('since', { seq: message.seq });
    // As it comes to be where it is sent again after the time in which the broker knows it.
    const { seq } = await jetstream(connection).publish('since.entry', stored!.data);
    await poll(url, { since: seq });
    expect((await poll(url, { since: 0 })).messages).toEqual([message]);
    expect(await post(url, 'once', { key: 'k' })).toEqual(message);
  });
});

describe.runIf(canRun('nats-server', 'starting without NATS'))('a start without NATS', () => {
  it('ends at once, in a line without the password, where it is refused', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    await node.kill();
    node.protect('since', 'right');
    await node.start();
    const url = node.url.replace('//', '//since:wrong@');
    const opening = openJournal({ dataDir: '', log: silent, nats: { url, stream: 's', replicas: 1 } });
    const begin = performance.now();
    await expect(opening).rejects.toThrow('NATS_URL cannot be used for the journal: Authorization Violation.');
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  it(
    'does not make the stream anew that the store was made from, and goes on when it is back',
    { timeout: WITHIN_MS },
    async () => {
      const node = await startNats();
      const { url, dataDir, stop } = await startSharing([node]);
      const message = await post(url, 'before');
      await stop();
      await node.kill();
      const copy = join(makeDataDir(), 'copy');
      cpSync(node.dataDir, copy, { recursive: true });
      rmSync(node.dataDir, { recursive: true });
      await node.start();
      const warned: unknown[] = [];
      const log = Object.assign(createLog('silent'), { warn: (...said: unknown[]) => void warned.push(said) });
      const starting = startSharing([node], { dataDir, log });
      const why = expect.stringMatching(
        /^there is no stream since, but store\.db in DATA_DIR was made from one/,
      ) as string;
      await expect.poll(() => warned).toEqual([[{ why }, 'nats: not there yet']]);
      await node.kill();
      rmSync(node.dataDir, { recursive: true });
      cpSync(copy, node.dataDir, { recursive: true });
      await node.start();
      const again = await starting;
      expect((await poll(again.url, { since: 0 })).messages).toEqual([message]);
    },
  );

  it('says what is missing once, however often it looks', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    await node.kill();
    const warned: unknown[] = [];
    const log = Object.assign(createLog('silent'), { warn: (...said: unknown[]) => void warned.push(said) });
    const opening = openJournal({ dataDir: '', log, nats: { url: node.url, stream: 's', replicas: 1 } });
    await expect.poll(() => warned.length).toBe(1);
    await pause(4 * NATS_RETRY_MS); // in which it looks again
    expect(warned).toEqual([[{ why: 'connection refused' }, 'nats: not there yet']]);
    await node.start();
    await (await opening).close();
  });

  it('goes on as soon as it is there', { timeout: WITHIN_MS }, async () => {
    const node = await startNats();
    await node.kill();
    const opening = openJournal({ dataDir: '', log: silent, nats: { url: node.url, stream: 's', replicas: 1 } });
    await node.start();
    const journal = await opening;
    onTestFinished(() => journal.close());
    expect(await journal.append(entry())).toBe(1);
  });
});
