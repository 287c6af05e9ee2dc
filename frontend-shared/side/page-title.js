/** What a tab is known by among others: its room, how much is unread, and a dot on its icon while something is. */
import { toCount } from './room-list.js';

/**
 * @param {Document} page its title begins with a room
 * @returns {{ showRoom: (room: string) => void, showUnread: (count: number) => void }}
 */
export function createPageTitle(page) {
  const icon = /** @type {HTMLLinkElement} */ (page.querySelector('link[rel="icon"]'));
  const plain = icon.href;
  const rest = page.title.replace(/^#\S+/, '');
  let room = '';
  let unread = 0;

  function draw() {
    page.title = `${unread > 0 ? `(${toCount(unread)}) ` : ''}#${room}${rest}`;
    const href = unread > 0 ? plain.replace('favicon', 'favicon-unread') : plain;
    if (icon.href !== href) icon.href = href;
  }

  return {
    showRoom(shown) {
      room = shown;
      draw();
    },
    showUnread(count) {
      unread = count;
      draw();
    },
  };
}
