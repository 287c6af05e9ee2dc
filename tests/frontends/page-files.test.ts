/** How the files of the pages are given: as they are in their folders to whoever asks for one, and joined to browsers. */

import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinFiles } from '../../backend/joined-files.ts';
import { JOIN_AGAIN_AFTER_MS } from '../../backend/limits.ts';
import { makeDataDir, startTestServer } from '../harness/server.ts';

const PAGES = ['frontend-polling', 'frontend-websocket'];
const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the two pages', () => {
  it('are the same but for what they load, and what they are called', async () => {
    const [polling, websocket] = await Promise.all(
      PAGES.map(async (folder) => {
        const html = await read(`${folder}/index.html`);
        return html.split('\n').filter((line) => !/<title|"description"/.test(line));
      }),
    );
    expect(polling).toEqual(websocket);
  });

  it.each([...PAGES, 'frontend-shared'])('tell in %s of the ground that they have, light and dark', async (folder) => {
    const [html, style] = await Promise.all([read(`${folder}/index.html`), read('frontend-shared/style.css')]);
    const told = [...html.matchAll(/"theme-color" content="(.+?)"/g)].map(([, colour]) => colour);
    expect(told).toHaveLength(2);
    expect([...style.matchAll(/--paper: (.+);/g)].map(([, colour]) => colour)).toEqual(told);
  });

  it.each([...PAGES, 'frontend-shared'])('hold nothing inline in %s, which the policy would stop', async (folder) => {
    const html = await read(`${folder}/index.html`);
    expect(html).not.toMatch(/\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)/);
  });
});

describe('what a page is made of', () => {
  it.each(['/polling/main.js', '/websocket/main.js', '/frontend-shared/style.css'])(
    'comes as one file, without comments: %s',
    async (path) => {
      const { url } = await startTestServer({ journal: 'memory' });
      const answers = await Promise.all(
        ['br', 'gzip', 'identity'].map((encoding) => fetch(url + path, { headers: { 'Accept-Encoding': encoding } })),
      );
      const texts = await Promise.all(answers.map((answer) => answer.text()));
      expect(new Set(texts).size).toBe(1);
      expect(texts[0]).not.toMatch(/\/\*\*|@import|^import .*frontend-shared/m);
      expect(new Set(answers.map(({ headers }) => headers.get('etag'))).size).toBe(1);
      for (const { headers } of answers) {
        expect(headers.get('content-type')).toMatch(/^text\/(javascript|css); charset=utf-8$/);
        expect(headers.get('cache-control')).toBe('no-cache');
        expect(headers.get('vary')).toContain('Accept-Encoding');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
        expect(headers.get('set-cookie')).toBeNull();
      }
      const asked = { 'Accept-Encoding': 'gzip, deflate, br, zstd' }; // as browsers do, and mean no order
      expect((await fetch(url + path, { headers: asked })).headers.get('content-encoding')).toBe('br');
      // A range would be of another file than the whole.
      const ranged = await fetch(url + path, { headers: { Range: 'bytes=0-9' } });
      expect([ranged.status, await ranged.text()]).toEqual([200, texts[0]]);
      const [, map = ''] = /sourceMappingURL=(\S+?)(?: \*\/)?\s*$/.exec(texts[0] ?? '') ?? [];
      const { sources } = (await (await fetch(new URL(map, url + path))).json()) as { sources: string[] };
      for (const source of sources.slice(0, 3)) {
        expect((await fetch(new URL(source, url + path))).status, source).toBe(200);
      }
    },
  );

  it('leaves what is wanted later to be asked for then, and to be kept for ever', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const load = async (name: string) => (await fetch(`${url}/polling/${name}`)).text();
    const main = await load('main.js');
    // What several parts need stands in one of its own, and may ask for more in its turn.
    const needed = [...main.matchAll(/(?:from|import)"\.\/(parts\/[\w-]+\.js)"/g)].map(([, part]) => load(part!));
    const parts = [main, ...(await Promise.all(needed))].flatMap((text) =>
      [...text.matchAll(/import\("\.\/(?:parts\/)?([\w-]+\.js)"\)/g)].map(([, part]) => `parts/${part}`),
    );
    expect(parts).toContainEqual(expect.stringContaining('de-'));
    for (const part of parts) {
      const answer = await fetch(`${url}/polling/${part}`);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, expect.stringContaining('immutable')]);
    }
    expect((await fetch(`${url}/polling/parts/gone-ABCDEFGH.js`)).status).toBe(404);
  });

  it.each(['/', '/polling/', '/websocket/'])('comes compressed, with its identity: %s', async (path) => {
    const { url } = await startTestServer({ journal: 'memory' });
    const plain = await fetch(url + path, { headers: { 'Accept-Encoding': 'identity' } });
    const packed = await fetch(url + path, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(await packed.text()).toBe(await plain.text());
    for (const name of ['content-type', 'cache-control', 'etag', 'vary'])
      expect(packed.headers.get(name), name).toBe(plain.headers.get(name));
    expect(packed.headers.get('set-cookie')).toContain('HttpOnly');
  });

  it('tells of the parts that it needs at once when the page itself is given', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const text = await (await fetch(`${url}/polling/main.js`)).text();
    const needed = [...text.matchAll(/(?:from|import)"\.\/(parts\/[\w-]+\.js)"/g)].map(
      ([, part]) => `/polling/${part}`,
    );
    const link = (await fetch(`${url}/polling/`)).headers.get('link') ?? '';
    for (const part of needed) expect(link).toContain(`<${part}>; rel="modulepreload"`);
  });
});

describe('joining', () => {
  async function makeFolder() {
    const folder = join(makeDataDir(), 'page');
    await mkdir(folder);
    const write = async (name: string, text: string, atMs = Date.now() - 60_000) => {
      await writeFile(join(folder, name), text);
      await utimes(join(folder, name), atMs / 1000, atMs / 1000);
    };
    await write('main.js', `import { a } from './a.js';\nconsole.log(a);\n`);
    await write('a.js', `export const a = 'first';\n`);
    return { folder, write };
  }

  /** Counts how often it is asked to work, and to end. */
  async function watched() {
    const esbuild = await import('esbuild');
    const counts = { builds: 0, stops: 0 };
    const load = async () => ({
      build: ((options: never) => {
        counts.builds += 1;
        return esbuild.build(options);
      }) as typeof esbuild.build,
      stop: () => {
        counts.stops += 1;
        return esbuild.stop();
      },
    });
    return { counts, load };
  }

  const textOf = async (files: ReturnType<typeof joinFiles>, name = 'main.js') =>
    new TextDecoder().decode((await files.find(name))?.bytes);

  it('is done once for all who ask, when the first does, and leaves no process behind', async () => {
    const { folder } = await makeFolder();
    const { counts, load } = await watched();
    const files = joinFiles(folder, { entries: ['main.js'], load, onFailure: expect.unreachable });
    expect(counts.builds).toBe(0);
    const texts = await Promise.all(Array.from({ length: 20 }, () => textOf(files)));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('first');
    await textOf(files);
    expect(counts).toEqual({ builds: 1, stops: 1 });
    expect(await files.find('a.js')).toBeUndefined();
  });

  it('is done anew when one of the sources has changed, and the tag tells', async () => {
    const { folder, write } = await makeFolder();
    const { counts, load } = await watched();
    const files = joinFiles(folder, { entries: ['main.js'], load, onFailure: expect.unreachable });
    const before = await files.find('main.js');
    await write('a.js', `export const a = 'second';\n`, Date.now() - 30_000);
    expect(await textOf(files)).toContain('second');
    expect((await files.find('main.js'))?.tag).not.toBe(before?.tag);
    expect(counts.builds).toBe(2);
  });

  it('gives nothing where it cannot be done, says so, and tries again after a while', async () => {
    const { folder, write } = await makeFolder();
    const { counts, load } = await watched();
    const told: unknown[] = [];
    let now = 0;
    const onFailure = (error: unknown) => told.push(error);
    const files = joinFiles(folder, { entries: ['main.js'], load, onFailure, now: () => now });
    await write('a.js', 'export const a = ;');
    for (let times = 0; times < 3; times += 1) expect(await files.find('main.js')).toBeUndefined();
    expect(told).toHaveLength(1);
    await write('a.js', `export const a = 'mended';\n`);
    now += JOIN_AGAIN_AFTER_MS;
    expect(await textOf(files)).toContain('mended');
    expect(counts).toEqual({ builds: 2, stops: 2 });
    await rm(folder, { recursive: true });
    expect(await files.find('main.js')).toBeUndefined();
  });

  it('is not tried again where there is nothing that could do it', async () => {
    const { folder } = await makeFolder();
    const told: unknown[] = [];
    const files = joinFiles(folder, {
      entries: ['main.js'],
      load: () => Promise.reject(new Error('no such package')),
      onFailure: (error) => told.push(error),
    });
    expect(await files.find('main.js')).toBeUndefined();
    expect(await files.find('main.js')).toBeUndefined();
    expect(told).toHaveLength(1);
  });
});
