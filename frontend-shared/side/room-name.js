/** Rooms by their name, as people type it and as it stands in the page's address. */

const DEFAULT_ROOM = 'lobby';
export const ROOM_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** @type {(typed: string) => string | undefined} undefined when no room can be called that */
export function toRoom(typed) {
  const room = typed.trim().replace(/^#/, '').trim().toLowerCase().split(/\s+/).join('-');
  return ROOM_PATTERN.test(room) ? room : undefined;
}

/** @type {(search: string) => string} of the page's address; what names no room leads to the first one */
export function roomOf(search) {
  const room = new URLSearchParams(search).get('room') ?? '';
  return ROOM_PATTERN.test(room) ? room : DEFAULT_ROOM;
}

/** @type {(room: string, id?: number) => string} relative to the page */
export const toAddress = (room, id) =>
  (room === DEFAULT_ROOM ? './' : `?room=${room}`) + (id === undefined ? '' : `#${id}`);

/** @type {(hash: string) => number | undefined} the message that an address points at */
export function idOf(hash) {
  const id = /^#\d{1,15}$/.test(hash) ? Number(hash.slice(1)) : 0;
  return id > 0 ? id : undefined;
}
