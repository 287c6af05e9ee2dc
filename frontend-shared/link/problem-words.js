/** Why the server refused something, in the words of the page. */
import { words } from '../words.js';
/** @import { FieldProblem, Problem } from '../../protocol/envelope.ts' */

/**
 * Decided by code and field, as the server's own words are in English and may change. They are given where the page knows
 * no others: they come from a newer server, and are better than none.
 * @param {Problem} problem
 * @param {string} [what] was not done
 * @returns {string} for people
 */
export function toReason({ code, detail, errors = [] }, what = words.sending.notSent) {
  const reason = errors.length > 0 ? errors.map(toFault).join(' ') : (wordFor(words.problems, code) ?? detail);
  return `${what}: ${reason}`;
}

/** @type {(error: FieldProblem) => string} */
const toFault = ({ field, detail }) => wordFor(words.faults, field) ?? `${field} ${detail}.`;

/** @type {(known: Record<string, string>, name: string) => string | undefined} whatever the name is: it came from outside */
const wordFor = (known, name) => (Object.hasOwn(known, name) ? known[name] : undefined);
