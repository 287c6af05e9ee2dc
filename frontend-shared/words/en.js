/** All words of the pages, in English. A language is this file once more, and a line in ../words.js. */
import { createCounting } from './counting.js';

const { count, number } = createCounting('en');
const MESSAGES = { one: 'message', other: 'messages' };

/** @typedef {typeof en} Words */

export const en = {
  page: {
    polling: '#lobby · Since by polling',
    websocket: '#lobby · Since by WebSocket',
    start: 'Since, start page',
    rooms: 'Rooms',
  },
  status: {
    live: 'Live',
    connecting: 'Connecting…',
    signedOut: 'Sign-in needed',
    offline: 'Offline',
    reconnecting: 'Reconnecting',
    now: ' now',
    /** @type {(seconds: number) => string} */
    inSeconds: (seconds) => ` in ${number(seconds)} s`,
    /** @type {(queued: number) => string} */
    queued: (queued) => `: ${count(queued, MESSAGES)} will be sent when you are back`,
  },
  rooms: {
    title: 'Rooms',
    open: 'Open a room',
    go: 'Open',
    badName: 'No room can be called that: take up to 40 of a–z, 0–9 and -.',
    /** @type {(online: number) => string} */
    here: (online) => `${number(online)} here`,
  },
  search: {
    box: 'Search',
    results: 'Search results',
    close: 'Close',
    nothing: 'Nothing found',
    /** @type {(found: number) => string} */
    found: (found) => `${count(found, MESSAGES)} found`,
    /** @type {(reason: string) => string} */
    failed: (reason) => `Nothing was looked for: ${reason}`,
    unreachable: 'the server cannot be reached',
  },
  typing: {
    /** @type {(others: number) => string} */
    others: (others) => count(others, { one: 'other', other: 'others' }),
    /** @type {(name: string) => string} */
    one: (name) => `${name} is typing…`,
    /** @type {(names: string) => string} a list with "and" in it */
    several: (names) => `${names} are typing…`,
  },
  list: {
    name: 'Messages',
    empty: 'Nothing has been said here yet. Say hello!',
    toEnd: 'Jump to latest',
  },
  message: {
    addReaction: 'Add a reaction',
    reply: 'Reply',
    edit: 'Edit',
    delete: 'Delete',
  },
  editor: {
    name: 'Edit message',
    save: 'Save',
    cancel: 'Cancel',
  },
  composer: {
    name: 'Name',
    whoAreYou: 'Who are you?',
    message: 'Message',
    messageTo: 'Message #lobby',
    shift: 'Shift',
    enter: 'Enter',
    forNewLine: 'for a new line',
    options: 'Options',
    send: 'Send',
    replyingTo: 'Replying to',
    cancel: 'Cancel',
    cancelReply: 'Cancel reply',
    colour: 'Colour',
    noColour: 'No colour',
    sendLater: 'Send later',
    noTime: 'Clear time',
    withdraw: 'Withdraw',
  },
  deletion: {
    title: 'Delete this message?',
    warning: 'Nobody can bring it back.',
    cancel: 'Cancel',
    delete: 'Delete',
  },
};
