/** The emoji that the pages offer, with what they are called: loaded by a page when somebody asks for one. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { COMPRESS, encodingFor } from './compressing.ts';
import type { RequestHandler } from 'express';

/** Where the package keeps them, by language. Short names are English everywhere: people bring them along from elsewhere. */
const require = createRequire(import.meta.url);
const DATA = {
  en: require.resolve('emoji-picker-element-data/en/github/data.json'),
  de: require.resolve('emoji-picker-element-data/de/cldr-native/data.json'),
};
const PATH = /^\/([a-z]+)\.json$/;

type Language = keyof typeof DATA;

interface Entry {
  emoji: string;
  annotation: string;
  tags?: readonly string[];
  shortcodes?: readonly string[];
  group: number;
  skins?: readonly { emoji: string; tone: number | readonly number[] }[];
}

/** As it is sent: names and words with a space between each, and the tones from light to dark, where it has them. */
type Row = readonly [
  emoji: string,
  name: string,
  codes: string,
  words: string,
  group: number,
  tones?: readonly string[],
];

/** Answers `GET /emoji/<language>.json`, and passes everything else on. */
export function serveEmoji(): RequestHandler {
  // Made when first asked for, and then kept: two languages of some 50 kB, compressed.
  const packed = new Map<string, Promise<Buffer>>();
  const { version } = require('emoji-picker-element-data/package.json') as { version: string };

  return async (request, response, next) => {
    const language = PATH.exec(request.path)?.[1];
    if (!isLanguage(language)) return next();
    const encoding = encodingFor(request);
    const name = `${language}-${encoding}`;
    let text = packed.get(name);
    if (text === undefined) {
      const plain = readEmoji(language).then(toBytes);
      text = encoding === undefined ? plain : plain.then(COMPRESS[encoding]);
      packed.set(name, text);
      // What failed once is not failed for ever.
      text.catch(() => packed.delete(name));
    }
    response.vary('Accept-Encoding');
    if (encoding !== undefined) response.set('Content-Encoding', encoding);
    response.set({ ETag: `W/"emoji-${version}-${language}"`, 'Cache-Control': 'no-cache' });
    response.type('json').send(await text);
  };
}

const isLanguage = (language: string | undefined): language is Language =>
  language !== undefined && Object.hasOwn(DATA, language);

const toBytes = (rows: readonly Row[]): Buffer => Buffer.from(JSON.stringify(rows));

async function readEmoji(language: Language): Promise<Row[]> {
  const [entries, english] = await Promise.all([readEntries(language), readEntries('en')]);
  const codes = new Map(english.map(({ emoji, shortcodes = [] }) => [emoji, shortcodes.join(' ')]));
  return entries.map(({ emoji, annotation, tags = [], group, skins = [] }) => {
    const tones = skins.filter(({ tone }) => typeof tone === 'number').map((skin) => toRgi(skin.emoji));
    const row = [toRgi(emoji), annotation, codes.get(emoji) ?? '', tags.join(' '), group] as const;
    return tones.length === 0 ? row : [...row, tones];
  });
}

async function readEntries(language: Language): Promise<Entry[]> {
  const text = await readFile(DATA[language], 'utf8');
  return JSON.parse(text) as Entry[];
}

// The package asks for colours where they are the rule anyway; a reaction counts by the one spelling that is recommended.
function toRgi(emoji: string): string {
  const plain = emoji.replace(/\uFE0F$/u, '');
  return /^\p{RGI_Emoji}$/v.test(plain) ? plain : emoji;
}
