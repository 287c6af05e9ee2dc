/**
 * One tab's ear: it takes what the hub tells everyone, keeps the tab's own position, and asks the server itself for what
 * the hub gave before this tab was there, or while it was frozen.
 */
import { createBackoff, WATCHED_CAP_MS } from './backoff.js';
import { reaches } from './cursor.js';
import { ask, isSignedOut } from './link.js';
import { pause } from './pause.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { HubEvent } from './hub.js' */
/** @import { LinkState, Position } from './link.js' */

/**
 * @typedef {object} ListenerParts
 * @property {string} room
 * @property {Position} position moved, when everything up to there has been given
 * @property {(messages: readonly Message[]) => void} onMessages
 * @property {(to: string) => void} onMoved
 * @property {() => void} onReset
 * @property {(state: LinkState, tabs: number) => void} onState `tabs`: how many share what comes
 * @property {(user: string) => void} onTyping
 * @property {(online: number) => void} onPresence
 */
/**
 * @typedef {object} Listener
 * @property {(event: HubEvent) => void} hear
 * @property {() => void} doubt what is known may be old: nothing is live before the hub has spoken
 * @property {() => void} stop
 */

/**
 * @param {ListenerParts} parts
 * @returns {Listener}
 */
export function createListener(parts) {
  const { room, position } = parts;
  const stopping = new AbortController();
  const backoff = createBackoff();
  let source = '';
  /** Everything after the own position was, or will be, heard from this source. */
  let hearsAll = false;
  /** @type {LinkState} */
  let told = { name: position.since === undefined ? 'connecting' : 'catching-up' };
  let tabs = 1;
  /** What the hub has given, and this tab may not have. @type {string | undefined} */
  let aim;
  /** @type {AbortController | undefined} while this tab asks for itself */
  let asking;
  /** Heard before the newest are here: a change of an old one would stand for where the room begins. @type {Message[]} */
  let early = [];

  function show() {
    const isBehind = told.name === 'live' && aim !== undefined;
    parts.onState(isBehind ? { name: 'catching-up' } : told, tabs);
  }

  /** @type {(to: string) => void} */
  function moveTo(to) {
    if (reaches(position.since, to)) return;
    position.since = to;
    onMoved(to);
  }

  /** @type {(to: string) => void} */
  function onMoved(to) {
    parts.onMoved(to);
    if (early.length > 0) parts.onMessages(early);
    early = [];
  }

  function onReset() {
    position.since = undefined;
    early = [];
    parts.onReset();
  }

  // What of it is new is asked for without a cursor, so it may begin anywhere.
  function onOwnReset() {
    hearsAll = false;
    onReset();
  }

  /** @type {(at: string) => void} the hub has read up to there; what it has given of it was not all heard here */
  function reach(at) {
    if (reaches(position.since, at)) return;
    aim = at;
    if (!asking) void catchUp();
  }

  async function catchUp() {
    asking = new AbortController();
    const { signal } = asking;
    while (aim !== undefined && !signal.aborted) {
      const aimed = aim;
      try {
        const { more } = await ask(
          { ...parts, onMoved: (_from, to) => onMoved(to), onReset: onOwnReset },
          { waitS: 0, signal },
        );
        backoff.reset();
        // A complete answer is as new as anything that was told before it was asked for.
        if (!more && (aim === aimed || reaches(position.since, aim))) aim = undefined;
      } catch (error) {
        if (signal.aborted) return;
        if (isSignedOut(error)) return signOut();
        await pause(backoff.afterFailure(WATCHED_CAP_MS), signal);
      }
    }
    if (signal.aborted) return;
    asking = undefined;
    show();
  }

  function signOut() {
    stop();
    parts.onState({ name: 'signed-out' }, tabs);
  }

  function stop() {
    stopping.abort();
    asking?.abort();
  }

  /** @type {(event: HubEvent) => void} */
  function hear(event) {
    switch (event.kind) {
      case 'opened':
        source = event.source;
        hearsAll = event.since === undefined ? position.since === undefined : reaches(position.since, event.since);
        return;
      case 'messages':
        if (position.since !== undefined || hearsAll) return parts.onMessages(event.messages);
        early.push(...event.messages);
        return;
      case 'moved': {
        const { from, to } = event;
        const hasNoGap = from === undefined ? hearsAll : reaches(position.since, from);
        if (event.source === source && hasNoGap) moveTo(to);
        else reach(to);
        return;
      }
      case 'reset':
        asking?.abort();
        asking = aim = undefined;
        source = event.source;
        hearsAll = true;
        return onReset();
      case 'state':
        if (event.source !== source) {
          source = event.source;
          hearsAll = false;
        }
        told = event.state;
        tabs = event.tabs;
        if (event.at !== undefined) reach(event.at);
        return show();
      case 'typing':
        return parts.onTyping(event.user);
      case 'presence':
        return parts.onPresence(event.online);
      // no default
    }
  }

  return {
    hear(event) {
      if (event.room === room && !stopping.signal.aborted) hear(event);
    },
    doubt() {
      if (told.name !== 'live') return;
      told = { name: 'catching-up' };
      show();
    },
    stop,
  };
}
