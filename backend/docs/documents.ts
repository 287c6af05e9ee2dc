/**
 * The documents for machines, as they are checked in. Made here and not in `protocol/`, which imports nothing: they
 * come from the schemas, codes and tables of the backend. Nothing that runs in the server imports this folder.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { stringify } from 'yaml';
import { asyncApi } from './asyncapi.ts';
import { openApi } from './openapi.ts';

const ROOT = new URL('../../', import.meta.url);

/** @returns each file of `protocol/` that is made, by its path */
export async function documents(): Promise<{ path: string; text: string }[]> {
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string };
  return [
    { path: pathOf('openapi.yaml'), text: await toYaml(openApi(version)) },
    { path: pathOf('asyncapi.yaml'), text: await toYaml(asyncApi(version)) },
  ];
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`protocol/${name}`, ROOT));
}

async function toYaml(document: object): Promise<string> {
  const note = '# Made by "npm run docs" from the schemas that validate. To be changed there.\n';
  // Without anchors: not all that read these know them. Formatted as everything else here.
  const text = note + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
  return format(text, { ...(await resolveConfig(pathOf('any.yaml'))), parser: 'yaml' });
}
