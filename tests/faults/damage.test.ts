/** Files that are not as they were written: the journal stops the start, the store is made anew, and what is lost is told. */
import { copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { call, expectProblem, poll, post } from '../harness/api.ts';
import { launchServer, startServerProcess } from '../harness/process.ts';
import { makeDataDir, startTestServer } from '../harness/server.ts';
import { connectSse } from '../harness/stream-client.ts';
import { connectWs } from '../harness/ws-client.ts';
import { untilLogsGrow } from './logs.ts';
import { readAll } from './writers.ts';
import type { Message } from '../../protocol/envelope.ts';

const PAGE_BYTES = 4_096;
const FILES = ['journal.db', 'journal.db-wal', 'store.db', 'store.db-wal'];
/** Some start a server four times, on a machine that may be busy with other things. */
vi.setConfig({ testTimeout: 90_000 });

type Damage = [what: string, damage: (path: string) => void];

const flip = (path: string, at: number, length: number) => {
  const bytes = readFileSync(path);
  for (let index = at; index < at + length; index++) bytes[index] = (bytes[index] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
};

const halve = (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2));

const DAMAGES: Damage[] = [
  ['with a beginning of zeros', (path) => writeFileSync(path, readFileSync(path).fill(0, 0, 100))],
  ['with a damaged table of contents', (path) => flip(path, 100, 400)],
  ['with damaged pages in its middle', (path) => flip(path, 2 * PAGE_BYTES, 8 * PAGE_BYTES)],
  ['cut off at a page', (path) => truncateSync(path, 3 * PAGE_BYTES)],
  ['cut off within a page', (path) => truncateSync(path, 3 * PAGE_BYTES + 1_000)],
];

/** @returns a folder with a conversation of some pages, all in the main files, and what was said */
async function makeConversation(): Promise<{ dataDir: string; said: Message[] }> {
  const { url, dataDir, stop } = await startTestServer();
  await Promise.all(Array.from({ length: 200 }, (_, nth) => post(url, `text ${nth} ${'x'.repeat(300)}`)));
  const said = await readAll(url);
  await stop();
  return { dataDir, said };
}

describe('a journal', () => {
  it('that is damaged stops the start with one line that names it and says what to do', async () => {
    const { dataDir } = await makeConversation();
    const path = join(dataDir, 'journal.db');
    copyFileSync(path, `${path}.whole`);
    for (const [what, damage] of DAMAGES) {
      copyFileSync(`${path}.whole`, path);
      damage(path);
      const damaged = readFileSync(path);
      const line = /^The journal [^\n]+journal\.db cannot be used: [^\n]+ Put a backup [^\n]+$/;
      await expect(startTestServer({ dataDir }), what).rejects.toThrow(line);
      expect(readFileSync(path), what).toEqual(damaged); // for whoever wants to save what can be saved
    }
    const { exited, stderr } = launchServer({ dataDir, env: { LOG_LEVEL: 'info' } });
    expect(await exited).toBe(1);
    expect(stderr()).toMatch(/^The journal [^\n]+\n$/);
  });

  it('whose entry is damaged where SQLite does not look stops the start as well', async () => {
    const { dataDir } = await makeConversation();
    const path = join(dataDir, 'journal.db');
    flip(path, readFileSync(path).indexOf('{"user":"Azin"'), 1);
    rmSync(join(dataDir, 'store.db')); // with which it would not be read again
    const line = /^The journal [^\n]+ cannot be used: entry \d+ is damaged [^\n]+$/;
    await expect(startTestServer({ dataDir })).rejects.toThrow(line);
  });
});

describe('a store', () => {
  it('that is damaged is made anew, and says so', async () => {
    const { dataDir, said } = await makeConversation();
    const path = join(dataDir, 'store.db');
    copyFileSync(path, `${path}.whole`);
    for (const [what, damage] of DAMAGES) {
      copyFileSync(`${path}.whole`, path);
      damage(path);
      const { url, stop } = await startTestServer({ dataDir });
      expect(await readAll(url), what).toEqual(said);
      await stop();
    }
    DAMAGES[0]?.[1](path);
    const { stderr } = await startServerProcess({ dataDir });
    expect(stderr()).toMatch(/^\{[^\n]+store: made anew from the journal[^\n]+\n$/);
  });

  it('whose log is damaged or gone has all messages again', async () => {
    const first = await startTestServer();
    await untilLogsGrow(first.dataDir);
    for (let nth = 0; nth < 50; nth++) await post(first.url, `text ${nth}`);
    const said = await readAll(first.url);
    const damages = [
      (log: string) => flip(log, 50_000, 1),
      (log: string) => truncateSync(log, 70_000),
      (log: string) => rmSync(log),
    ];
    for (const damage of damages) {
      const dataDir = makeDataDir();
      // As they lie there when it is killed in this moment.
      for (const name of FILES) copyFileSync(join(first.dataDir, name), join(dataDir, name));
      damage(join(dataDir, 'store.db-wal'));
      const { url, stop } = await startTestServer({ dataDir });
      expect(await readAll(url)).toEqual(said);
      await stop();
    }
  });
});

describe('a journal whose newest entries are lost', () => {
  const lose: [how: string, lose: (dataDir: string) => void][] = [
    [
      'as an older copy was put back',
      (dataDir) => {
        copyFileSync(join(dataDir, 'older'), join(dataDir, 'journal.db'));
        copyFileSync(join(dataDir, 'older-wal'), join(dataDir, 'journal.db-wal'));
      },
    ],
    ['as its log was cut off', (dataDir) => halve(join(dataDir, 'journal.db-wal'))],
  ];

  it.each(lose)('%s takes another epoch, in which everyone begins again', async (_how, loseSome) => {
    const first = await startTestServer();
    const dataDir = makeDataDir();
    const copy = (name: string, to = name) => copyFileSync(join(first.dataDir, name), join(dataDir, to));
    await untilLogsGrow(first.dataDir);
    await post(first.url, 'kept');
    for (const suffix of ['', '-wal']) copy(`journal.db${suffix}`, `older${suffix}`);
    for (let nth = 2; nth <= 30; nth++) await post(first.url, `text ${nth}`);
    const { since } = await poll(first.url, { since: 0 });
    // As they lie there when it is killed in this moment.
    for (const name of FILES) copy(name);

    loseSome(dataDir);
    const { url, stop } = await startTestServer({ dataDir });
    const left = await readAll(url);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(30);
    expect(left.map(({ seq }) => seq)).toEqual(left.map((_, index) => index + 1));
    // New ones take the numbers again, up to and above what clients have seen.
    for (let nth = left.length + 1; nth <= 40; nth++) await post(url, `new ${nth}`);
    expectProblem(await call(url, `/messages?since=${since}`), 410, 'cursor-gone');
    const sse = await connectSse(url, { since });
    const { events, messages } = await sse.untilCaughtUp();
    expect(events.find(({ event }) => event === 'reset')).toBeDefined();
    const all = await readAll(url);
    expect(messages).toEqual(all);
    const ws = await connectWs(url, { since });
    expect(await ws.nextOf('reset')).toMatchObject({ code: 'cursor-gone' });
    expect((await ws.untilCaughtUp()).messages).toEqual(all);

    // It is the same from then on.
    const { since: later } = await poll(url, { since: 0 });
    await stop();
    const third = await startTestServer({ dataDir });
    expect((await poll(third.url, { since: later })).messages).toEqual([]);
    expect(await readAll(third.url)).toEqual(all);
  });

  it('with the store beside it cannot know, and takes another epoch as the document says', async () => {
    const first = await startTestServer();
    const { dataDir } = first;
    for (let nth = 1; nth <= 5; nth++) await post(first.url, `text ${nth}`);
    await first.stop();
    const older = ['journal.db', 'store.db'].map((name) => join(dataDir, name));
    for (const path of older) copyFileSync(path, `${path}.older`);
    const second = await startTestServer({ dataDir });
    await post(second.url, 'text 6');
    const { since } = await poll(second.url, { since: 0 });
    await second.stop();

    for (const path of older) copyFileSync(`${path}.older`, path);
    const text = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
    const [, statement = ''] = /`sqlite3 data\/journal\.db "([^"]+)"`/.exec(text) ?? [];
    const journal = new Database(join(dataDir, 'journal.db'));
    expect(journal.prepare(statement).run().changes).toBe(1);
    journal.close();
    const third = await startTestServer({ dataDir });
    expect(await readAll(third.url)).toHaveLength(5);
    for (let nth = 6; nth <= 8; nth++) await post(third.url, `new ${nth}`);
    expectProblem(await call(third.url, `/messages?since=${since}`), 410, 'cursor-gone');
  });

  it('with all the others stops the start, and leaves the store to be brought back to', async () => {
    const { url, dataDir, stop } = await startTestServer();
    await post(url, 'hello');
    await stop();
    rmSync(join(dataDir, 'journal.db'));
    const line = /^The journal is empty, but [^\n]+store\.db was made from one of 1 entries: [^\n]+$/;
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(startTestServer({ dataDir })).rejects.toThrow(line);
    }
  });
});
