/** What a first visit costs: few bytes, as people come on phones and over bad networks. */
import { describe, expect, it } from 'vitest';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';

/** Bytes of everything, but for headers. */
const MAX_BYTES = 75_000;
const openPage = useBrowser();

describe.each(['/polling/', '/websocket/'])('%s', (path) => {
  it('loads in less than 75 kB', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path);
    await expectPage(chat.log).toHaveAttribute('aria-busy', 'false');
    const bytes = await chat.page.evaluate(() =>
      performance
        .getEntries()
        .filter((entry) => entry instanceof PerformanceResourceTiming)
        .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
    );
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(MAX_BYTES);
  });
});
