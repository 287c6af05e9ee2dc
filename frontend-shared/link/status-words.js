/** The state of the connection in words. */
import { words as all } from '../words.js';
/** @import { LinkState, Travel } from './link.js' */

/**
 * @typedef {object} Words In the order in which they stand.
 * @property {'live' | 'busy' | 'lost'} mood
 * @property {string} text
 * @property {string} countdown changes every second, so it is for the eyes only
 * @property {string} promise what happens to what was written meanwhile
 * @property {string} travel how messages travel; empty while they do not
 */

/**
 * @param {LinkState} state
 * @param {object} around
 * @param {number} around.queued how many messages wait to be sent
 * @param {boolean} around.isOnline whether this machine has a network
 * @param {number} around.tabs how many share what comes
 * @param {number} around.nowMs
 * @returns {Words}
 */
export function toWords(state, { queued, isOnline, tabs, nowMs }) {
  const said = all.status;
  const words = { countdown: '', promise: '', travel: '' };
  if (state.name === 'live')
    return { ...words, mood: 'live', text: said.live, travel: toTravelWords(state.travel, tabs) };
  if (state.name === 'catching-up') return { ...words, mood: 'busy', text: said.catchingUp };
  if (state.name === 'connecting') return { ...words, mood: 'busy', text: said.connecting };
  if (state.name === 'signed-out') return { ...words, mood: 'lost', text: said.signedOut };
  const promise = queued === 0 ? '' : said.queued(queued);
  if (!isOnline) return { ...words, mood: 'lost', text: said.offline, promise };
  return { ...words, mood: 'lost', text: said.reconnecting, countdown: toCountdown(state, nowMs), promise };
}

/** @type {(state: LinkState, nowMs: number) => string} */
function toCountdown(state, nowMs) {
  const seconds = state.name === 'waiting' ? Math.ceil((state.until - nowMs) / 1000) : 0;
  return seconds < 1 ? all.status.now : all.status.inSeconds(seconds);
}

/** @type {(travel: Travel, tabs: number) => string} */
function toTravelWords(travel, tabs) {
  const said = all.status;
  const shared = tabs > 1 ? said.shared(tabs) : '';
  if (travel.by === 'socket') return said.socket + shared;
  const { everyS } = travel;
  const rate = everyS > 0.75 ? said.everySeconds(Math.round(everyS)) : said.aSecond(Math.round(1 / everyS));
  return (travel.by === 'fallback' ? said.fallback(rate) : said.polling(rate)) + shared;
}
