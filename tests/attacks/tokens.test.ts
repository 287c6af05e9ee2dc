/** Tokens that nobody gave: forged, changed, or meant for something else; and guesses at what only its owner knows. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, identify, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { startTestServer } from '../harness/server.ts';
import type { AddressInfo } from 'node:net';
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import type { TestServerOptions } from '../harness/server.ts';

const start = (settings: TestServerOptions = {}) => startTestServer({ journal: 'memory', ...settings });

const later = '2026-12-24T18:00:00Z';
const clock = () => createClock(Date.parse('2026-11-22T07:00:00Z'));

describe('a token of this server', () => {
  it('is of no use once any of its bits is turned', async () => {
    const { url } = await start();
    const { token, author } = await identify(url);
    const bytes = Buffer.from(token);
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const forged = turned.toString('latin1');
      // Some are no header at all, which is refused as well, and before.
      const answer = await write(url, '/messages', { user: 'A', message: 'x' }, { token: forged }).catch(
        () => undefined,
      );
      if (answer !== undefined) expect([forged, answer.status]).toEqual([forged, 401]);
    }
    expect((await post(url, 'mine', { token })).author).toBe(author);
  });

  it('cannot be made of what is public', async () => {
    const { url } = await start();
    const { token, author } = await identify(url);
    const id = token.split('.')[0] ?? '';
    const signatures = ['', author, id, ...['', 'secret', 'undefined', 'null', id].map((key) => sign(key, id))];
    for (const signature of signatures) {
      for (const name of [id, author]) {
        const { status } = await call(url, '/messages', { headers: { authorization: `Bearer ${name}.${signature}` } });
        expect(status).toBe(401);
      }
    }
  });

  it('is not the one beside it, nor several at once', async () => {
    const { url } = await start();
    const [one, two] = [await identify(url), await identify(url)];
    for (const authorization of [
      `Bearer ${one.token} ${two.token}`,
      `Bearer ${one.token},${two.token}`,
      `Bearer ${one.token}, Bearer ${two.token}`,
      `Bearer  ${one.token}\u00a0x`,
      `Basic ${one.token}`,
      `Bearer${one.token}`,
      one.token,
      'Bearer',
      'Bearer ',
      'Bearer undefined',
      'Bearer null',
      'Bearer .',
    ]) {
      const { status } = await call(url, '/messages', { headers: { authorization } });
      expect([authorization, status]).toEqual([authorization, 401]);
    }
  });

  it('cannot be seen by how long the moderator has to wait', async () => {
    // Not measured, which would fail by chance: lengths are hidden by comparing digests, as no guess is of another length.
    const { url } = await start({ moderatorToken: 'correct horse' });
    const { id } = await post(url, 'here');
    for (const guess of [
      '',
      'c',
      'correct hors',
      'correct horsf',
      'correct horse ',
      'CORRECT HORSE',
      'correct horse\0',
    ]) {
      const headers = { authorization: `Bearer ${guess.replace('\0', '%00')}` };
      const { status } = await call(url, `/messages/${id}`, { method: 'DELETE', headers });
      // What the header trims is not part of the token.
      expect([guess, status]).toEqual([guess, guess.trim() === 'correct horse' ? 200 : 401]);
    }
  });
});

const sign = (key: string, id: string) => createHmac('sha256', key).update(`token:${id}`).digest('base64url');

describe('what only its owner knows', () => {
  it('is a scheduled message: another gets the answer of one that never was', async () => {
    const { url } = await start({ clock: clock() });
    const [owner, other] = [await identify(url), await identify(url)];
    const { json } = await write(url, '/messages', { user: 'A', message: 'x', sendAt: later }, { token: owner.token });
    const { scheduled } = json as { scheduled: string };
    expect(scheduled).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const headers = { authorization: `Bearer ${other.token}` };
    const told = await call(url, `/scheduled/${scheduled}`, { method: 'DELETE', headers });
    const never = await call(url, '/scheduled/00000000-0000-4000-8000-000000000000', { method: 'DELETE', headers });
    expect([told.status, told.text]).toEqual([404, never.text]);
    expect(namesOf(told.headers)).toEqual(namesOf(never.headers));
    expect((await call(url, '/scheduled', { headers })).json).toEqual([]);
    const own = await call(url, '/scheduled', { headers: { authorization: `Bearer ${owner.token}` } });
    expect(own.json).toHaveLength(1);
    // Its key tells no more: it counts for each identity apart.
    const again = await write(url, '/messages', { user: 'A', message: 'y' }, { token: other.token, key: 'k' });
    expect(again.status).toBe(201);
  });

  it('is a subscription: its name has 128 random bits, and others are told alike', async () => {
    const { url } = await start();
    const ids = new Set<string>();
    for (let count = 0; count < 50; count++) {
      const { json } = await write(url, '/subscriptions', {});
      const { subscription } = json as { subscription: string };
      expect(Buffer.from(subscription, 'base64url')).toHaveLength(16);
      ids.add(subscription);
    }
    expect(ids.size).toBe(50);
    // No place in it is the same in all of them.
    for (let place = 0; place < 21; place++) expect(new Set([...ids].map((id) => id[place])).size).toBeGreaterThan(5);
    const [gone = ''] = ids;
    await call(url, `/subscriptions/${gone}`, { method: 'DELETE' });
    const told = await call(url, `/subscriptions/${gone}/messages`);
    for (const guess of ['x', '__proto__', 'constructor', gone.toLowerCase(), `${gone}=`, '%00', 'a'.repeat(4_000)]) {
      const answer = await call(url, `/subscriptions/${guess}/messages`);
      expect([guess, answer.status, answer.text]).toEqual([guess, 404, told.text]);
    }
  });

  it('is who wrote a message: editing what is another’s tells no more than that', async () => {
    const { url } = await start();
    const [owner, other] = [await identify(url), await identify(url)];
    const { id } = await post(url, 'mine', { token: owner.token });
    const anonymous = await post(url, 'nobody’s');
    for (const one of [id, anonymous.id]) {
      const answer = await write(url, `/messages/${one}`, { message: 'x' }, { method: 'PATCH', token: other.token });
      expect(answer).toMatchObject({ status: 403, json: { detail: 'Only its author can edit a message.' } });
    }
  });
});

const namesOf = (headers: Headers) => [...headers.keys()].toSorted();

describe('a token of another giver', () => {
  const SECRET = 'a key that both sides know, and no one else';
  const NOW = Date.parse('2026-11-22T07:00:00Z');
  const exp = NOW / 1000 + 60;
  const PAYLOAD: JWTPayload = { sub: 'azin-1', name: 'Azin', exp, iss: 'https://giver.example', aud: 'since' };

  const encode = (part: unknown) =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
  const signed = (payload: JWTPayload, header: JWTHeaderParameters = { alg: 'HS256' }, secret = SECRET) =>
    new SignJWT(payload).setProtectedHeader(header).sign(new TextEncoder().encode(secret));
  /** Signed as it stands, whatever that is. */
  const byHand = (header: unknown, payload: unknown, secret = SECRET) => {
    const text = `${encode(header)}.${encode(payload)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const tryWith = async (url: string, token: string) =>
    (await call(url, '/messages', { headers: { authorization: `Bearer ${token}` } })).status;

  it('is refused when it chooses how it is checked, or is not yet, or no more, or not for here', async () => {
    const settings = { auth: 'jwt', authSecret: SECRET, authIssuer: 'https://giver.example', authAudience: 'since' };
    const { url } = await start({ ...settings, clock: createClock(NOW) });
    const good = await signed(PAYLOAD);
    expect(await tryWith(url, good)).toBe(200);
    const [header = '', payload = '', signature = ''] = good.split('.');
    const { aud: _aud, ...withoutAudience } = PAYLOAD;
    const { iss: _iss, ...withoutIssuer } = PAYLOAD;
    const forged: Record<string, string> = {
      'no algorithm': `${encode({ alg: 'none' })}.${payload}.`,
      'no algorithm, in other letters': `${encode({ alg: 'nOnE' })}.${payload}.`,
      'no algorithm, and a signature': `${encode({ alg: 'none' })}.${payload}.${signature}`,
      'no header': `.${payload}.${signature}`,
      'no signature': `${header}.${payload}.`,
      'two parts': `${header}.${payload}`,
      'five parts': `${good}.a.b`,
      'another payload': `${header}.${encode({ ...PAYLOAD, sub: 'bo-2' })}.${signature}`,
      'another algorithm': await signed(PAYLOAD, { alg: 'HS512' }),
      'an algorithm of key pairs': byHand({ alg: 'RS256' }, PAYLOAD),
      'a key in its header': byHand({ alg: 'HS256', jwk: { kty: 'oct', k: encode('mine') } }, PAYLOAD, 'mine'),
      'an address in its header': byHand(
        { alg: 'HS256', jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' },
        PAYLOAD,
        '',
      ),
      'a kid that is a path': byHand({ alg: 'HS256', kid: '../../../dev/null' }, PAYLOAD, ''),
      'what must be understood': byHand({ alg: 'HS256', crit: ['exp'], exp }, PAYLOAD),
      'what must be understood, without signing its form': byHand({ alg: 'HS256', b64: false, crit: ['b64'] }, PAYLOAD),
      'an empty key': await signed(PAYLOAD, { alg: 'HS256' }, '\0'),
      expired: await signed({ ...PAYLOAD, exp: NOW / 1000 - 6 }),
      'not yet': await signed({ ...PAYLOAD, nbf: NOW / 1000 + 6 }),
      'an end that is text': byHand({ alg: 'HS256' }, { ...PAYLOAD, exp: '9999999999' }),
      'an end that is none': byHand({ alg: 'HS256' }, { ...PAYLOAD, exp: null }),
      'another giver': await signed({ ...PAYLOAD, iss: 'https://giver.example.evil.example' }),
      'no giver': await signed(withoutIssuer),
      'for another service': await signed({ ...PAYLOAD, aud: 'since-too' }),
      'for nobody': await signed(withoutAudience),
      'for no one of a list': await signed({ ...PAYLOAD, aud: ['a', 'b'] }),
      'no object': byHand({ alg: 'HS256' }, [PAYLOAD]),
      'no JSON': byHand({ alg: 'HS256' }, 'azin'),
      'a name that shows as nothing': await signed({ ...PAYLOAD, name: '\u200b' }),
      'a name that is none': byHand({ alg: 'HS256' }, { ...PAYLOAD, name: { toString: 'Azin' } }),
    };
    for (const [what, token] of Object.entries(forged)) expect([what, await tryWith(url, token)]).toEqual([what, 401]);
    expect(await tryWith(url, await signed({ ...PAYLOAD, aud: ['other', 'since'] }))).toBe(200);
  });

  it('is not checked with a public key as if that were a secret', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' };
    const oct = { kty: 'oct', kid: 'two', k: encode('published by mistake') };
    const keyServer = createServer((_request, response) => {
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [jwk, oct] }));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void keyServer.close());
    await once(keyServer, 'listening');
    const authJwksUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
    const { url } = await start({ auth: 'jwt', authJwksUrl, clock: createClock(NOW) });
    const good = await new SignJWT(PAYLOAD).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey);
    expect(await tryWith(url, good)).toBe(200);
    const pem = await exportSPKI(publicKey);
    for (const [header, secret] of [
      [{ alg: 'HS256', kid: 'one' }, pem],
      [{ alg: 'HS256', kid: 'one' }, pem.trim()],
      [{ alg: 'HS256', kid: 'one' }, JSON.stringify(jwk)],
      [{ alg: 'HS256', kid: 'two' }, 'published by mistake'],
      [{ alg: 'HS256' }, jwk.n ?? ''],
      [{ alg: 'none', kid: 'one' }, ''],
      [{ alg: 'RS256', kid: '../one' }, pem],
      [{ alg: 'RS256', kid: 'three' }, pem],
      [{ alg: 'RS256', kid: ['one'] }, pem],
    ] as const) {
      const token = byHand(header, PAYLOAD, secret);
      expect([header, await tryWith(url, token)]).toEqual([header, 401]);
    }
  });
});
