/**
 * Listens for several tabs at once: to each room that any of them shows, once. Every tab is told everything, each with
 * what lies before and after it, so that a tab knows by its own position whether it has missed something.
 */
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Listening, LinkState, OpenLink, Link } from './link.js' */
/** @import { PageEvent, PageLife } from './page-life.js' */

/**
 * @typedef {{ room: string, source: string } & (
 *   | { kind: 'opened', since: string | undefined }
 *   | { kind: 'messages', messages: readonly Message[] }
 *   | { kind: 'moved', from: string | undefined, to: string }
 *   | { kind: 'reset' }
 *   | { kind: 'state', state: LinkState, at: string | undefined, tabs: number }
 *   | { kind: 'typing', user: string }
 *   | { kind: 'presence', online: number })} HubEvent
 *   `source` names one listening from its opening to its end. Opened: all that came after `since` follows. State: `at` is
 *   how far it has read, `tabs` how many share it.
 */
/**
 * @typedef {{ room: string, since: string | undefined, isHidden: boolean, isShownAgain: boolean }} Showing
 *   What a tab shows. Shown again: somebody has just come to look at it, so what is open is to be made sure of.
 */
/**
 * @typedef {object} Hub
 * @property {Link} link
 * @property {(tab: string, showing: Showing) => void} follow also again, when something has changed or is in doubt; it is
 *   answered by a state
 * @property {(tab: string) => void} leave
 * @property {(room: string, user: string) => void} tellTyping
 * @property {(room: string) => void} check
 * @property {() => void} close
 */
/**
 * @typedef {object} Heard One room that is listened to.
 * @property {string} source
 * @property {Listening} listening
 * @property {import('./link.js').Position} position
 * @property {LinkState} state
 * @property {number | undefined} online
 * @property {SharedLife} life
 */

/**
 * @param {object} parts
 * @param {OpenLink} parts.openLink
 * @param {PageLife} parts.life of the tab that this runs in
 * @param {() => string} parts.newName
 * @param {(event: HubEvent) => void} parts.tell
 * @returns {Hub}
 */
export function createHub({ openLink, life, newName, tell }) {
  /** @type {Map<string, Showing>} */
  const tabs = new Map();
  /** @type {Map<string, Heard>} by room */
  const rooms = new Map();
  const everywhere = createSharedLife(life);
  const link = openLink(everywhere.life);

  const endListening = life.listen((event) => {
    // Hidden and shown are of one tab; how many look is told by the tabs.
    if (event === 'hidden' || event === 'shown') return;
    everywhere.tell(event);
    for (const heard of rooms.values()) heard.life.tell(event);
  });

  /** @type {(room: string) => Showing[]} */
  const showing = (room) => [...tabs.values()].filter((one) => one.room === room);

  /** @type {(room: string, heard: Heard) => void} */
  const tellState = (room, { source, state, position: { since: at }, online }) => {
    tell({ room, source, kind: 'state', state, at, tabs: tabs.size });
    if (online !== undefined) tell({ room, source, kind: 'presence', online });
  };

  /** @type {(room: string, since: string | undefined) => void} */
  function open(room, since) {
    const source = newName();
    const roomLife = createSharedLife(life);
    roomLife.setHidden(showing(room).every(({ isHidden }) => isHidden));
    tell({ room, source, kind: 'opened', since });
    /** @type {Heard} */
    const heard = {
      source,
      position: { since },
      state: { name: since === undefined ? 'connecting' : 'catching-up' },
      online: undefined,
      life: roomLife,
      listening: { check() {}, tellTyping() {}, stop() {} },
    };
    rooms.set(room, heard);
    tellState(room, heard);
    heard.listening = link.listen({
      room,
      life: roomLife.life,
      position: heard.position,
      onMessages: (messages) => tell({ room, source, kind: 'messages', messages }),
      onMoved: (from, to) => tell({ room, source, kind: 'moved', from, to }),
      onReset: () => tell({ room, source, kind: 'reset' }),
      onState(state) {
        heard.state = state;
        tellState(room, { ...heard, online: undefined });
      },
      onTyping: (user) => tell({ room, source, kind: 'typing', user }),
      onPresence(online) {
        heard.online = online;
        tell({ room, source, kind: 'presence', online });
      },
    });
  }

  /** @type {(isAgain?: string) => void} a room that somebody has just come to look at */
  function tidy(isAgain) {
    for (const [room, heard] of rooms) {
      const shown = showing(room);
      heard.life.setHidden(
        shown.every(({ isHidden }) => isHidden),
        isAgain === room,
      );
      if (shown.length > 0) continue;
      rooms.delete(room);
      heard.listening.stop();
    }
    everywhere.setHidden(
      [...tabs.values()].every(({ isHidden }) => isHidden),
      isAgain !== undefined,
    );
  }

  return {
    link,
    follow(tab, shown) {
      const count = tabs.size;
      tabs.set(tab, shown);
      const heard = rooms.get(shown.room);
      if (heard) tellState(shown.room, heard);
      else open(shown.room, shown.since);
      tidy(shown.isShownAgain ? shown.room : undefined);
      if (tabs.size !== count) tellOthers(shown.room);
    },
    leave(tab) {
      if (!tabs.delete(tab)) return;
      tidy();
      tellOthers(undefined);
    },
    tellTyping: (room, user) => rooms.get(room)?.listening.tellTyping(user),
    check: (room) => rooms.get(room)?.listening.check(),
    close() {
      endListening();
      for (const heard of rooms.values()) heard.listening.stop();
      rooms.clear();
      link.close();
    },
  };

  /** @type {(but: string | undefined) => void} how many share it is said in each of them */
  function tellOthers(but) {
    for (const [room, heard] of rooms) if (room !== but) tellState(room, { ...heard, online: undefined });
  }
}

/** @typedef {ReturnType<typeof createSharedLife>} SharedLife */

/**
 * The life of several tabs as if it were one: hidden when all are.
 * @param {PageLife} of
 */
function createSharedLife(of) {
  /** @type {Set<(event: PageEvent) => void>} */
  const listeners = new Set();
  let isHidden = false;
  const tell = (/** @type {PageEvent} */ event) => listeners.forEach((react) => react(event));
  /** @type {PageLife} */
  const life = {
    isHidden: () => isHidden,
    isOnline: of.isOnline,
    listen(react) {
      listeners.add(react);
      return () => listeners.delete(react);
    },
  };
  return {
    life,
    tell,
    /** @type {(hidden: boolean, isAgain?: boolean) => void} */
    setHidden(hidden, isAgain = false) {
      const isNew = hidden !== isHidden;
      isHidden = hidden;
      if (isNew && hidden) tell('hidden');
      else if (!hidden && (isNew || isAgain)) tell('shown');
    },
  };
}
