/** All words of the pages, in German. */
/** @import { Words } from '../words.js' */

/** @type {(count: number) => string} */
const messages = (count) => (count === 1 ? '1 Nachricht' : `${count} Nachrichten`);

/** @type {Words} */
export const de = {
  status: {
    live: 'Live',
    connecting: 'Verbinde …',
    signedOut: 'Anmeldung nötig',
    offline: 'Offline',
    reconnecting: 'Neuer Versuch',
    now: ' jetzt',
    inSeconds: (seconds) => ` in ${seconds} s`,
    queued: (queued) =>
      `: ${messages(queued)} ${queued === 1 ? 'wird' : 'werden'} gesendet, sobald die Verbindung steht`,
  },
};
