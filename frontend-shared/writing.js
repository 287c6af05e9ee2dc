/** Everything one writes with: the boxes, what is replied to, the options, and what waits for its time. */
import { createComposer } from './composer.js';
import { find } from './elements.js';
import { createOptions } from './options.js';
import { createReplyBar } from './reply-bar.js';
import { openStore } from './storage.js';
import { createTypingSign } from './typing-sign.js';
import { createWaitingList } from './waiting-list.js';
/** @import { Message, Problem } from '../protocol/envelope.ts' */
/** @import { Outgoing } from './outgoing.js' */
/** @import { Store } from './storage.js' */

/**
 * @typedef {object} Writing
 * @property {(room: string) => void} enter
 * @property {(id: number) => void} replyTo
 * @property {() => void} redraw what is replied to may have changed
 * @property {(outgoing: Outgoing, problem: Problem) => void} giveBack
 * @property {(outgoing: Outgoing) => void} scheduled the server keeps it until its time
 * @property {() => void} loadWaiting
 * @property {() => void} focus
 */

/**
 * @param {object} parts
 * @param {() => string} parts.room
 * @param {Store} parts.store shared by all tabs
 * @param {(id: number) => Message | undefined} parts.find
 * @param {(reason: string) => void} parts.explain
 * @param {(user: string) => void} parts.tellTyping
 * @param {(text: Omit<Outgoing, 'key' | 'order'>) => void} parts.onSend
 * @returns {Writing}
 */
export function createWriting({ room, store, find: findMessage, explain, tellTyping, onSend }) {
  const drafts = openStore(() => sessionStorage);
  const message = find('message', HTMLTextAreaElement);
  const name = find('name', HTMLInputElement);
  const news = find('news', HTMLElement);
  const announce = (/** @type {string} */ said) => void (news.textContent = said);

  const replyBar = createReplyBar({
    bar: find('replying', HTMLElement),
    drafts,
    room,
    find: findMessage,
    onCancel: stopReplying,
  });
  const options = createOptions({
    button: find('options-toggle', HTMLButtonElement),
    panel: find('options', HTMLElement),
    colour: find('colour', HTMLInputElement),
    noColour: find('no-colour', HTMLButtonElement),
    time: find('send-later', HTMLInputElement),
    noTime: find('no-time', HTMLButtonElement),
    send: find('send', HTMLElement),
    store,
  });
  const sign = createTypingSign(tellTyping, Date.now);
  const composer = createComposer({
    form: find('composer', HTMLFormElement),
    name,
    message,
    explain,
    names: store,
    drafts,
    fault: options.fault,
    onSend(text) {
      const replyTo = replyBar.of(room());
      onSend({ room: room(), ...text, ...options.read(), ...(replyTo !== undefined && { replyTo }) });
      options.sent();
      replyBar.set(room(), undefined);
    },
    onTyping: () => sign(name.value.trim()),
  });
  const waiting = createWaitingList({
    root: find('waiting', HTMLDetailsElement),
    template: find('waiting-template', HTMLTemplateElement),
    announce,
    explain,
    onEmpty: () => message.focus(),
  });

  function stopReplying() {
    replyBar.set(room(), undefined);
    message.focus();
  }

  message.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') stopReplying();
  });

  return {
    enter(to) {
      message.placeholder = `Message #${to}`;
      composer.enter(to);
      replyBar.redraw();
    },
    replyTo(id) {
      replyBar.set(room(), id);
      message.focus();
    },
    redraw: replyBar.redraw,
    giveBack(outgoing, problem) {
      composer.giveBack(outgoing, problem);
      if (outgoing.replyTo !== undefined) replyBar.set(outgoing.room, outgoing.replyTo);
      if (outgoing.sendAt !== undefined) options.giveBack(outgoing.sendAt);
    },
    scheduled({ sendAt = '' }) {
      announce(`It will be sent on ${new Date(sendAt).toLocaleString()}.`);
      void waiting.load();
    },
    loadWaiting: () => void waiting.load(),
    focus: () => message.focus(),
  };
}
