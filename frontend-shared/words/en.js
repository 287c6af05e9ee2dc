/** All words of the pages, in English. A language is this file once more, and a line in ../words.js. */
import { createCounting } from './counting.js';

const { count, number } = createCounting('en');
const MESSAGES = { one: 'message', other: 'messages' };
const CHARACTERS = { one: 'character', other: 'characters' };

/** @typedef {typeof en} Words */

export const en = {
  page: {
    skip: 'Skip to the message box',
    notLoaded: 'This could not be loaded: the server cannot be reached. Try again later.',
    settings: 'Settings',
    shortcuts: 'Keys',
    polling: '#lobby · Since by polling',
    websocket: '#lobby · Since by WebSocket',
    start: 'Since, start page',
    rooms: 'Rooms',
  },
  status: {
    live: 'Live',
    connecting: 'Connecting…',
    catchingUp: 'Catching up…',
    socket: 'WebSocket',
    /** @type {(rate: string) => string} */
    polling: (rate) => `Polling, ${rate}`,
    /** @type {(rate: string) => string} */
    fallback: (rate) => `Polling, ${rate}, as no WebSocket can be opened here`,
    /** @type {(seconds: number) => string} */
    everySeconds: (seconds) => `1 request in ${number(seconds)} s`,
    /** @type {(requests: number) => string} */
    aSecond: (requests) => `${count(requests, { one: 'request', other: 'requests' })} a second`,
    /** @type {(tabs: number) => string} */
    shared: (tabs) => `, for ${number(tabs)} tabs`,
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
    /** @type {(count: string) => string} */
    unread: (count) => `${count} unread`,
    mentioned: 'you are mentioned',
    /** @type {(room: string) => string} */
    entered: (room) => `Room ${room}`,
    /** @type {(room: string, count: string, isOne: boolean) => string} */
    enteredUnread: (room, count, isOne) => `Room ${room}, ${count} new ${isOne ? 'message' : 'messages'}`,
    title: 'Rooms',
    open: 'Open a room',
    go: 'Open',
    badName: 'No room can be called that: take up to 40 of a–z, 0–9 and -.',
    /** @type {(online: number) => string} */
    here: (online) => `${number(online)} here`,
  },
  search: {
    here: 'In this room only',
    box: 'Search',
    results: 'Search results',
    close: 'Close',
    searching: 'Searching…',
    nothing: 'Nothing found',
    /** @type {(found: number) => string} */
    best: (found) => `The best ${number(found)} of those found`,
    /** @type {(found: number) => string} */
    found: (found) => `${count(found, MESSAGES)} found`,
    failed: 'The search failed',
    unreachable: 'the server cannot be reached.',
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
    /** @type {(fresh: number) => string} */
    toEndNew: (fresh) => `Jump to latest (${number(fresh)} new)`,
    coming: 'Loading messages…',
    loading: 'Loading older messages…',
    began: 'This is where it began.',
    fresh: 'New',
    /** @type {(id: number) => string} */
    unreachable: (id) => `Message #${id} could not be loaded: the server cannot be reached.`,
    /** @type {(id: number) => string} */
    unknown: (id) => `That message is not in this room any more: there is no message #${id}.`,
    /** @type {(id: number) => string} */
    deleted: (id) => `Message #${id} was deleted.`,
    /** @type {(id: number, room: string) => string} */
    elsewhere: (id, room) => `Message #${id} is not in this room, but in #${room}.`,
  },
  time: {
    justNow: 'just now',
  },
  message: {
    addReaction: 'Add a reaction',
    reply: 'Reply',
    edit: 'Edit',
    delete: 'Delete',
    deleted: 'Message deleted',
    edited: 'edited',
    waiting: 'Waiting to be sent',
    saving: 'Saving…',
    deleting: 'Deleting…',
    showAll: 'Show all',
    showLess: 'Show less',
    like: 'Like',
    dislike: 'Dislike',
    /** @type {(emoji: string) => string} */
    reactWith: (emoji) => `React with ${emoji}`,
    /** @type {(name: string, reactions: number) => string} */
    reacted: (name, reactions) => `${name}, ${number(reactions)}`,
    anonymous: 'no identity',
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
    /** @type {(room: string) => string} */
    to: (room) => `Message #${room}`,
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
  sending: {
    number,
    nameFirst: 'Not sent: write your name first.',
    /** @type {(length: number, max: number) => string} */
    nameTooLong: (length, max) => `Not sent: the name has ${number(length)} characters, and ${number(max)} fit.`,
    /** @type {(length: number, max: number) => string} */
    tooLong: (length, max) => `Not sent: the message has ${number(length)} characters, and ${number(max)} fit.`,
    timeIncomplete: 'Not sent: the time to send it is not complete.',
    timeOver: 'Not sent: the time to send it is over. Choose one to come.',
    notSent: 'Not sent',
    /** @type {(room: string, reason: string) => string} */
    inRoom: (room, reason) => `In #${room}: ${reason}`,
    /** @type {(left: number) => string} */
    left: (left) => `${count(left, CHARACTERS)} left`,
    /** @type {(over: number) => string} */
    over: (over) => `${count(over, CHARACTERS)} too many`,
    onlyText: 'Only text can be sent here, no pictures or other files.',
    late: 'Not sent: it has waited for hours, and others may have moved on.',
    failed: 'Not sent: the server failed each time it was tried.',
    retry: 'Try again',
    discard: 'Discard',
    discarded: 'Discarded: the message will not be sent.',
  },
  editing: {
    blank: 'Not saved: write something, or delete the message.',
    /** @type {(length: number, max: number) => string} */
    tooLong: (length, max) => `Not saved: the message has ${number(length)} characters, and ${number(max)} fit.`,
    notSaved: 'Not saved',
    notReacted: 'Your reaction was not taken',
    notDeleted: 'Not deleted',
    unreachable: 'the server cannot be reached. Try again.',
  },
  later: {
    /** @type {(waiting: number) => string} */
    waiting: (waiting) => `${count(waiting, MESSAGES)} ${waiting === 1 ? 'waits for its time' : 'wait for their time'}`,
    /** @type {(time: string) => string} */
    scheduled: (time) => `It will be sent on ${time}.`,
    /** @type {(time: string) => string} */
    withdrawn: (time) => `Withdrawn: the message for ${time} will not be sent.`,
    sent: 'Not withdrawn: it has been sent already.',
    unreachable: 'Not withdrawn: the server cannot be reached.',
  },
  tools: {
    name: 'Formatting',
    strong: 'Bold',
    em: 'Italic',
    u: 'Underline',
    code: 'Code',
    emoji: 'Emoji',
    preview: 'Preview',
    /** @type {(name: string, key: string) => string} */
    withKey: (name, key) => `${name} (${key})`,
    ctrl: 'Ctrl',
    nothing: 'Nothing to preview yet.',
  },
  offers: {
    name: 'Suggestions',
    /** @type {(offers: number) => string} */
    count: (offers) =>
      `${count(offers, { one: 'suggestion', other: 'suggestions' })}: arrow keys to choose, Tab for the first`,
  },
  emoji: {
    name: 'Emoji',
    more: 'More emoji',
    search: 'Search emoji',
    tone: 'Skin tone',
    tones: ['no tone', 'light', 'medium-light', 'medium', 'medium-dark', 'dark'],
    recent: 'Used lately',
    found: 'Found',
    nothing: 'No emoji is called that.',
    loading: 'Loading…',
    failed: 'The emoji could not be loaded.',
    again: 'Try again',
    groups: [
      'Smileys',
      'People',
      'Parts',
      'Animals and nature',
      'Food and drink',
      'Travel and places',
      'Activities',
      'Things',
      'Symbols',
      'Flags',
    ],
  },
  deletion: {
    title: 'Delete this message?',
    warning: 'Nobody can bring it back.',
    cancel: 'Cancel',
    delete: 'Delete',
  },
  door: {
    lead: 'A chat that remembers one number, the last thing you saw, and asks what came since. So nothing is missed, and nothing comes twice.',
    pages: 'Pages',
    websocket: 'Everything at once. When in doubt, take this one.',
    polling: 'By plain HTTP, for networks that let nothing else through.',
    glimpse: 'Right now in',
    empty: 'Nothing has been said yet. Be the first!',
    share: 'Bring others in',
    reach: {
      open: 'Send them the address, or let a phone scan the code.',
      here: 'Only this machine can open it. Start it with HOST=0.0.0.0 to let others in your network in.',
      alone: 'This machine is in no network yet. Once it is, the address for others stands here.',
    },
    show: 'QR code',
    copy: 'Copy',
    copied: 'Copied',
    /** @type {(address: string) => string} */
    codeOf: (address) => `QR code of ${address}`,
    more: 'More',
    docs: 'How it works on the wire',
    json: 'Messages as JSON',
  },
  /** @type {(value: number) => string} */
  number,
  problems: {
    'identity-required': 'the server does not know you any more. Load the page again.',
    forbidden: 'only who wrote it may do that.',
    'not-found': 'it is not there any more.',
    timeout: 'it took too long. Try again.',
    'payload-too-large': 'it is too long.',
    'rate-limited': 'too much came at once. Wait a moment, and try again.',
    overloaded: 'the server has too much to do just now. Try again in a moment.',
    internal: 'something went wrong in the server. Try again.',
    'idempotency-mismatch': 'it was sent before, with another text.',
  },
  /** What is wrong where the server refuses a field, by its name on the wire. */
  faults: {
    room: 'no room can be called that.',
    user: 'the name is empty, too long, or holds characters that no name may have.',
    message: 'the message is empty, too long, or holds control characters.',
    sendAt: 'the time to send it must be in the future, and within a year.',
    color: 'the colour is none.',
    replyTo: 'what it replies to is not in this room.',
    reaction: 'the message has as many kinds of reactions as it can, or this is none.',
    q: 'it is empty, or too long.',
  },
  attention: {
    /** @type {(user: string, room: string) => string} */
    title: (user, room) => `${user} in #${room}`,
  },
  settings: {
    title: 'Settings',
    notifications: 'Notify me when I am mentioned',
    sound: 'Play a sound for it',
    keys: 'Single keys as shortcuts',
    noNotifications: 'This browser shows notifications only for pages that come over HTTPS.',
    refused: 'The browser does not let this page notify you. You can allow it in its settings for this site.',
  },
  keys: {
    title: 'Keys',
    close: 'Close',
    ctrl: 'Ctrl',
    anywhere: 'Anywhere',
    writing: 'In the message box',
    lists: 'In the messages, and in what was found',
    search: 'Search',
    write: 'Write a message',
    rooms: 'The room before, the next room',
    help: 'Show these keys',
    leave: 'Leave what is open',
    send: 'Send',
    newLine: 'Begin a new line',
    editLast: 'Edit your last message, in an empty box',
    format: 'Bold, italic, underlined, code',
    home: 'Home',
    end: 'End',
    move: 'One up, one down',
    ends: 'The first, the newest',
    suggest: 'Suggest names, or emoji',
    open: 'Go to what was found',
    back: 'Back to the message box',
    singleKeys: 'Single keys work where you are not writing, and can be switched off in the settings.',
  },
};
