/** Both pages are served as they are, so what a build would see to is seen to here. */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

const PAGES = ['frontend-polling', 'frontend-websocket'];
const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the two pages', () => {
  it('are the same but for what they load, and what they are called', async () => {
    const [polling, websocket] = await Promise.all(
      PAGES.map(async (folder) => {
        const html = await read(`${folder}/index.html`);
        return html.split('\n').filter((line) => !/<title|"description"|"modulepreload"/.test(line));
      }),
    );
    expect(polling).toEqual(websocket);
  });

  it.each(PAGES)('load all modules of %s at once, not one after the other', async (folder) => {
    const html = await read(`${folder}/index.html`);
    const preloaded = [...html.matchAll(/"modulepreload" href="([^"]+)"/g)].map(([, href]) =>
      posix.join(folder, href!),
    );
    expect(preloaded.toSorted()).toEqual([...(await modulesOf(`${folder}/main.js`))].toSorted());
  });

  it.each([...PAGES, 'frontend-shared'])('hold nothing inline in %s, which the policy would stop', async (folder) => {
    const html = await read(`${folder}/index.html`);
    expect(html).not.toMatch(/\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)/);
  });
});

async function modulesOf(path: string, found = new Set<string>()): Promise<Set<string>> {
  for (const [, specifier] of (await read(path)).matchAll(/^import [^;]*?from '([^']+)'/gm)) {
    const imported = posix.join(posix.dirname(path), specifier!);
    if (found.has(imported)) continue;
    found.add(imported);
    await modulesOf(imported, found);
  }
  return found;
}
