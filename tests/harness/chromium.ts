/** A headless browser for the tests of the pages: the one that the machine has, or else the one in node_modules. */
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type LaunchOptions } from '@playwright/test';
import { inflate } from '@sparticuz/chromium';

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`,
];

// As root Chromium does not start with its sandbox on. The rest keeps it from a graphics card, and from asking the
// network for anything but what a test asks for.
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @throws Error of one line when there is no browser, so that no test that needs one is ever passed over in silence */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ ...(await findChromium()), args: FLAGS });
}

async function findChromium(): Promise<LaunchOptions> {
  const chosen = process.env['CHROME_PATH'];
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`CHROME_PATH is ${chosen}, and there is no such file`);
    return { executablePath: chosen };
  }
  const executablePath = [chromium.executablePath(), ...INSTALLED].find((path) => existsSync(path));
  if (executablePath !== undefined) return { executablePath };
  // The package is built for nothing else.
  if (process.platform === 'linux' && process.arch === 'x64') return unpackChromium();
  throw new Error('No browser to test the pages with: install Chromium or Chrome, or set CHROME_PATH to one');
}

/**
 * Its own unpacking goes to one place in /tmp, where a second process starts what a first one has half written, and
 * leaves out the libraries that a bare machine lacks. So each unpacks apart, and the first to be ready gives the name.
 */
async function unpackChromium(): Promise<LaunchOptions> {
  const packed = join(import.meta.dirname, '../../node_modules/@sparticuz/chromium/bin');
  const folder = join(packed, 'unpacked');
  if (!existsSync(folder)) {
    const unready = await mkdtemp(join(packed, 'unpacking-'));
    await inflateInto(
      unready,
      ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'].map((name) => join(packed, name)),
    );
    const fonts = `<fontconfig><dir>/usr/share/fonts</dir><dir prefix="relative">fonts</dir></fontconfig>`;
    await writeFile(join(unready, 'fonts.conf'), fonts);
    await rename(unready, folder).catch(async (error: unknown) => {
      await rm(unready, { recursive: true });
      if (!existsSync(folder)) throw error;
    });
  }
  const libraries = [join(folder, 'al2023/lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(delimiter);
  const env = { ...process.env, LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: join(folder, 'fonts.conf') };
  return { executablePath: join(folder, 'chromium'), env };
}

/** `inflate` has no parameter for where to: it asks for the folder of temporary files, before it first waits. */
async function inflateInto(folder: string, files: readonly string[]): Promise<void> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  const unpacking = files.map((file) => inflate(file));
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  await Promise.all(unpacking);
}
