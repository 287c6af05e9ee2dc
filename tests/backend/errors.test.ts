import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChatError, ERRORS, toProblem } from '../../backend/errors.ts';
import * as limits from '../../backend/limits.ts';

describe('an error', () => {
  it('is told with its code, its status and its words', () => {
    const errors = [{ field: 'user', detail: 'must be text' }];
    expect(toProblem(new ChatError('invalid-message', '"user" must be text.', { errors }))).toStrictEqual({
      type: 'about:blank',
      title: 'The message is not valid',
      status: 400,
      detail: '"user" must be text.',
      code: 'invalid-message',
      errors,
    });
  });

  it.each([new TypeError('secret of the inside'), 'secret', undefined, { message: 'secret' }])(
    'that is a bug is told without its own words: %s',
    (bug) => {
      const problem = toProblem(bug);
      expect(problem).toMatchObject({ status: 500, code: 'internal' });
      expect(JSON.stringify(problem)).not.toContain('secret');
    },
  );

  it('can be tried again exactly where the status says that it is not the caller’s fault, or not for long', () => {
    for (const [code, { http, retry }] of Object.entries(ERRORS)) {
      expect([code, retry]).toEqual([code, http >= 500 || http === 429 || http === 408]);
    }
  });

  it('that is told as overloaded says when to come back', () => {
    expect(new ChatError('overloaded', 'x').retryAfter).toBe(1);
    expect(new ChatError('overloaded', 'x', { retryAfter: 5 }).retryAfter).toBe(5);
    expect(new ChatError('not-found', 'x').retryAfter).toBeUndefined();
  });
});

describe('limits', () => {
  it('are positive whole numbers', () => {
    for (const [name, limit] of Object.entries(limits)) {
      expect(Number.isSafeInteger(limit) && limit > 0, `${name} is ${String(limit)}`).toBe(true);
    }
  });

  it('stand in one file', () => {
    const root = join(import.meta.dirname, '../../backend');
    const bound = /\bconst ((?:MAX|MIN|RETRY)_\w+|[A-Z_]+_(?:AFTER|AGE|BUSY|CHECK|EVERY|TICK|WITHIN)_M?S)\b/g;
    const elsewhere = globSync('**/*.ts', { cwd: root })
      .filter((file) => file !== 'limits.ts')
      .flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(bound)].map(([, name]) => [file, name]));
    expect(elsewhere).toEqual([]);
  });

  it('fit together', () => {
    // The longest message, of characters that JSON escapes to six bytes, beside the longest name.
    expect(6 * (limits.MAX_MESSAGE_LENGTH + limits.MAX_USER_LENGTH)).toBeLessThan(limits.MAX_BODY_BYTES);
    expect(limits.DEFAULT_PAGE).toBeLessThanOrEqual(limits.MAX_PAGE);
    // A poll without a limit, and a slice, come from the window in one look.
    expect(limits.MAX_PAGE).toBeLessThan(limits.MAX_WINDOW_CHANGES);
    expect(limits.HEARTBEAT_EVERY_MS).toBeLessThanOrEqual(15_000);
    expect(limits.MAX_WAIT_S * 1_000).toBeLessThan(60_000);
    expect(limits.SHUTDOWN_WITHIN_MS).toBeLessThan(10_000);
    expect(limits.PONG_WITHIN_MS).toBeLessThan(limits.PING_EVERY_MS);
    expect(limits.HEADERS_TIMEOUT_MS).toBeLessThanOrEqual(limits.REQUEST_TIMEOUT_MS);
  });
});
