/** All words of the pages, in English. A language is this file once more, and a line in ../words.js. */

/** @type {(count: number) => string} */
const messages = (count) => (count === 1 ? '1 message' : `${count} messages`);

export const en = {
  status: {
    live: 'Live',
    connecting: 'Connecting…',
    signedOut: 'Sign-in needed',
    offline: 'Offline',
    reconnecting: 'Reconnecting',
    now: ' now',
    /** @type {(seconds: number) => string} */
    inSeconds: (seconds) => ` in ${seconds} s`,
    /** @type {(queued: number) => string} */
    queued: (queued) => `: ${messages(queued)} will be sent when you are back`,
  },
};
