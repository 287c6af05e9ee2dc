/**
 * What the pages cost a browser while much is said: `npm run frames`. In a room with 5,000 messages 50 more come each
 * second, and for 10 s it is watched how long frames take, on both pages: at the end, with as much in the document as
 * there may be, and while one scrolls through what was said before.
 */
import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { launchChromium } from '../harness/chromium.ts';
import { post, startChild } from './child.ts';
import type { Page } from '@playwright/test';

const MESSAGES = 5_000;
const MESSAGES_PER_SECOND = 50;
const SECONDS = 10;
/** A browser that begins a trace misses some frames of itself. */
const SETTLE_MS = 3_000;
/** As many as are in the document at most, or nearly. */
const FULL = 590;
const WORDS = 'a message of some words about nothing that anybody would want to read more than once in a day'.split(
  ' ',
);

interface Frames {
  /** Milliseconds from one frame to the next. Beside other work on the machine it is that which counts. */
  worstFrameMs: number;
  /** Milliseconds that the page's own thread computed, in the longest of its tasks, and the percentage of the time. */
  worstTaskMs: number;
  busyPercent: number;
  /** Tasks of which more than 50 ms were computed. */
  longTasks: number;
  /** As browsers sum it up; without what follows upon input. */
  shift: number;
  inDocument: number;
  arrived: number;
}

const browser = await launchChromium();
// The server, and those who write, are on other machines than who reads: here they have what the browser leaves.
setPriority(15);
const server = await startChild({ RATE_LIMIT: 'off' });
const url = `http://127.0.0.1:${server.port}`;
try {
  const people = await Promise.all(
    ['Azin', 'Mira', 'Bo', 'Chiara'].map(async (user) => ({ user, token: await identify() })),
  );
  let count = 0;
  const say = () => {
    const { user, token } = people[Math.floor(count / 3) % people.length]!;
    const length = 3 + ((count * 7) % 40);
    const message = `${(count += 1)}: ${Array.from({ length }, (_, index) => WORDS[(index + count) % WORDS.length]).join(' ')}`;
    return post(
      server.port,
      { user, message, ...(count > 100 && count % 20 === 0 && { replyTo: count - 100 }) },
      token,
    );
  };
  for (let batch = 0; batch < MESSAGES / 50; batch += 1) await Promise.all(Array.from({ length: 50 }, say));

  for (const path of ['/polling/', '/websocket/']) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.goto(url + path);
    await page.locator('#log[aria-busy="false"] .message >> nth=99').waitFor();
    await fill(page);
    tell(`${path} at the end`, await watch(page, say, async () => {}));
    tell(`${path} scrolling`, await watch(page, say, () => scroll(page)));
    await context.close();
  }
} finally {
  await browser.close();
  await server.stop();
}

async function identify(): Promise<string> {
  const response = await fetch(`${url}/identity`, { method: 'POST' });
  return ((await response.json()) as { token: string }).token;
}

/** Goes back as far as fills the document, and then to the end. */
async function fill(page: Page): Promise<void> {
  while ((await page.locator('#list > li').count()) < FULL) {
    await page.locator('#log').evaluate((log) => void (log.scrollTop = 0));
    await pause(50);
  }
  await page.getByRole('button', { name: /^Jump to latest/ }).click();
  await pause(500);
}

/** As fast as somebody who looks for something, up and down. */
async function scroll(page: Page): Promise<void> {
  await page.locator('#log').hover();
  for (let step = 0; step < 60; step += 1) {
    await page.mouse.wheel(0, step % 30 < 20 ? -600 : 600);
    await pause((SECONDS * 900) / 60);
  }
}

async function watch(page: Page, say: () => Promise<unknown>, act: () => Promise<void>): Promise<Frames> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await pause(SETTLE_MS);
  await page.evaluate(startWatching);
  const acting = act();
  const begun = performance.now();
  const saying: Promise<unknown>[] = [];
  for (let index = 0; index < MESSAGES_PER_SECOND * SECONDS; index += 1) {
    await pause(Math.max(0, begun + (index * 1000) / MESSAGES_PER_SECOND - performance.now()));
    saying.push(say());
  }
  await Promise.all([...saying, acting]);
  const seen = await page.evaluate(stopWatching);
  return { ...seen, ...readTrace(await browser.stopTracing()) };
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds that the thread computed. */
  tdur?: number;
  args?: { name?: string };
}

/** The busiest of the main threads of pages is that of this page. */
function readTrace(trace: Buffer): Pick<Frames, 'worstTaskMs' | 'busyPercent' | 'longTasks'> {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const nameOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const tasks = new Map(mains.map((main) => [nameOf(main), [] as number[]]));
  for (const event of traceEvents) {
    if (event.name.endsWith('RunTask')) tasks.get(nameOf(event))?.push((event.tdur ?? 0) / 1000);
  }
  const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
  const [busiest = []] = [...tasks.values()].toSorted((a, b) => sum(b) - sum(a));
  return {
    worstTaskMs: Math.round(Math.max(0, ...busiest)),
    busyPercent: Math.round(sum(busiest) / SECONDS / 10),
    longTasks: busiest.filter((ms) => ms > 50).length,
  };
}

/* Of the page. */

declare global {
  var watched: { gaps: number[]; shift: number; newest: number; stop(): void };
}

type Seen = Pick<Frames, 'worstFrameMs' | 'shift' | 'inDocument' | 'arrived'>;

function startWatching(): void {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
      if (!entry.hadRecentInput) globalThis.watched.shift += entry.value;
    }
  });
  observer.observe({ type: 'layout-shift' });
  let isOver = false;
  let last = performance.now();
  const gaps: number[] = [];
  const next = (): void => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    if (!isOver) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
  const newest = Number(document.querySelector<HTMLElement>('#list > li:last-child .message-link')?.dataset['id']);
  const stop = (): void => {
    isOver = true;
    observer.disconnect();
  };
  globalThis.watched = { gaps, shift: 0, newest, stop };
}

function stopWatching(): Seen {
  const { gaps, shift, newest, stop } = globalThis.watched;
  stop();
  const last = Number(document.querySelector<HTMLElement>('#list > li:last-child .message-link')?.dataset['id']);
  return {
    worstFrameMs: Math.round(Math.max(...gaps)),
    shift: Math.round(shift * 1e4) / 1e4,
    inDocument: document.querySelectorAll('#list > li').length,
    arrived: last - newest,
  };
}

function tell(name: string, frames: Frames): void {
  process.stdout.write(`${name}: ${JSON.stringify(frames)}\n`);
}
