/** The documents, to be read in a browser: the protocol as a page, and what is made from it for machines. */
import { readFileSync } from 'node:fs';
import MarkdownIt from 'markdown-it';
import { pageHeaders } from '../page-headers.ts';
import type { ServerResponse } from 'node:http';
import type { Exchange, Host, Transport } from './transport.ts';

const PROTOCOL = new URL('../../protocol/', import.meta.url);
const FILES = ['openapi.yaml', 'asyncapi.yaml'];
/** Levels of headings that the table of contents has. */
const LISTED = ['h2', 'h3'];

export function startDocs({ route }: Host): Transport {
  // Read once: they change with the server.
  const page = toPage(readFileSync(new URL('PROTOCOL.md', PROTOCOL), 'utf8'));
  route('GET', '/docs', ({ request, response }) => {
    pageHeaders(request, response, () => send(response, 'text/html; charset=utf-8', page));
  });
  for (const name of FILES) {
    const text = readFileSync(new URL(name, PROTOCOL), 'utf8');
    route('GET', `/docs/${name}`, ({ response }: Exchange) => send(response, 'application/yaml; charset=utf-8', text));
  }
  return { stop() {} };
}

function send(response: ServerResponse, type: string, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length, 'Cache-Control': 'no-cache' });
  response.end(body);
}

interface Heading {
  level: string;
  id: string;
  text: string;
}

/** @param markdown whose first line is the title; raw HTML in it stays text */
export function toPage(markdown: string): string {
  const { html, headings } = render(markdown);
  const title = headings.find(({ level }) => level === 'h1')?.text ?? 'Documents';
  const listed = headings.filter(({ level }) => LISTED.includes(level));
  const contents = listed.map(
    ({ level, id, text }) => `<li class="contents-${level}"><a href="#${id}">${text}</a></li>`,
  );
  const files = FILES.map((name) => `<a href="/docs/${name}">${name}</a>`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="color-scheme" content="light dark" />
    <meta name="description" content="${title} of Since: what travels between clients and the server." />
    <title>${title} · Since</title>
    <link rel="icon" href="/frontend-shared/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/frontend-shared/style.css" />
    <link rel="stylesheet" href="/frontend-shared/docs.css" />
  </head>
  <body class="docs">
    <a class="docs-skip" href="#text">Skip to the text</a>
    <header class="docs-bar">
      <a href="/">Since</a>
      <nav aria-label="Files">${files.join(' ')}</nav>
    </header>
    <nav class="contents" aria-label="Contents">
      <ul>
        ${contents.join('\n        ')}
      </ul>
    </nav>
    <main class="docs-text" id="text" tabindex="-1">
${html}    </main>
  </body>
</html>
`;
}

function render(markdown: string): { html: string; headings: Heading[] } {
  const md = new MarkdownIt({ html: false });
  const tokens = md.parse(markdown, {});
  const headings: Heading[] = [];
  const ids = new Set<string>();
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const content = tokens[index + 1]?.content ?? '';
      const id = toFreeId(content, ids);
      token.attrSet('id', id);
      headings.push({ level: token.tag, id, text: md.renderInline(content) });
    }
    for (const child of token.children ?? []) {
      const href = child.attrGet('href');
      // Beside it on disk, under it here.
      if (typeof href === 'string' && FILES.includes(href)) child.attrSet('href', `/docs/${href}`);
    }
  }
  // What is wider than the window scrolls by itself, and so must be in reach of the keyboard.
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (...args) => (fence?.(...args) ?? '').replace('<pre>', '<pre tabindex="0">');
  md.renderer.rules.table_open = () => '<div class="docs-table" tabindex="0"><table>\n';
  md.renderer.rules.table_close = () => '</table></div>\n';
  return { html: md.renderer.render(tokens, md.options, {}), headings };
}

/** As GitHub makes them, so that links within the document lead to the same place on both. */
function toFreeId(content: string, taken: Set<string>): string {
  const slug = content
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
  let id = slug;
  for (let next = 1; taken.has(id); next++) id = `${slug}-${next}`;
  taken.add(id);
  return id;
}
