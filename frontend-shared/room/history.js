/** Loads what was said before and after what is shown, ahead of the one who scrolls there. */
import { fetchMessages } from '../link/messages-api.js';
import { MAX_STEP, NEAR, PAGE, RETRY_AFTER_MS } from './reading-bounds.js';
/** @import { Conversation } from './conversation.js' */

/**
 * @typedef {object} History
 * @property {() => void} loadOlder does nothing while it loads, and where there is nothing older
 * @property {() => void} loadNewer the same at the other end
 * @property {(id: number) => Promise<'here' | 'missing' | 'failed'>} loadTo until that message is shown, or is known not to
 *   be in this room
 * @property {() => boolean} isLoading older ones
 * @property {() => void} reset what was shown is gone, and what came before it may be another
 */

/**
 * @param {object} parts
 * @param {() => string} parts.room
 * @param {Pick<Conversation, 'oldest' | 'end' | 'isComplete' | 'find' | 'takeOlder' | 'takeNewer' | 'startAt'>} parts.conversation
 * @param {() => void} parts.onState
 * @returns {History}
 */
export function createHistory({ room, conversation, onState }) {
  let underWay = new AbortController();
  /** @type {'older' | 'newer' | 'sought' | undefined} */
  let loading;
  let notBefore = 0;
  /** Ids to ask about next: more, where many of them are of other rooms. */
  let step = PAGE;

  /** @type {(what: 'older' | 'newer' | 'sought', load: (signal: AbortSignal) => Promise<void>) => Promise<boolean>} */
  async function run(what, load) {
    const { signal } = underWay;
    loading = what;
    onState();
    try {
      await load(signal);
      return true;
    } catch {
      // Whether the server is there is told elsewhere; here it is enough that the next scroll asks again.
      notBefore = Date.now() + RETRY_AFTER_MS;
      return false;
    } finally {
      if (!signal.aborted) {
        loading = undefined;
        onState();
      }
    }
  }

  /** @type {(signal: AbortSignal) => Promise<void>} */
  async function older(signal) {
    const before = conversation.oldest() ?? 0;
    const { messages, more } = await fetchMessages({ room: room(), before, limit: PAGE }, signal);
    if (!signal.aborted) conversation.takeOlder(messages, !more);
  }

  /**
   * There is no asking for what comes after an id. But as many messages as there are ids hold all of them.
   * @type {(signal: AbortSignal) => Promise<void>}
   */
  async function newer(signal) {
    const from = conversation.end();
    const before = from + step;
    const { messages } = await fetchMessages({ room: room(), before, limit: step }, signal);
    if (signal.aborted) return;
    const following = messages.filter(({ id }) => id >= from);
    step = following.length < PAGE / 2 ? Math.min(MAX_STEP, step * 2) : PAGE;
    conversation.takeNewer(following, before);
  }

  /** @type {(id: number) => (signal: AbortSignal) => Promise<void>} half a page before it, and half a page after */
  const around = (id) => async (signal) => {
    const before = id + PAGE / 2;
    const { messages, more } = await fetchMessages({ room: room(), before, limit: PAGE }, signal);
    if (!signal.aborted && messages.some((one) => one.id === id)) conversation.startAt(messages, !more, before);
  };

  const isFree = () => loading === undefined && Date.now() >= notBefore;

  return {
    loadOlder() {
      if (isFree() && !conversation.isComplete() && conversation.oldest() !== undefined) void run('older', older);
    },
    loadNewer() {
      if (isFree() && conversation.end() !== Infinity) void run('newer', newer);
    },
    async loadTo(id) {
      underWay.abort();
      underWay = new AbortController();
      const { signal } = underWay;
      const isShown = () => id >= (conversation.oldest() ?? 0) && id < conversation.end();
      while (!isShown() && !signal.aborted) {
        const oldest = conversation.oldest();
        if (oldest === undefined) return 'missing';
        const isNear = id < oldest && oldest - id <= NEAR;
        if (isNear && conversation.isComplete()) return 'missing';
        if (!(await run('sought', isNear ? older : around(id)))) return 'failed';
        if (!isNear && !isShown()) return 'missing';
      }
      return signal.aborted ? 'failed' : 'here';
    },
    isLoading: () => loading === 'older' || loading === 'sought',
    reset() {
      underWay.abort();
      underWay = new AbortController();
      loading = undefined;
      notBefore = 0;
      step = PAGE;
    },
  };
}
