/** The README's conversation by curl, run as it is written, against a real server. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTestServer } from './harness/server.ts';

const README = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');

// Whoever runs the tests without curl is told by the report that one was left out.
const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe('README', () => {
  it.runIf(hasCurl)('shows a conversation by curl that goes as it is written', async () => {
    const { url } = await startTestServer({ journal: 'memory' });
    const shell = openShell(url);
    for (const { command, shown } of stepsOf(sectionOf('A conversation by curl'))) {
      const output = await shell.run(command, shown?.trimEnd().split('\n').length ?? 0);
      if (shown !== undefined) expect(steady(output), command).toBe(steady(shown));
    }
  });

  it('begins with the two commands that run it and test it', () => {
    const beginning = README.split('\n').slice(0, 40).join('\n');
    expect(blocksOf(beginning).map(({ text }) => text.trim())).toEqual(
      expect.arrayContaining(['npm install && npm start', 'npm test']),
    );
  });
});

describe('links and paths', () => {
  it.each(['README.md', 'CHANGELOG.md', 'docs/architecture.md', 'docs/scaling.md'])(
    'in %s lead to what is there',
    (name) => {
      const file = new URL(`../${name}`, import.meta.url);
      const text = readFileSync(file, 'utf8');
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => new URL(link, file));
      const paths = [...text.matchAll(/`((?:backend|frontend-shared|protocol|tests|docs|deploy)\/[\w./-]*)`/g)].map(
        ([, path = '']) => new URL(`../${path}`, import.meta.url),
      );
      for (const target of [...links, ...paths]) expect(existsSync(target), target.pathname).toBe(true);
    },
  );
});

interface Step {
  command: string;
  /** What it prints, as far as that is shown. */
  shown?: string;
}

/** Each shell block, with the block of output that follows it. */
function stepsOf(section: string): Step[] {
  const steps: Step[] = [];
  for (const { language, text } of blocksOf(section)) {
    const last = steps.at(-1);
    if (language === 'sh') steps.push({ command: text });
    else if (last !== undefined) last.shown = text;
  }
  expect(steps.length).toBeGreaterThan(5);
  return steps;
}

function sectionOf(title: string): string {
  return README.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? '';
}

function blocksOf(markdown: string): { language: string; text: string }[] {
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));
}

/** What differs from run to run is put in one form: times, the journal's name, public names. */
function steady(text: string): string {
  return text
    .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"<time>"')
    .replaceAll(/\b(\d+)-[a-z0-9]{1,16}\b/g, '$1-<epoch>')
    .replaceAll(/"author":"[a-z0-9]+"/g, '"author":"<author>"')
    .replaceAll('\r', '')
    .trim();
}

interface Shell {
  /** @returns what it printed; of a stream, as soon as there are so many lines, and then it is ended as by Ctrl+C */
  run(command: string, lines: number): Promise<string>;
}

/** One bash for all commands, so that its variables stay. */
function openShell(url: string): Shell {
  const bash = spawn('bash', ['--noprofile', '--norc'], { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void bash.kill('SIGKILL'));
  let printed = '';
  let onPrinted = () => {};
  bash.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    onPrinted();
  });
  const until = (isEnough: () => boolean) =>
    new Promise<void>((resolve) => {
      onPrinted = () => isEnough() && resolve();
      onPrinted();
    });

  return {
    async run(command, lines) {
      printed = '';
      // The address of the test's own server, in the place of the one that readers have.
      const script = command.replace('http://localhost:3000', url);
      if (script.includes('curl -N')) {
        bash.stdin.write(`(exec ${script.trimEnd()}\n) &\n`);
        await until(() => printed.split('\n').length > lines);
        bash.stdin.write('kill $!; wait $!\n');
        return printed;
      }
      bash.stdin.write(`${script}\necho; echo end-of-step\n`);
      await until(() => printed.endsWith('\nend-of-step\n'));
      return printed.slice(0, -'\nend-of-step\n'.length);
    },
  };
}
