/** Loads what was said before, ahead of the one who scrolls there. */
import { fetchMessages } from './messages-api.js';
/** @import { Message } from '../protocol/envelope.ts' */

/** Milliseconds after a failure: scrolling asks many times a second. */
const RETRY_AFTER_MS = 2_000;
/** Messages in one answer: some screens of them. */
const PAGE = 100;
/** Messages in one answer on the way to one of long ago: the most that the server gives. */
const LARGE_PAGE = 1_000;

/**
 * @typedef {object} History
 * @property {() => void} loadMore does nothing while it loads, and where there is nothing older
 * @property {(id: number) => Promise<boolean>} loadTo resolves to whether everything from that id on is here
 * @property {() => void} reset what was shown is gone, so what came before it may be another
 */

/**
 * @param {object} parts
 * @param {() => string} parts.room
 * @param {() => number | undefined} parts.oldest the oldest id that is shown
 * @param {(messages: readonly Message[], isAll: boolean) => void} parts.onMessages
 * @param {(state: 'loading' | 'more' | 'complete') => void} parts.onState
 * @returns {History}
 */
export function createHistory({ room, oldest, onMessages, onState }) {
  let underWay = new AbortController();
  let complete = false;
  let loading = false;
  let notBefore = 0;

  /** @type {(before: number, signal: AbortSignal, limit?: number) => Promise<void>} */
  async function load(before, signal, limit = PAGE) {
    onState('loading');
    try {
      const { messages, more } = await fetchMessages({ room: room(), before, limit }, signal);
      if (signal.aborted) return;
      complete = !more;
      onMessages(messages, complete);
    } catch {
      // Whether the server is there is told elsewhere; here it is enough that the next scroll asks again.
      notBefore = Date.now() + RETRY_AFTER_MS;
    }
    if (!signal.aborted) onState(complete ? 'complete' : 'more');
  }

  return {
    loadMore() {
      const before = oldest();
      if (loading || complete || before === undefined || Date.now() < notBefore) return;
      const { signal } = underWay;
      loading = true;
      void load(before, signal).finally(() => {
        if (!signal.aborted) loading = false;
      });
    },
    async loadTo(id) {
      const { signal } = underWay;
      while (!signal.aborted) {
        const before = oldest();
        if (before === undefined || before <= id || complete) return true;
        loading = true;
        await load(before, signal, LARGE_PAGE);
        if (!signal.aborted) loading = false;
        if (oldest() === before && !complete) return false;
      }
      return false;
    },
    reset() {
      underWay.abort();
      underWay = new AbortController();
      loading = complete = false;
      onState('more');
    },
  };
}
