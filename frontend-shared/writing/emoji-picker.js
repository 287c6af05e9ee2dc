/**
 * All emoji, to choose one from: loaded when it is first opened. Made here of plain elements, as the pickers there are to
 * be had write markup and inline styles, which the policy of our pages stops.
 */
import { loadEmoji, searchEmoji } from './emoji.js';
import { roveThrough } from './toolbar.js';
import { words } from '../words.js';
/** @import { Emoji } from './emoji.js' */
/** @import { Store } from '../storage.js' */

const RECENT = 'since.emoji.recent';
const TONE = 'since.emoji.tone';
/** Two rows of the narrowest picker. */
const MAX_RECENT = 14;
/** More are no help to one who searches. */
const MAX_FOUND = 70;
/** One of each group stands for it. The third group are parts of others: tones and hair. */
const SIGNS = ['😀', '👋', '', '🐻', '🍎', '🚗', '⚽', '💡', '❤️', '🏁'];
const HANDS = ['✋', '✋🏻', '✋🏼', '✋🏽', '✋🏾', '✋🏿'];
/** Pixels. */
const GAP = 4;

/** @typedef {(anchor: HTMLElement, onChosen: (emoji: string) => void) => void} OpenPicker the focus goes back to the anchor */

/** @type {OpenPicker | undefined} one for the page */
let opened;

/** @type {(panel: HTMLElement, store: Store) => OpenPicker} `panel` has the attribute `popover` */
export function emojiPicker(panel, store) {
  opened ??= createPicker(panel, store);
  return opened;
}

/** @type {(panel: HTMLElement, store: Store) => OpenPicker} */
function createPicker(panel, store) {
  /** @type {readonly Emoji[]} */
  let all = [];
  /** @type {HTMLElement | undefined} */
  let anchor;
  let choose = (/** @type {string} */ _emoji) => {};

  const search = make('input', 'emoji-search');
  search.type = 'search';
  search.autocomplete = 'off';
  search.enterKeyHint = 'done';
  search.ariaLabel = search.placeholder = words.emoji.search;
  const tones = make('select', 'emoji-tone');
  tones.ariaLabel = words.emoji.tone;
  tones.append(...HANDS.map((hand, tone) => new Option(hand, String(tone))));
  for (const [tone, option] of [...tones.options].entries()) option.ariaLabel = words.emoji.tones[tone] ?? '';
  tones.value = store.get(TONE) ?? '0';
  const head = make('div', 'emoji-head');
  head.append(search, tones);
  const groups = make('div', 'emoji-groups');
  groups.role = 'toolbar';
  groups.ariaLabel = words.emoji.name;
  const body = make('div', 'emoji-body');
  const foot = make('p', 'emoji-foot');
  foot.ariaHidden = 'true';
  panel.ariaLabel = words.emoji.name;
  panel.tabIndex = -1;
  panel.replaceChildren(head, groups, body, foot);

  const buttons = () => [...body.querySelectorAll('button')];
  const tone = () => Number(tones.value);
  const recent = () => (store.get(RECENT) ?? '').split(' ').filter(Boolean);

  async function load() {
    if (all.length > 0) return draw();
    say(words.emoji.loading);
    try {
      all = await loadEmoji();
      groups.replaceChildren(...SIGNS.flatMap((sign, group) => (sign === '' ? [] : [toGroupButton(sign, group)])));
      roveThrough(groups);
      draw();
    } catch {
      const again = make('button', 'quiet');
      again.type = 'button';
      again.textContent = words.emoji.again;
      again.addEventListener('click', () => void load());
      say(words.emoji.failed, again);
    }
  }

  function draw() {
    const query = search.value.trim();
    groups.hidden = query !== '';
    if (query !== '') {
      const found = searchEmoji(all, query, MAX_FOUND);
      return found.length === 0 ? say(words.emoji.nothing) : show([toSection(words.emoji.found, found)]);
    }
    const used = recent().flatMap((emoji) => all.find((one) => one.emoji === emoji || one.tones.includes(emoji)) ?? []);
    const sections = SIGNS.flatMap((sign, group) =>
      sign === ''
        ? []
        : [
            toSection(
              words.emoji.groups[group] ?? '',
              all.filter((one) => one.group === group),
              group,
            ),
          ],
    );
    show(used.length === 0 ? sections : [toSection(words.emoji.recent, used), ...sections]);
  }

  /** @type {(sections: readonly HTMLElement[]) => void} */
  function show(sections) {
    body.replaceChildren(...sections);
    body.scrollTop = 0;
    const [first] = buttons();
    if (first) first.tabIndex = 0;
    foot.textContent = '';
  }

  /** @type {(text: string, ...more: HTMLElement[]) => void} */
  function say(text, ...more) {
    const line = make('p', 'emoji-said');
    line.role = 'status';
    line.textContent = text;
    body.replaceChildren(line, ...more);
  }

  /** @type {(title: string, emoji: readonly Emoji[], group?: number) => HTMLElement} */
  function toSection(title, emoji, group) {
    const section = make('section', 'emoji-section');
    const heading = make('h2', '');
    heading.textContent = title;
    const grid = make('div', 'emoji-grid');
    grid.append(...emoji.map(toButton));
    section.ariaLabel = title;
    if (group !== undefined) section.dataset['group'] = String(group);
    section.append(heading, grid);
    return section;
  }

  /** @type {(one: Emoji) => HTMLElement} */
  function toButton({ emoji, name, codes: [code], tones: [...skins] }) {
    const button = make('button', '');
    button.type = 'button';
    button.tabIndex = -1;
    button.textContent = (tone() > 0 && skins[tone() - 1]) || emoji;
    button.ariaLabel = name;
    button.title = code === undefined ? name : `${name} :${code}:`;
    return button;
  }

  /** @type {(sign: string, group: number) => HTMLElement} */
  function toGroupButton(sign, group) {
    const button = make('button', '');
    button.type = 'button';
    button.textContent = sign;
    button.ariaLabel = button.title = words.emoji.groups[group] ?? '';
    button.addEventListener('click', () => {
      const section = body.querySelector(`[data-group="${group}"]`);
      section?.scrollIntoView({ block: 'start' });
      section?.querySelector('button')?.focus({ preventScroll: true });
    });
    return button;
  }

  /** @type {(emoji: string) => void} */
  function take(emoji) {
    store.set(RECENT, [...new Set([emoji, ...recent()])].slice(0, MAX_RECENT).join(' '));
    // Before it acts: what is done with it must find the focus where it belongs.
    close();
    choose(emoji);
  }

  function close() {
    panel.hidePopover();
    anchor?.focus();
  }

  /** @type {(event: KeyboardEvent) => void} among the emoji, as they stand */
  function move(event) {
    const list = buttons();
    const at = list.findIndex((button) => button === document.activeElement);
    const from = list[at];
    if (!from) return;
    const step = getComputedStyle(body).direction === 'rtl' ? -1 : 1;
    const to = { ArrowRight: list[at + step], ArrowLeft: list[at - step], Home: list[0], End: list.at(-1) }[event.key];
    const next = to ?? (event.key === 'ArrowDown' ? nearest(list, from, 1) : undefined);
    const previous = event.key === 'ArrowUp' ? (nearest(list, from, -1) ?? search) : undefined;
    const target = next ?? previous;
    if (!target) return;
    event.preventDefault();
    target.focus();
  }

  panel.addEventListener('keydown', (event) => {
    // The form around it is not meant.
    event.stopPropagation();
    if (event.key === 'Escape') {
      event.preventDefault();
      close();
    } else if (event.target === search) {
      if (event.key === 'ArrowDown') buttons()[0]?.focus();
      else if (event.key === 'Enter' && search.value.trim() !== '') {
        const [first] = buttons();
        if (first?.closest('.emoji-grid')) take(first.textContent);
      } else if (event.key !== 'Enter') return;
      event.preventDefault();
    } else if (body.contains(document.activeElement)) move(event);
  });
  search.addEventListener('input', draw);
  search.addEventListener('input', (event) => event.stopPropagation());
  tones.addEventListener('change', () => {
    store.set(TONE, tones.value);
    draw();
  });
  body.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('.emoji-grid button') : null;
    if (button) take(button.textContent);
  });
  body.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLButtonElement) || !target.closest('.emoji-grid')) return;
    for (const button of body.querySelectorAll('[tabindex="0"]')) button.setAttribute('tabindex', '-1');
    target.tabIndex = 0;
    foot.textContent = target.title;
  });
  body.addEventListener('pointerover', ({ target }) => {
    if (target instanceof HTMLButtonElement) foot.textContent = target.title;
  });
  panel.addEventListener('toggle', (event) => {
    anchor?.setAttribute('aria-expanded', String(event instanceof ToggleEvent && event.newState === 'open'));
  });

  return (button, onChosen) => {
    anchor = button;
    choose = onChosen;
    search.value = '';
    panel.showPopover();
    place(panel, button.getBoundingClientRect());
    // An on-screen keyboard would cover what one came to see.
    if (matchMedia('(hover: none)').matches) panel.focus();
    else search.focus();
    void load();
  };
}

/** @type {(list: readonly HTMLElement[], from: HTMLElement, step: 1 | -1) => HTMLElement | undefined} right below, or above */
function nearest(list, from, step) {
  const { left, top } = from.getBoundingClientRect();
  const ordered = step === 1 ? list.slice(list.indexOf(from) + 1) : list.slice(0, list.indexOf(from)).toReversed();
  /** @type {HTMLElement | undefined} */
  let best;
  let row = NaN;
  for (const one of ordered) {
    const box = one.getBoundingClientRect();
    if (Math.abs(box.top - top) < 1) continue;
    if (Number.isNaN(row)) row = box.top;
    if (Math.abs(box.top - row) >= 1) break;
    if (!best || Math.abs(box.left - left) < Math.abs(best.getBoundingClientRect().left - left)) best = one;
  }
  return best;
}

/** @type {(panel: HTMLElement, at: DOMRect) => void} above the button where there is room, and never out of the window */
function place(panel, at) {
  const { width, height } = panel.getBoundingClientRect();
  const left = Math.max(GAP, Math.min(at.left, innerWidth - width - GAP));
  const above = at.top - height - GAP;
  const top = above >= GAP ? above : Math.max(GAP, Math.min(at.bottom + GAP, innerHeight - height - GAP));
  panel.style.setProperty('left', `${left}px`);
  panel.style.setProperty('top', `${top}px`);
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} className
 * @returns {HTMLElementTagNameMap[Name]}
 */
function make(name, className) {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  return element;
}
