/** Keys that nobody else makes. */

/**
 * `crypto.randomUUID` exists only where the page came over TLS or from this very machine; people in one network share
 * plain addresses such as `http://192.168.1.5:3000`, and there random bytes must do.
 * @type {(source?: Pick<Crypto, 'getRandomValues'> & Partial<Pick<Crypto, 'randomUUID'>>) => string}
 */
export function newKey(source = crypto) {
  if (source.randomUUID) return source.randomUUID();
  return [...source.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
