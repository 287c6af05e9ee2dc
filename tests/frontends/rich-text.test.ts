/** Marks in a text: what is read as one, and that everything else stays as typed. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMarks, toPlainLine } from '../../frontend-shared/room/rich-text.js';

/** As the page would draw it, with the names of the elements. */
function draw(text: string): string {
  return readMarks(text)
    .map((token) => {
      switch (token.type) {
        case 'open':
          return `<${token.mark}>`;
        case 'close':
          return `</${token.mark}>`;
        case 'code':
          return `<code>${token.text}</code>`;
        case 'link':
          return `<a>${token.href}</a>`;
        case 'text':
          return token.raw;
        default:
          return token satisfies never;
      }
    })
    .join('');
}

/** Texts that are mostly marks. */
const marked = fc
  .array(
    fc.oneof(
      fc.constantFrom('**', '*', '__', '_', '`', '``', '```', ' ', '\n', 'a', '7', 'é', '(', ')', '.', '***', '👍'),
      fc.constantFrom('https://a.example', 'http://', 'HTTPS://B.example/(x)', 'javascript:alert(1)', '<b>', '&amp;'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

describe('marks', () => {
  it.each([
    [
      '**bold**, *italic*, __underline__ and `code`',
      '<strong>bold</strong>, <em>italic</em>, <u>underline</u> and <code>code</code>',
    ],
    ['***both***', '<strong><em>both</em></strong>'],
    ['**bold *and italic* in it**', '<strong>bold <em>and italic</em> in it</strong>'],
    ['__*a* **b**__', '<u><em>a</em> <strong>b</strong></u>'],
    ['**a****b**', '<strong>a</strong><strong>b</strong>'],
    ['pre**bold**post', 'pre<strong>bold</strong>post'],
    ['(*so*), "**so**"', '(<em>so</em>), "<strong>so</strong>"'],
    ['**a\n**b**', '**a\n<strong>b</strong>'],
  ])('reads %j', (text, drawn) => {
    expect(draw(text)).toBe(drawn);
  });

  it.each([
    '**not closed',
    'a * b * c',
    '2*3*4',
    '** a **',
    '****',
    '__init',
    'snake__case__name',
    '*',
    '**a\nb**',
    '`open',
  ])('leaves %j as typed', (text) => {
    expect(draw(text)).toBe(text);
  });

  it('prefers the mark that was opened last, and leaves the one before as typed', () => {
    expect(draw('**note: this **is** it')).toBe('**note: this <strong>is</strong> it');
    expect(draw('**a *b** c*')).toBe('<strong>a *b</strong> c*');
  });

  it('formats nothing inside code, which ends with as many ticks', () => {
    expect(draw('`**a** __b__ https://c.example`')).toBe('<code>**a** __b__ https://c.example</code>');
    expect(draw('**a `b** c`')).toBe('**a <code>b** c</code>');
    expect(draw('``a ` b``')).toBe('<code>a ` b</code>');
    expect(draw('```\n**a**\n  b\n```')).toBe('<code>**a**\n  b</code>');
    expect(draw('`a\nb`')).toBe('`a\nb`');
  });

  it('shows of a block neither its ticks, nor its language, nor an empty line behind it', () => {
    expect(draw('so:\n```js\na\nb\n```\nand *c*')).toBe('so:\n<code>a\nb</code>and <em>c</em>');
    expect(draw('```\na\nb\n```\n\nc')).toBe('<code>a\nb</code>\nc');
    expect(draw('```npm ci```\nc')).toBe('<code>npm ci</code>\nc');
    expect(draw('```js```')).toBe('<code>js</code>');
    expect(draw('```a b\nc\n```')).toBe('<code>a b\nc</code>');
    expect(draw('```a\nb```')).toBe('<code>a\nb</code>');
    expect(draw('**a ```\nb\nc```\nd**')).toBe('**a <code>b\nc</code>d**');
  });

  it('has a first line for where there is room for no more', () => {
    expect(toPlainLine('```js\na **b**\nc\n```\nd')).toBe('a **b**');
    expect(toPlainLine('\n **a** `b`\nc')).toBe('a b');
    expect(toPlainLine('```\na')).toBe('```');
  });

  it.each([
    ['see https://a.example/b?c=d&e#f.', 'see <a>https://a.example/b?c=d&e#f</a>.'],
    ['(https://a.example/w_(x))', '(<a>https://a.example/w_(x)</a>)'],
    ['**https://a.example/b**', '<strong><a>https://a.example/b</a></strong>'],
    ['https://a.example/a__b__c*d*', '<a>https://a.example/a__b__c*d</a>*'],
    ['HTTP://A.example', '<a>HTTP://A.example</a>'],
    ['https://a.example\u202Egnp.exe', '<a>https://a.example</a>\u202Egnp.exe'],
  ])('finds the link in %j', (text, drawn) => {
    expect(draw(text)).toBe(drawn);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://a.example',
    'https://',
    'xhttps://a.example',
    '//a.example',
    'http://!http://!',
    'java\nscript://x',
  ])('makes no link of %j', (text) => {
    expect(draw(text)).toBe(text);
  });

  it('keeps every character, nests, and closes each mark that it opens', () => {
    fc.assert(
      fc.property(marked, (text) => {
        const tokens = readMarks(text);
        expect(tokens.map(({ raw }) => raw).join('')).toBe(text);
        const open: string[] = [];
        for (const token of tokens) {
          if (token.type === 'open') open.push(token.mark);
          if (token.type === 'close') expect(open.pop()).toBe(token.mark);
        }
        expect(open).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('makes links of http and https only', () => {
    fc.assert(
      fc.property(marked, (text) => {
        for (const token of readMarks(text)) {
          if (token.type === 'link') expect(new URL(token.href).protocol).toMatch(/^https?:$/);
        }
      }),
    );
  });

  it.each(['**a ', '*a ', '* ', '`', '` ', '``` `', '__a *b **c ', 'http://!', 'https://a(', '(', '*_', 'http://a)'])(
    'reads %j as fast when it is repeated',
    (piece) => {
      const time = (length: number) => {
        const text = piece.repeat(length / piece.length);
        const before = process.cpuUsage(); // not time, in which others have their turns too
        readMarks(text);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1_000;
      };
      time(4_000);
      // Of one that grows with the square, this would take minutes.
      expect(time(400_000)).toBeLessThan(3_000);
    },
  );
});
