/** Who may import whom. An arrow that points back would tie parts together that are meant to be read, and replaced, alone. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

/**
 * The rule, by the beginning of a path. The first line that fits a file says what else it may import, beside what is in
 * its own line; "type" lets it import types only. What no line fits has no place yet, and fails.
 */
const MAY_IMPORT: readonly [importer: string, allowed: readonly string[]][] = [
  ['protocol/', []],

  ['backend/limits', []],
  ['backend/remember', ['backend/limits']],
  ['backend/log', []],
  ['backend/clock', []],
  ['backend/address', ['type backend/settings']],
  ['backend/metrics', ['backend/limits']],
  ['backend/node-version', []],
  ['backend/origin', []],
  ['backend/tally', []],
  ['backend/page-headers', []],
  ['backend/ascending', []],
  ['backend/compressing', []],
  ['backend/database', []],
  ['backend/emoji', ['backend/compressing']],
  ['backend/joined-files', ['backend/limits']],
  ['backend/page-files', ['backend/compressing', 'type backend/joined-files']],
  ['backend/service-worker', ['type backend/joined-files']],
  ['backend/errors', ['backend/limits', 'type protocol/']],
  ['backend/wheel', ['backend/limits', 'type backend/clock']],
  ['backend/settings', ['backend/errors', 'backend/log']],
  ['backend/data-dir', ['backend/database', 'backend/errors']],
  ['backend/failures', ['backend/errors', 'backend/limits', ...types('backend/', 'clock', 'log', 'metrics')]],
  [
    'backend/sockets',
    ['backend/address', 'backend/limits', 'backend/tally', ...types('backend/', 'clock', 'metrics', 'settings')],
  ],
  ['backend/rate-limit', ['backend/address', 'backend/clock', 'backend/errors', 'backend/limits']],
  [
    'backend/sign-in',
    ['backend/commands/fields', 'backend/errors', 'backend/limits', 'type backend/clock', 'type backend/settings'],
  ],
  [
    'backend/identity',
    [
      'backend/errors',
      'backend/limits',
      'backend/origin',
      ...types('backend/', 'address', 'commands/command', 'rate-limit', 'settings', 'sign-in'),
    ],
  ],

  ['backend/commands/', ['backend/errors', 'backend/limits', 'type protocol/']],

  ['backend/journal/', ['backend/database', 'backend/errors', 'backend/limits', 'type backend/log', 'type protocol/']],

  [
    'backend/conversation/',
    [
      'backend/ascending',
      'backend/commands/command',
      'backend/commands/fields',
      'backend/commands/table',
      'backend/database',
      'backend/errors',
      'backend/limits',
      'backend/metrics',
      'backend/tally',
      ...types('backend/', 'clock', 'journal/journal', 'log', 'rate-limit'),
      'type protocol/',
    ],
  ],

  [
    'backend/transports/',
    [
      'backend/address',
      'backend/ascending',
      'backend/commands/command',
      'backend/commands/fields',
      'backend/commands/table',
      'backend/errors',
      'backend/limits',
      'backend/metrics',
      'backend/origin',
      'backend/page-headers',
      'backend/remember',
      'backend/tally',
      'backend/wheel',
      ...types('backend/', 'clock', 'conversation/', 'failures', 'identity', 'log', 'rate-limit', 'settings'),
      'type protocol/',
    ],
  ],

  // What describes the server in other languages; nothing that runs knows of it.
  ['backend/docs/', ['backend/commands/', 'backend/errors', 'backend/limits', 'backend/transports/', 'type protocol/']],

  [
    'backend/direct-routes',
    ['backend/limits', 'backend/remember', 'backend/transports/exchange', 'type backend/transports/transport'],
  ],
  [
    'backend/pages',
    [
      'backend/emoji',
      'backend/errors',
      'backend/joined-files',
      'backend/page-files',
      'backend/page-headers',
      'backend/service-worker',
      'type backend/identity',
    ],
  ],
  [
    'backend/front-door',
    [
      'backend/address',
      'backend/errors',
      'backend/limits',
      'backend/origin',
      'backend/pages',
      'backend/remember',
      'type backend/settings',
    ],
  ],
  [
    'backend/http',
    [
      'backend/direct-routes',
      'backend/errors',
      'backend/front-door',
      'backend/limits',
      'backend/pages',
      'backend/transports/exchange',
      ...types('backend/', 'address', 'failures', 'identity', 'metrics', 'settings', 'transports/transport'),
    ],
  ],
  ['backend/server', ['backend/']],
  ['backend/main', ['backend/errors', 'backend/log', 'backend/node-version', 'backend/server', 'backend/settings']],

  ['frontend-shared/', ['type protocol/']],
  ['frontend-polling/', ['frontend-shared/', 'type protocol/']],
  ['frontend-websocket/', ['frontend-shared/', 'type protocol/']],
];

/** Folders of one shape: what the table names is replaceable, and none of it knows another. */
const OPEN_FOLDERS = ['backend/commands/', 'backend/journal/', 'backend/transports/'];

interface Import {
  from: string;
  to: string;
  isType: boolean;
}

function types(folder: string, ...names: readonly string[]): string[] {
  return names.map((name) => `type ${folder}${name}`);
}

const ROOT = join(import.meta.dirname, '..');
const FILES = globSync(['backend/**/*.ts', 'protocol/**/*.ts', 'frontend-*/**/*.js'], { cwd: ROOT }).toSorted();
const IMPORTS = FILES.flatMap(readImports);

function readImports(from: string): Import[] {
  const source = readFileSync(join(ROOT, from), 'utf8');
  const isPage = from.endsWith('.js');
  const found = [
    ...source.matchAll(/^(?:import|export)\s+(?<type>type\s)?(?:[\w*{][^;'"]*?\sfrom\s+)?['"](?<path>\.[^'"]+)['"]/gm),
    // On the way to a table's line; in JSDoc, where types are all that it can name.
    ...source.matchAll(/\bimport\(['"](?<path>\.[^'"]+)['"]\)/g),
    ...source.matchAll(/@import\s[^'"]*?from\s+['"](?<path>\.[^'"]+)['"]/g),
    // A worker's file is started, not imported; it is as much a part.
    ...source.matchAll(/new URL\(['"](?<path>[\w-]+\.ts)['"], import\.meta\.url\)/g),
  ];
  return found.map(({ 0: text, groups }) => ({
    from,
    to: normalize(join(dirname(from), groups?.['path'] ?? '')).replaceAll('\\', '/'),
    isType: groups?.['type'] !== undefined || (isPage && /^(?:import\(|@import)/.test(text)),
  }));
}

function isAllowed({ from, to, isType }: Import): boolean {
  const rule = MAY_IMPORT.find(([importer]) => fits(from, importer));
  if (rule === undefined) return false;
  const [own, allowed] = rule;
  return [own, ...allowed].some((one) => (one.startsWith('type ') ? isType && fits(to, one.slice(5)) : fits(to, one)));
}

/** @param begins a folder with its slash, or a file without its ending */
function fits(path: string, begins: string): boolean {
  return begins.endsWith('/') ? path.startsWith(begins) : path.replace(/\.\w+$/, '') === begins;
}

it('finds the sources and what they import', () => {
  expect(FILES.length).toBeGreaterThan(60);
  expect(IMPORTS).toContainEqual({ from: 'backend/main.ts', to: 'backend/server.ts', isType: false });
  expect(IMPORTS).toContainEqual({ from: 'backend/main.ts', to: 'backend/node-version.ts', isType: false });
  expect(IMPORTS).toContainEqual({ from: 'backend/journal/table.ts', to: 'backend/journal/sqlite.ts', isType: false });
  expect(IMPORTS).toContainEqual({
    from: 'backend/conversation/store.ts',
    to: 'backend/journal/journal.ts',
    isType: true,
  });
  for (const { from, to } of IMPORTS) expect(FILES, `${from} imports it`).toContain(to);
});

it('lets no file import what its place does not allow', () => {
  const refused = IMPORTS.filter((one) => !isAllowed(one));
  expect(refused.map(({ from, to, isType }) => `${from} imports ${isType ? 'types of ' : ''}${to}`)).toEqual([]);
  for (const file of FILES)
    expect(
      MAY_IMPORT.some(([importer]) => fits(file, importer)),
      file,
    ).toBe(true);
});

it.each(OPEN_FOLDERS)('lets no member of %s know another', (folder) => {
  const table = `${folder}table.ts`;
  const members = IMPORTS.filter(({ from, to, isType }) => from === table && to.startsWith(folder) && !isType);
  const names = new Set(members.map(({ to }) => to));
  expect(names.size).toBeGreaterThan(1);
  const known = IMPORTS.filter(({ from, to }) => from.startsWith(folder) && from !== table && names.has(to));
  expect(known.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

it('has no cycle, types included', () => {
  const state = new Map<string, 'open' | 'done'>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (state.get(file) === 'done') return undefined;
    if (state.get(file) === 'open') return [...path.slice(path.indexOf(file)), file];
    state.set(file, 'open');
    for (const { from, to } of IMPORTS) {
      const cycle = from === file ? visit(to, [...path, file]) : undefined;
      if (cycle !== undefined) return cycle;
    }
    state.set(file, 'done');
    return undefined;
  };
  for (const file of FILES) expect(visit(file, [])?.join(' -> ')).toBeUndefined();
});
