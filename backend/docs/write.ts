/** Writes the documents for machines: `npm run docs`. A test fails when what is checked in is not what this writes. */
import { writeFileSync } from 'node:fs';
import { documents } from './documents.ts';

for (const { path, text } of await documents()) writeFileSync(path, text);
