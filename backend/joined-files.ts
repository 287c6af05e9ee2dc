/**
 * The modules of a page, joined when they are first asked for: as they stand they would be dozens of requests, over the six
 * connections that a browser opens, one after the other wherever one imports another. Whoever develops, or serves the
 * folder in another way, needs none of this.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JOIN_AGAIN_AFTER_MS } from './limits.ts';
import type { BuildOptions, Metafile } from 'esbuild';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** What is imported at need comes by a name that says what is in it, so it may be kept for ever. */
const PARTS = 'parts/';

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  format: 'esm',
  // Browsers get what is written here, not what older ones would understand.
  target: 'esnext',
  charset: 'utf8',
  minify: true,
  sourcemap: 'linked',
  chunkNames: `${PARTS}[name]-[hash]`,
  external: ['*.svg', '*.woff2'],
  metafile: true,
  write: false,
  logLevel: 'silent',
} as const satisfies BuildOptions;

export interface JoinedFile {
  bytes: Uint8Array;
  /** Of what is in it: the same wherever, and whenever, it was made of the same. */
  tag: string;
  /** Another content would have another name. */
  isForEver: boolean;
}

export interface JoinedFiles {
  /** @returns undefined for what is not joined, and for everything where nothing can be */
  find(name: string): Promise<JoinedFile | undefined>;
  /** @returns all of them, by name; undefined where nothing can be joined */
  all(): Promise<ReadonlyMap<string, JoinedFile> | undefined>;
  /** @returns parts that an entry imports in any case; none before they are first made */
  partsOf(entry: string): readonly string[];
}

interface Made {
  files: ReadonlyMap<string, JoinedFile>;
  parts: ReadonlyMap<string, readonly string[]>;
  /** What each of the sources was like, by path. */
  sources: ReadonlyMap<string, string>;
}

export interface JoinOptions {
  /** Names in the folder. */
  entries: readonly string[];
  onFailure(error: unknown): void;
  /** For tests: esbuild's own, or one that cannot be had. */
  load?(): Promise<Pick<typeof import('esbuild'), 'build' | 'stop'>>;
  /** For tests: milliseconds. */
  now?(): number;
}

/** @param folder absolute, and where the names of the files begin */
export function joinFiles(
  folder: string,
  { entries, onFailure, load = () => import('esbuild'), now = Date.now }: JoinOptions,
): JoinedFiles {
  let made: Made | undefined;
  let isImpossible = false;
  let failedAt = -Infinity;
  let underWay: Promise<void> | undefined;

  async function makeAnew(): Promise<void> {
    const { build, stop } = await load().catch((error: unknown) => {
      isImpossible = true;
      throw error;
    });
    const startedAt = Date.now();
    building += 1;
    try {
      const entryPoints = entries.map((name) => join(folder, name));
      const { outputFiles, metafile } = await build({ ...OPTIONS, entryPoints, outbase: folder, outdir: folder });
      const nameOf = (path: string) => relative(folder, path).replaceAll(sep, '/');
      made = {
        files: new Map(outputFiles.map(({ path, contents }) => [nameOf(path), toFile(nameOf(path), contents)])),
        parts: toParts(metafile, nameOf),
        sources: await lookAt(Object.keys(metafile.inputs), startedAt),
      };
    } finally {
      building -= 1;
      // It is a process of its own, and has no more to do until a file is changed.
      if (building === 0) await stop();
    }
  }

  async function refresh(): Promise<void> {
    try {
      if (made !== undefined && (await isFresh(made.sources))) return;
      made = undefined;
      // Meanwhile all is given as it stands. Which file is to be mended is not known: it may be one that is missing.
      if (now() - failedAt < JOIN_AGAIN_AFTER_MS) return;
      await makeAnew();
    } catch (error) {
      failedAt = now();
      onFailure(error);
    }
  }

  const mayHave = (name: string) => entries.includes(name.replace(/\.map$/, '')) || name.startsWith(PARTS);

  async function all(): Promise<Made['files'] | undefined> {
    if (isImpossible) return undefined;
    // However many ask: they all wait for one look, and for one making.
    await (underWay ??= refresh().finally(() => (underWay = undefined)));
    return made?.files;
  }

  return {
    all,
    find: async (name) => (mayHave(name) ? (await all())?.get(name) : undefined),
    partsOf: (entry) => made?.parts.get(entry) ?? [],
  };
}

/** In this process: folders are joined at the same time, by one service. */
let building = 0;

function toFile(name: string, bytes: Uint8Array): JoinedFile {
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 16);
  return { bytes, tag: `W/"${hash}"`, isForEver: name.startsWith(PARTS) };
}

function toParts({ outputs }: Metafile, nameOf: (path: string) => string): Made['parts'] {
  const importsOf = (path: string): string[] =>
    (outputs[path]?.imports ?? []).filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
  return new Map(
    Object.keys(outputs).map((path) => {
      const found = new Set(importsOf(path));
      for (const one of found) for (const further of importsOf(one)) found.add(further);
      return [nameOf(join(ROOT, path)), [...found].map((one) => nameOf(join(ROOT, one)))];
    }),
  );
}

async function isFresh(sources: Made['sources']): Promise<boolean> {
  const now = await lookAt([...sources.keys()], Infinity);
  return [...sources].every(([path, look]) => now.get(path) === look);
}

/** @param readSince what was changed later may have been read before or after: it counts as changed */
async function lookAt(paths: readonly string[], readSince: number): Promise<Map<string, string>> {
  const look = async (path: string): Promise<[string, string]> => {
    const known = await stat(join(ROOT, path)).catch(() => undefined);
    if (known === undefined || known.mtimeMs >= readSince) return [path, 'changed'];
    return [path, `${known.size} ${known.mtimeMs}`];
  };
  return new Map(await Promise.all(paths.map(look)));
}
