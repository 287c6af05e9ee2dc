/** All words of the pages, in German. */
import { createCounting } from './counting.js';
/** @import { Words } from './en.js' */

const { count, number } = createCounting('de');
const MESSAGES = { one: 'Nachricht', other: 'Nachrichten' };

/** @type {Words} */
export const de = {
  page: {
    polling: '#lobby · Since über Polling',
    websocket: '#lobby · Since über WebSocket',
    start: 'Since, Startseite',
    rooms: 'Räume',
  },
  status: {
    live: 'Live',
    connecting: 'Verbinde …',
    signedOut: 'Anmeldung nötig',
    offline: 'Offline',
    reconnecting: 'Neuer Versuch',
    now: ' jetzt',
    inSeconds: (seconds) => ` in ${number(seconds)} s`,
    queued: (queued) =>
      `: ${count(queued, MESSAGES)} ${queued === 1 ? 'wird' : 'werden'} gesendet, sobald die Verbindung steht`,
  },
  rooms: {
    title: 'Räume',
    open: 'Raum öffnen',
    go: 'Öffnen',
    badName: 'So kann kein Raum heißen: erlaubt sind bis zu 40 Zeichen aus a–z, 0–9 und -.',
    here: (online) => `${number(online)} hier`,
  },
  search: {
    box: 'Suchen',
    results: 'Suchergebnisse',
    close: 'Schließen',
    nothing: 'Nichts gefunden',
    found: (found) => `${count(found, MESSAGES)} gefunden`,
    failed: (reason) => `Es wurde nicht gesucht: ${reason}`,
    unreachable: 'der Server ist nicht erreichbar',
  },
  typing: {
    others: (others) => (others === 1 ? 'eine weitere Person' : `${number(others)} weitere`),
    one: (name) => `${name} schreibt …`,
    several: (names) => `${names} schreiben …`,
  },
  list: {
    name: 'Nachrichten',
    empty: 'Hier wurde noch nichts gesagt. Mach den Anfang!',
    toEnd: 'Zur neuesten springen',
  },
  message: {
    addReaction: 'Reaktion hinzufügen',
    reply: 'Antworten',
    edit: 'Bearbeiten',
    delete: 'Löschen',
  },
  editor: {
    name: 'Nachricht bearbeiten',
    save: 'Speichern',
    cancel: 'Abbrechen',
  },
  composer: {
    name: 'Name',
    whoAreYou: 'Wie heißt du?',
    message: 'Nachricht',
    messageTo: 'Nachricht an #lobby',
    shift: 'Umschalt',
    enter: 'Enter',
    forNewLine: 'für eine neue Zeile',
    options: 'Optionen',
    send: 'Senden',
    replyingTo: 'Antwort an',
    cancel: 'Abbrechen',
    cancelReply: 'Antwort abbrechen',
    colour: 'Farbe',
    noColour: 'Keine Farbe',
    sendLater: 'Später senden',
    noTime: 'Zeit löschen',
    withdraw: 'Zurückziehen',
  },
  deletion: {
    title: 'Diese Nachricht löschen?',
    warning: 'Das lässt sich nicht rückgängig machen.',
    cancel: 'Abbrechen',
    delete: 'Löschen',
  },
};
