/** The buttons of a message. They stay the same elements while what they show changes, so that they keep the focus. */
import { forgetLeaving, isAimedAt, onceLeft } from './aim.js';
import { DISLIKE, keepPlaces, LIKE } from './reactions.js';
import { words } from '../words.js';
/** @import { Change } from './own-changes.js' */
/** @import { Quote } from './quotes.js' */
/** @import { Reaction } from './reactions.js' */

/** @type {Readonly<Record<string, string>>} */
const NAMES = { [LIKE]: words.message.like, [DISLIKE]: words.message.dislike };

/**
 * @typedef {object} Beside What is known of a message beside itself.
 * @property {readonly Reaction[]} reactions
 * @property {boolean} isMine
 * @property {Quote | undefined} quote what it replies to
 * @property {Change | undefined} change that is under way
 */

/**
 * @param {HTMLElement} element of the message
 * @param {Beside | undefined} beside undefined where there is nothing to be done
 */
export function drawActions(element, beside) {
  const root = /** @type {HTMLElement} */ (element.querySelector('.message-actions'));
  const { reactions, isMine } = beside ?? { reactions: [], isMine: false };
  if (!beside) leaveFor(root, element);
  root.hidden = !beside;
  drawReactions(element, root, reactions, beside);
  element.classList.toggle('is-mine', isMine);
  for (const name of ['edit', 'delete']) {
    const button = act(root, name);
    button.hidden = !isMine;
    // Not disabled: it keeps the focus.
    button.ariaDisabled = beside?.change ? 'true' : null;
  }
}

/** @type {(element: HTMLElement, root: HTMLElement, reactions: readonly Reaction[], beside: Beside | undefined) => void} */
function drawReactions(element, root, reactions, beside) {
  const place = /** @type {HTMLElement} */ (root.querySelector('.reactions'));
  const drawn = new Map([...place.querySelectorAll('button')].map((button) => [button.dataset['emoji'] ?? '', button]));
  const isHeld = beside !== undefined && drawn.size > 0 && isAimedAt(element);
  const before = [...drawn].map(([emoji, { ariaPressed }]) => ({ emoji, count: 0, mine: ariaPressed === 'true' }));
  const shown = isHeld ? keepPlaces(before, reactions) : reactions;
  const kept = new Set(shown.map(({ emoji }) => emoji));
  for (const [emoji, button] of drawn) {
    if (kept.has(emoji)) continue;
    if (button === document.activeElement) act(root, 'add').focus();
    button.remove();
  }
  element.classList.toggle('has-others', shown.length > 2);
  const lastCounted = shown.findLastIndex(({ count }) => count > 0);
  let following = place.firstElementChild;
  for (const [index, reaction] of shown.entries()) {
    const old = drawn.get(reaction.emoji);
    const button = old ?? toButton(reaction.emoji);
    if (button === following) following = button.nextElementSibling;
    else place.insertBefore(button, following);
    // By a class, as `:has` in the style takes 10 ms a message where there are hundreds.
    button.classList.toggle('is-between', reaction.count === 0 && index < lastCounted);
    button.classList.toggle('is-late', isHeld && (!old || old.classList.contains('is-late')));
    drawReaction(button, reaction);
  }
  // How much room the two that are always there take, where the style lets them share a line with the text.
  const digits = [LIKE, DISLIKE].map((emoji) => reactions.find((one) => one.emoji === emoji)?.count ?? 0).join('');
  element.style.setProperty('--digits', String(digits.length));
  if (isHeld) return onceLeft(element, () => drawActions(element, beside));
  forgetLeaving(element);
  element.classList.toggle(
    'has-reactions',
    reactions.some(({ count }) => count > 0),
  );
}

/** @type {(part: Element | null, element: HTMLElement) => void} the focus does not fall off the page with what is taken away */
export function leaveFor(part, element) {
  if (part?.contains(document.activeElement)) element.focus();
}

/** @type {(root: HTMLElement, name: string) => HTMLElement} */
const act = (root, name) => /** @type {HTMLElement} */ (root.querySelector(`[data-act="${name}"]`));

/** @type {(emoji: string) => HTMLButtonElement} */
function toButton(emoji) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'act reaction';
  button.dataset['act'] = 'react';
  button.dataset['emoji'] = emoji;
  return button;
}

/** @type {(button: HTMLButtonElement, reaction: Reaction) => void} */
function drawReaction(button, { emoji, count, mine }) {
  const text = count === 0 ? emoji : `${emoji} ${count}`;
  const name = NAMES[emoji] ?? words.message.reactWith(emoji);
  button.classList.toggle('has-count', count > 0);
  button.ariaPressed = String(mine);
  button.ariaLabel = count === 0 ? name : words.message.reacted(name, count);
  if (button.textContent !== text) button.textContent = text;
}
