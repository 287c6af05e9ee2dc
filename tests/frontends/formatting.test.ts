import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toggleFormat } from '../../frontend-shared/writing/formatting.js';
import { readMarks } from '../../frontend-shared/room/rich-text.js';
import type { Format } from '../../frontend-shared/writing/formatting.js';

/** Selected is what stands between the bars, or where the one bar is. */
function toggle(marked: string, format: Format): string {
  const start = marked.indexOf('|');
  const end = Math.max(start, marked.lastIndexOf('|') - 1);
  const text = marked.replaceAll('|', '');
  const change = toggleFormat(text, start, end, format);
  const next = text.slice(0, change.start) + change.text + text.slice(change.end);
  const { selectionStart, selectionEnd } = change;
  const bar = selectionEnd > selectionStart ? '|' : '';
  return `${next.slice(0, selectionStart)}|${next.slice(selectionStart, selectionEnd)}${bar}${next.slice(selectionEnd)}`;
}

describe('a format', () => {
  it.each<[string, Format, string]>([
    ['a |word| here', 'strong', 'a **|word|** here'],
    ['a **|word|** here', 'strong', 'a |word| here'],
    ['a |**word**| here', 'strong', 'a |word| here'],
    ['a |word | here', 'em', 'a *|word|*  here'],
    ['**|word|**', 'em', '***|word|***'],
    ['***|word|***', 'em', '**|word|**'],
    ['***|word|***', 'strong', '*|word|*'],
    ['*|word|*', 'strong', '***|word|***'],
    ['|word|', 'u', '__|word|__'],
    ['__|word|__', 'u', '|word|'],
    ['|word|', 'code', '`|word|`'],
    ['`|word|`', 'code', '|word|'],
    ['|a `tick` in it|', 'code', '``|a `tick` in it|``'],
    ['inside wo|rd', 'strong', 'inside **wo|rd**'],
    ['inside **wo|rd**', 'strong', 'inside wo|rd'],
    ['say |', 'strong', 'say **|**'],
    ['say **|**', 'strong', 'say |'],
    ['say **this|**', 'strong', 'say **this**|'],
    ['word|', 'em', 'word*|*'],
    ['|one\n\n  two|', 'strong', '|**one**\n\n  **two**|'],
    ['|**one**\n**two**|', 'strong', '|one\ntwo|'],
    ['|**one**\ntwo|', 'strong', '|**one**\n**two**|'],
    ['|one\ntwo|', 'code', '|```\none\ntwo\n```|'],
    ['|```\none\ntwo\n```|', 'code', '|one\ntwo|'],
  ])('of %j by %s gives %j', (before, format, after) => {
    expect(toggle(before, format)).toBe(after);
  });

  it('means what it says when the text is read, and is gone when it is pressed again', () => {
    const format = fc.constantFrom<Format>('strong', 'em', 'u', 'code');
    const words = fc.stringMatching(/^[a-z]{1,5}( [a-z]{1,5}){0,3}$/);
    fc.assert(
      fc.property(words, words, words, format, (before, span, after, mark) => {
        const text = `${before} ${span} ${after}`;
        const [start, end] = [before.length + 1, before.length + 1 + span.length];
        const on = toggleFormat(text, start, end, mark);
        const marked = text.slice(0, on.start) + on.text + text.slice(on.end);
        const kinds = readMarks(marked).map((token) => (token.type === 'open' ? token.mark : token.type));
        expect(kinds).toContain(mark);
        const off = toggleFormat(marked, on.selectionStart, on.selectionEnd, mark);
        expect(marked.slice(0, off.start) + off.text + marked.slice(off.end)).toBe(text);
      }),
    );
  });
});
