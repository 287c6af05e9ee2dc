/** Numbers and plurals, as a language has them. */

/**
 * @typedef {object} Counting
 * @property {(value: number) => string} number
 * @property {(count: number, forms: { one: string, other: string }) => string} count the number and its form: `3 messages`
 */

/** @type {(language: string) => Counting} */
export function createCounting(language) {
  const numbers = new Intl.NumberFormat(language);
  const plurals = new Intl.PluralRules(language);
  return {
    number: (value) => numbers.format(value),
    count: (count, forms) => `${numbers.format(count)} ${plurals.select(count) === 'one' ? forms.one : forms.other}`,
  };
}
