/** The pages of a closed server: a token in the address lets one in, and its end shows one out. */
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { createClock } from '../harness/clock.ts';
import { startTestServer } from '../harness/server.ts';

const SECRET = 'a key that both sides know, and no one else';
const openPage = useBrowser();

/** @param lastsS seconds from now */
function tokenFor(now: number, lastsS: number): Promise<string> {
  return new SignJWT({ sub: 'azin-1', name: 'Azin', exp: Math.floor(now / 1000) + lastsS })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));
}

describe.each(['/polling/', '/websocket/'])('%s', (path) => {
  it('lets in who comes with a token, which does not stay in the address', async () => {
    const { url } = await startTestServer({ auth: 'jwt', authSecret: SECRET });
    const token = await tokenFor(Date.now(), 3_600);
    const chat = await openPage(`${url}${path}#access_token=${token}`);
    expect(chat.page.url()).toBe(url + path);
    await chat.say('let in', 'whoever');
    await expectPage(chat.items).toHaveText([/Azin[^]*let in/]);
    await expectPage(chat.items.getByRole('button', { name: /^Edit/ })).toHaveCount(1);
    await chat.items.getByRole('button', { name: /^Like/ }).click();
    await expectPage(chat.items.getByRole('button', { name: 'Like, 1', exact: true })).toHaveCount(1);
    await chat.page.reload();
    await expectPage(chat.items).toHaveText([/let in/]);
    await expectPage(chat.status).toContainText('Live');
  });

  it('says that a sign-in is needed, and goes on as soon as there is one', async () => {
    const { url } = await startTestServer({ auth: 'jwt', authSecret: SECRET });
    const chat = await openPage(url + path, { mayFail: true, impatient: true });
    await expectPage(chat.status).toContainText('Sign-in needed');
    await expectPage(chat.status).not.toContainText(/offline|reconnecting|trying/i);
    // Comes through as any new token would, from the page that signs people in.
    const token = await tokenFor(Date.now(), 3_600);
    await chat.page.evaluate((hash) => void (location.hash = hash), `access_token=${token}`);
    await expectPage(chat.status).toContainText('Live');
  });

  it('says so too when the token ends', async () => {
    const clock = createClock(Date.now());
    const { url } = await startTestServer({ auth: 'jwt', authSecret: SECRET, clock });
    const chat = await openPage(`${url}${path}#access_token=${await tokenFor(clock.now(), 60)}`, { mayFail: true });
    await chat.say('before the end');
    await expectPage(chat.items).not.toHaveClass(/is-pending/);
    clock.advance(120_000);
    // A held request is answered first; being looked at again is a reason to ask at once.
    await chat.page.evaluate(() => void document.dispatchEvent(new Event('visibilitychange')));
    await expectPage(chat.status).toContainText('Sign-in needed');
    await expectPage(chat.items).toHaveText([/before the end/]);
  });

  it('goes on in a tab that has a newer token than the one that leads', async () => {
    const clock = createClock(Date.now());
    const { url } = await startTestServer({ auth: 'jwt', authSecret: SECRET, clock });
    const enter = async (lastsS: number) => `${url}${path}#access_token=${await tokenFor(clock.now(), lastsS)}`;
    const older = await openPage(await enter(60), { mayFail: true });
    const newer = await openPage(await enter(3_600), { mayFail: true, beside: older });
    await expectPage(newer.status).toContainText('for 2 tabs');
    clock.advance(120_000);
    await older.page.evaluate(() => void document.dispatchEvent(new Event('visibilitychange')));
    await expectPage(older.status).toContainText('Sign-in needed');
    await newer.say('still in');
    await expectPage(newer.items).toHaveText([/still in/]);
    await expectPage(newer.status).toContainText('Live');
    await expectPage(newer.status).not.toContainText('tabs');
    await expectPage(older.items).toHaveCount(0);
  });
});
