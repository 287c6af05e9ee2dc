/**
 * What is half written, by room. Each tab has its own, as two tabs are two trains of thought; what a tab is closed over
 * is left for the next one that comes to the room and has nothing of its own there.
 */
/** @import { Store } from '../storage.js' */

const DRAFT = 'since.draft.';
const REPLY = 'since.reply.';
/** In what all tabs share: only what no tab has any more. */
const LEFT = 'since.left.';

/** @typedef {{ text: string, replyTo?: number }} Draft */
/**
 * @typedef {object} Drafts
 * @property {(room: string) => Draft | undefined} take what was begun in the room
 * @property {(room: string, text: string) => void} keep
 * @property {() => void} leave the page goes away; it may come back
 * @property {() => void} comeBack
 */

/**
 * @param {Store} own kept for this tab, also while it is reloaded
 * @param {Store} shared kept for all tabs, also while the browser is closed
 * @returns {Drafts}
 */
export function createDrafts(own, shared) {
  /** @type {(room: string) => Draft | undefined} */
  function read(room) {
    const text = own.get(DRAFT + room) ?? '';
    const replyTo = Number(own.get(REPLY + room)) || undefined;
    if (text === '' && replyTo === undefined) return undefined;
    return { text, ...(replyTo !== undefined && { replyTo }) };
  }

  const rooms = () => draftedRooms(own);

  return {
    take(room) {
      const mine = read(room);
      if (mine) return mine;
      const left = parseDraft(shared.get(LEFT + room));
      if (!left) return undefined;
      shared.remove(LEFT + room);
      own.set(DRAFT + room, left.text);
      if (left.replyTo !== undefined) own.set(REPLY + room, String(left.replyTo));
      return left;
    },
    keep(room, text) {
      if (text === '') own.remove(DRAFT + room);
      else own.set(DRAFT + room, text);
    },
    leave() {
      for (const room of rooms()) shared.set(LEFT + room, JSON.stringify(read(room)));
    },
    comeBack() {
      // It was only reloaded, or gone back to: what it left is its own.
      for (const room of rooms()) {
        if (shared.get(LEFT + room) === JSON.stringify(read(room))) shared.remove(LEFT + room);
      }
    },
  };
}

/** @type {(own: Store) => Set<string>} rooms in which something is half written in this tab */
export const draftedRooms = (own) =>
  new Set(
    own
      .names()
      .filter((name) => name.startsWith(DRAFT))
      .map((name) => name.slice(DRAFT.length)),
  );

/** @type {(kept: string | null) => Draft | undefined} it may be from another version */
function parseDraft(kept) {
  try {
    const { text, replyTo } = /** @type {Record<string, unknown>} */ (JSON.parse(kept ?? ''));
    if (typeof text !== 'string') return undefined;
    return { text, ...(typeof replyTo === 'number' && { replyTo }) };
  } catch {
    return undefined;
  }
}
