/** Parts of a document that are written by program, between two comments that name them. */

/** @throws Error when the document has no such region, or more than one */
export function replaceRegion(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const [before, rest, ...others] = document.split(begin);
  const [, after, ...moreEnds] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined || others.length > 0 || moreEnds.length > 0) {
    throw new Error(`The document must have the region "${name}" once`);
  }
  return `${before}${begin}\n\n${content.trim()}\n\n${end}${after}`;
}
