/** A closed server: who may come is said by the tokens of someone else. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { connectRaw } from '../harness/raw-socket.ts';
import { startTestServer } from '../harness/server.ts';
import { connectWs, RefusedHandshake } from '../harness/ws-client.ts';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWTPayload } from 'jose';

const SECRET = 'a key that both sides know, and no one else';
const NOW = Date.parse('2026-11-22T07:00:00Z');
const nowS = NOW / 1000;

const AZIN = { sub: 'azin-1', name: 'Azin', exp: nowS + 60 };

function signed(payload: JWTPayload, { secret = SECRET, alg = 'HS256' } = {}): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

async function startClosed() {
  const clock = createClock(NOW);
  const server = await startTestServer({ auth: 'jwt', authSecret: SECRET, moderatorToken: 'the moderator', clock });
  return { ...server, clock };
}

describe('a closed server', () => {
  it('tells nothing to who shows no valid token, on every route and transport', async () => {
    const { url } = await startClosed();
    const wrong = {
      none: undefined,
      'no token': 'x',
      'another key': await signed(AZIN, { secret: 'another key that is long enough to be one' }),
      expired: await signed({ ...AZIN, exp: nowS - 60 }),
      'without an end': await signed({ sub: 'azin-1', name: 'Azin' }),
      'without a subject': await signed({ name: 'Azin', exp: nowS + 60 }),
      'without a name': await signed({ sub: 'azin-1', exp: nowS + 60 }),
      'a name that deceives': await signed({ ...AZIN, name: 'Azin\u202e' }),
      'another algorithm': await signed(AZIN, { alg: 'HS512' }),
      unsigned: `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(AZIN))}.`.replaceAll('=', ''),
    };
    const paths = ['/messages', '/messages/1', '/rooms', '/search?q=x', '/scheduled', '/messages?as=sse'];
    for (const [what, token] of Object.entries(wrong)) {
      const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
      for (const path of paths) {
        const { status, json } = await call(url, path, { headers });
        expect([what, path, status, json]).toMatchObject([what, path, 401, { code: 'identity-required' }]);
      }
      const posted = await write(url, '/messages', { user: 'A', message: 'in' }, { headers: { ...headers } });
      expect([what, posted.status]).toEqual([what, 401]);
      const refused = await connectWs(url, { ...(token !== undefined && { token }) }).catch((error: unknown) => error);
      expect([what, refused]).toEqual([what, expect.any(RefusedHandshake)]);
      expect(refused).toMatchObject({ status: 401 });
    }
    expect((await call(url, '/healthz')).status).toBe(200);
    expect((await call(url, '/readyz')).status).toBe(200);
    expect((await write(url, '/identity', {}, { token: await signed(AZIN) })).status).toBe(403);
  });

  it.each(['/messages?room=Lobby', '/messages?since=x', '/messages?since=1&since=2'])(
    'asks whoever connects to %s for a token before it looks at the rest',
    async (path) => {
      const { url } = await startClosed();
      const refused = await connectWs(url, { path }).catch((error: unknown) => error);
      expect(refused).toEqual(expect.any(RefusedHandshake));
      expect(refused).toMatchObject({ status: 401 });
      expect((await call(url, path)).status).toBe(401);
    },
  );

  it('takes identity and name from the token, whatever name is sent', async () => {
    const { url } = await startClosed();
    const token = await signed(AZIN);
    const message = await post(url, { user: 'Mallory', message: 'hello' }, { token });
    expect(message.user).toBe('Azin');
    expect(message.author).toMatch(/^[a-z0-9]{16}$/);

    const renewed = await signed({ ...AZIN, name: 'Azin B.', exp: nowS + 120 });
    const edited = await write(url, `/messages/${message.id}`, { message: 'hi' }, { method: 'PATCH', token: renewed });
    expect(edited).toMatchObject({ status: 200, json: { message: 'hi', author: message.author } });

    const other = await signed({ ...AZIN, sub: 'bo-2' });
    expect(
      await write(url, `/messages/${message.id}`, { message: 'mine' }, { method: 'PATCH', token: other }),
    ).toMatchObject({ status: 403 });
  });

  it('takes the name of one who is typing from the token, by a request as on a WebSocket', async () => {
    const { url, clock } = await startClosed();
    expect((await write(url, '/typing', { user: 'Mallory' })).status).toBe(401);
    const bo = await connectWs(url, { token: await signed({ ...AZIN, sub: 'bo-2', name: 'Bo' }) });
    await write(url, '/typing', { user: 'Mallory' }, { token: await signed(AZIN) });
    clock.advance(200);
    expect(await bo.nextOf('typing')).toEqual({ room: 'lobby', user: 'Azin' });
    await (await connectWs(url, { token: await signed(AZIN) })).ask('typing', { user: 'Mallory' }, 'k');
    clock.advance(200);
    expect(await bo.nextOf('typing')).toEqual({ room: 'lobby', user: 'Azin' });
  });

  it('takes the token of a WebSocket from its address, as browsers let no page set headers', async () => {
    const { url } = await startClosed();
    const socket = await connectWs(url, { path: `/messages?access_token=${await signed(AZIN)}` });
    const { message } = await socket.ask('send-message', { user: 'Mallory', message: 'hello' });
    expect(message).toMatchObject({ user: 'Azin', message: 'hello' });
  });

  it('lets the moderator in', async () => {
    const { url } = await startClosed();
    const { id } = await post(url, 'to be deleted', { token: await signed(AZIN) });
    const headers = { Authorization: 'Bearer the moderator' };
    expect((await call(url, `/messages/${id}`, { method: 'DELETE', headers })).status).toBe(200);
  });

  it('ends a WebSocket when its token expires, with a code that says so', async () => {
    const { url, clock } = await startClosed();
    const short = await connectWs(url, { token: await signed({ ...AZIN, exp: nowS + 20 }) });
    const long = await connectWs(url, { token: await signed({ ...AZIN, exp: nowS + 600 }) });
    await short.untilCaughtUp();
    clock.advance(22_000);
    expect(await short.closed).toMatchObject({ code: 3000 });
    expect((await long.ask('subscribe', { room: 'lobby' })).command).toBe('accepted');
    const late = await connectWs(url, { token: await signed({ ...AZIN, exp: nowS }) }).catch((error: unknown) => error);
    expect(late).toMatchObject({ status: 401 });
  });

  it('checks tokens with the public keys of an address, and is overloaded while they cannot be had', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
    let isUp = false;
    const keyServer = createServer((_request, response) => {
      if (isUp) response.setHeader('Content-Type', 'application/json').end(JSON.stringify(jwks));
      else response.destroy();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void keyServer.close());
    await once(keyServer, 'listening');
    const authJwksUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
    const { url } = await startTestServer({ auth: 'jwt', authJwksUrl });
    const token = await new SignJWT({ sub: 'azin-1', name: 'Azin' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setExpirationTime('5 min')
      .sign(privateKey);

    const early = await write(url, '/messages', { user: 'Azin', message: 'early' }, { token });
    expect(early).toMatchObject({ status: 503, json: { code: 'overloaded' } });
    isUp = true;
    expect((await post(url, 'hello', { token })).user).toBe('Azin');
    const forged = await signed(AZIN, { secret: JSON.stringify(jwks.keys[0]) });
    expect((await write(url, '/messages', { user: 'Azin', message: 'x' }, { token: forged })).status).toBe(401);
  });

  it('keeps no place for those who left while their token was checked', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
    const keysAsked = Promise.withResolvers<ServerResponse>();
    const keyServer = createServer((_request, response) => keysAsked.resolve(response)).listen(0, '127.0.0.1');
    onTestFinished(() => void keyServer.close());
    await once(keyServer, 'listening');
    const authJwksUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
    const { url, port } = await startTestServer({ auth: 'jwt', authJwksUrl });
    const token = await new SignJWT({ sub: 'azin-1', name: 'Azin' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setExpirationTime('5 min')
      .sign(privateKey);

    const asked = ['as=sse', 'as=ndjson', 'since=0&room=empty&wait=55'].map(async (query) => {
      const raw = await connectRaw(port);
      raw.send([`GET /messages?${query} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${token}`, '']);
      return raw;
    });
    const keys = await keysAsked.promise;
    for (const { socket } of await Promise.all(asked)) socket.resetAndDestroy();
    await call(url, '/healthz'); // by now the server has seen them go
    keys.setHeader('Content-Type', 'application/json').end(JSON.stringify(jwks));
    await post(url, 'checked after them', { token });
    const { text } = await call(url, '/metrics');
    expect(text.match(/^chat_connections\{.*\} [1-9].*$/gm)).toBeNull();
  });
});
