/** Remembers what a pure function gave, where the same is asked again and again. */
import { MAX_REMEMBERED_CHARS } from './limits.ts';

/**
 * @param capacity after so many different questions all are forgotten: what callers make up costs bounded memory
 * @returns `compute`, asked once for each text; what it throws is not remembered
 */
export function remember<Answer>(capacity: number, compute: (text: string) => Answer): (text: string) => Answer {
  const known = new Map<string, Answer>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const answer = compute(text);
    if (text.length > MAX_REMEMBERED_CHARS) return answer;
    if (known.size >= capacity) known.clear();
    known.set(text, answer);
    return answer;
  };
}
