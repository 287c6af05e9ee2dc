/** How a person looks beside what they write. */

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** @type {(user: string) => string} the first letters of the first two words; letters as people see them, emoji too */
export function toInitials(user) {
  const letters = [...segmenter.segment(user)].map(({ segment }) => segment);
  const firsts = letters.filter((letter, index) => isLetter(letter) && !isLetter(letters[index - 1] ?? ''));
  return (firsts.length > 0 ? firsts.slice(0, 2) : letters.slice(0, 1)).join('').toLocaleUpperCase();
}

/** @type {(letter: string) => boolean} */
const isLetter = (letter) => /[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(letter);

/** @type {(name: string) => number} degrees; the same name always has the same colour */
export function toHue(name) {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return hash;
}

/** @type {(element: HTMLElement, hue: number | undefined) => void} of the avatar, which is grey without one */
export function setHue(element, hue) {
  element.classList.toggle('is-unknown', hue === undefined);
  element.style.setProperty('--hue', String(hue ?? 0));
}
