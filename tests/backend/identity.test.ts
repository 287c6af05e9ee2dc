import { describe, expect, it } from 'vitest';
import { createAddresses } from '../../backend/address.ts';
import { createIdentity } from '../../backend/identity.ts';
import { createRateLimit } from '../../backend/rate-limit.ts';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Settings } from '../../backend/settings.ts';

type Given = Partial<Pick<Settings, 'moderatorToken' | 'trustProxy'>>;

const start = (secret = 'secret', { moderatorToken, trustProxy = false }: Given = {}) =>
  createIdentity({
    secret,
    settings: { moderatorToken },
    addresses: createAddresses(trustProxy),
    rateLimit: createRateLimit(undefined),
  });

/** A request, as far as it tells who is calling. */
const from = (headers: IncomingHttpHeaders = {}, remoteAddress = '192.0.2.1') =>
  ({ headers, socket: { remoteAddress }, connection: { remoteAddress } }) as unknown as IncomingMessage;
const bearer = (token: string) => from({ authorization: `Bearer ${token}` });
const refusal = expect.objectContaining({ code: 'identity-required' });

describe('an identity', () => {
  it('is who shows its token, on every server with the same secret', async () => {
    const { token, author } = await start().issue(from());
    expect(start().callerOf(bearer(token))).toEqual({ author, isModerator: false, address: '192.0.2.1' });
    expect(start().callerOf(from({ cookie: `a=b; since_identity=${token}; c=d` })).author).toBe(author);
    expect(() => start('other secret').callerOf(bearer(token))).toThrow(refusal);
  });

  it('has a public name that is no part of its token', async () => {
    const identity = start();
    const all = await Promise.all(Array.from({ length: 200 }, () => identity.issue(from())));
    expect(new Set(all.map(({ author }) => author)).size).toBe(200);
    for (const { token, author } of all) {
      expect(author).toMatch(/^[a-z0-9]{16}$/);
      expect(token).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
      expect(token.toLowerCase()).not.toContain(author);
    }
  });

  it('cannot be taken by changing any character of a token', async () => {
    const identity = start();
    const { token } = await identity.issue(from());
    // The last character holds bits that are not part of it.
    for (let at = 0; at < token.length; at++) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect(() => identity.callerOf(bearer(changed)), `changed at ${at}`).toThrow(refusal);
    }
    for (const wrong of ['', '.', `${token}.`, `${token}x`, token.split('.')[0] ?? '', `.${token.split('.')[1]}`]) {
      expect(() => identity.callerOf(bearer(wrong)), wrong).toThrow(refusal);
    }
  });

  it('is none where nothing is shown', () => {
    expect(start().callerOf(from())).toEqual({ isModerator: false, address: '192.0.2.1' });
  });
});

describe('a moderator', () => {
  it('is who shows the token of the settings, and no one where there is none', () => {
    expect(start('s', { moderatorToken: 'm' }).callerOf(bearer('m'))).toEqual({
      isModerator: true,
      address: '192.0.2.1',
    });
    for (const shown of ['M', 'mm', 'undefined', '']) {
      expect(() => start('s', { moderatorToken: 'm' }).callerOf(bearer(shown))).toThrow(refusal);
      expect(() => start().callerOf(bearer(shown))).toThrow(refusal);
    }
  });
});

describe('the address', () => {
  it('is the one that a trusted proxy names, and that of the connection otherwise', () => {
    const forwarded = (remote: string) => from({ 'x-forwarded-for': '198.51.100.7, 10.0.0.2' }, remote);
    expect(start().callerOf(forwarded('10.0.0.1')).address).toBe('10.0.0.1');
    const behind = start('s', { trustProxy: '10.0.0.0/8' });
    expect(behind.callerOf(forwarded('10.0.0.1')).address).toBe('198.51.100.7');
    expect(behind.callerOf(forwarded('203.0.113.5')).address).toBe('203.0.113.5');
    expect(start('s', { trustProxy: 1 }).callerOf(forwarded('203.0.113.5')).address).toBe('10.0.0.2');
  });
});

describe('the cookie of a page', () => {
  it('is set where there is none that is valid, and is of use only to this server', async () => {
    const identity = start();
    const cookie = identity.cookieFor(from());
    expect(cookie).toMatch(/^since_identity=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    const shown = from({ cookie: cookie?.split(';')[0] ?? '' });
    expect(identity.cookieFor(shown)).toBeUndefined();
    expect(identity.callerOf(shown).author).toMatch(/./);
    expect(identity.cookieFor(from({ cookie: 'since_identity=forged.token' }))).toMatch(/./);
  });

  it('is marked as secure behind TLS, where the one who says so is trusted', () => {
    const secure = from({ 'x-forwarded-proto': 'https' }, '127.0.0.1');
    expect(start('s', { trustProxy: 'loopback' }).cookieFor(secure)).toMatch(/; Secure$/);
    expect(start().cookieFor(secure)).not.toMatch(/Secure/);
  });
});
