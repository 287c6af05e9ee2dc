/** Everything one writes with: the boxes, what is replied to, the options, and what waits for its time. */
import { createBoxTools } from './box-tools.js';
import { refuseFiles } from './clean-text.js';
import { createComposer, findFault } from './composer.js';
import { createDrafts } from './drafts.js';
import { remarkNames } from '../room/draw-text.js';
import { find } from '../elements.js';
import { isSameName } from '../room/mentions.js';
import { makeRoomForKeyboard, setPageHeight } from './keyboard-room.js';
import { createOptions } from './options.js';
import { createPeople } from '../room/people.js';
import { createReplyBar } from './reply-bar.js';
import { openStore } from '../storage.js';
import { createTypingSign } from './typing-sign.js';
import { createWaitingList } from './waiting-list.js';
import { locale, words } from '../words.js';
import { createWritingTools } from './writing-tools.js';
/** @import { DressBox } from './box-tools.js' */
/** @import { Message, Problem } from '../../protocol/envelope.ts' */
/** @import { Names } from '../room/draw-text.js' */
/** @import { Outgoing } from '../link/outgoing.js' */
/** @import { Store } from '../storage.js' */

/**
 * @typedef {object} Writing
 * @property {(room: string) => void} enter
 * @property {(id: number) => void} replyTo
 * @property {() => void} redraw what is replied to may have changed
 * @property {() => void} reread another tab may have been told the name
 * @property {(outgoing: Outgoing, problem: Problem) => void} giveBack
 * @property {(outgoing: Outgoing) => void} held it was not sent, and waits for a person
 * @property {() => void} discarded what was held back
 * @property {(outgoing: Outgoing) => void} scheduled the server keeps it until its time
 * @property {(messages: readonly Message[]) => void} heard of the room
 * @property {() => void} loadWaiting
 * @property {() => void} focus
 * @property {DressBox} dress another box that is written in
 * @property {Names} names of who writes here, and of those who have been heard
 */
/** @typedef {(anchor: HTMLElement, onChosen: (emoji: string) => void) => void} PickEmoji */

/**
 * @param {object} parts
 * @param {() => string} parts.room
 * @param {Store} parts.store shared by all tabs
 * @param {(id: number) => Message | undefined} parts.find
 * @param {(reason: string, isToLast?: boolean) => void} parts.explain
 * @param {(user: string) => void} parts.tellTyping
 * @param {PickEmoji} parts.pickEmoji
 * @param {() => boolean} parts.editLast one's own last message; false when there is none
 * @param {(text: Omit<Outgoing, 'key' | 'order'>) => void} parts.onSend
 * @returns {Writing}
 */
export function createWriting({ room, store, find: findMessage, explain, tellTyping, pickEmoji, editLast, onSend }) {
  const own = openStore(() => sessionStorage);
  const drafts = createDrafts(own, store);
  const people = createPeople();
  const message = find('message', HTMLTextAreaElement);
  const name = find('name', HTMLInputElement);
  const news = find('news', HTMLElement);
  const announce = (/** @type {string} */ said) => void (news.textContent = said);

  const replyBar = createReplyBar({
    bar: find('replying', HTMLElement),
    drafts: own,
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
  const me = () => name.value.trim();
  const names = { own: me, all: people.names };
  const dress = createBoxTools({
    offers: find('offers', HTMLElement),
    names: () => people.names().filter((one) => !isSameName(one, me())),
    announce,
    explain,
  });
  // Before the composer listens: what is offered comes first with Enter and Escape.
  const meter = dress(message, find('left', HTMLElement));
  const tools = createWritingTools({
    toolbar: find('tools', HTMLElement),
    box: message,
    preview: find('preview', HTMLElement),
    store,
    names,
    pickEmoji,
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
    // A name that is refused with a message is refused with a sign too.
    onTyping: () => findFault({ user: me(), message: '' }) ?? sign(me()),
    onPut() {
      meter.redraw();
      tools.redraw();
    },
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

  message.addEventListener('keydown', (event) => {
    const { key, isComposing, altKey, ctrlKey, metaKey, shiftKey } = event;
    if (isComposing || altKey || ctrlKey || metaKey || shiftKey) return;
    if (key === 'Escape' && replyBar.of(room()) !== undefined) stopReplying();
    else if (key !== 'ArrowUp' || message.value !== '' || !editLast()) return;
    event.preventDefault();
  });
  name.addEventListener('change', () => remarkNames(document, names));
  refuseFiles(document, explain);
  makeRoomForKeyboard(visualViewport, () => innerHeight, setPageHeight(document.body));
  addEventListener('pagehide', drafts.leave);
  addEventListener('pageshow', drafts.comeBack);

  return {
    enter(to) {
      message.placeholder = words.composer.to(to);
      people.forget();
      composer.enter(to);
      replyBar.redraw();
    },
    replyTo(id) {
      replyBar.set(room(), id);
      message.focus();
    },
    redraw: replyBar.redraw,
    reread() {
      if (composer.reread()) remarkNames(document, names);
    },
    giveBack(outgoing, problem) {
      composer.giveBack(outgoing, problem);
      if (outgoing.replyTo !== undefined) replyBar.set(outgoing.room, outgoing.replyTo);
      if (outgoing.sendAt !== undefined) options.giveBack(outgoing.sendAt);
    },
    held({ room: where, held = 'failed' }) {
      const reason = words.sending[held];
      explain(where === room() ? reason : words.sending.inRoom(where, reason), true);
    },
    discarded() {
      announce(words.sending.discarded);
      explain('');
      message.focus();
    },
    heard: people.heard,
    scheduled({ sendAt = '' }) {
      announce(words.later.scheduled(new Date(sendAt).toLocaleString(locale)));
      void waiting.load();
    },
    loadWaiting: () => void waiting.load(),
    focus: () => message.focus(),
    dress,
    names,
  };
}
