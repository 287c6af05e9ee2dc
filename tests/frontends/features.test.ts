/** What a person can do with messages beside writing them, on both pages alike. */
import { describe, expect, it } from 'vitest';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { identify, post, write } from '../harness/api.ts';
import { startTestServer } from '../harness/server.ts';
import type { Message } from '../../protocol/envelope.ts';
import type { Chat } from '../harness/browser.ts';

const PAGES = ['/polling/', '/websocket/'];
const openPage = useBrowser();

const itemOf = ({ items }: Chat, text: string) => items.filter({ hasText: text });
const buttonOf = (chat: Chat, text: string, name: RegExp) => itemOf(chat, text).getByRole('button', { name });
const like = (chat: Chat, text: string) => buttonOf(chat, text, /^Like/);
const dislike = (chat: Chat, text: string) => buttonOf(chat, text, /^Dislike/);
const editBox = ({ page }: Chat) => page.getByRole('textbox', { name: 'Edit message' });
const stored = async (url: string, room = 'lobby') =>
  (await (await fetch(`${url}/messages?room=${room}`)).json()) as Message[];
/** To the minute, as the field has it. */
const inMinutes = (minutes: number) => {
  const date = new Date(Date.now() + minutes * 60_000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

async function openBoth(url: string, path: string) {
  const chat = await openPage(url + path);
  const other = await openPage(url + PAGES.find((one) => one !== path)!);
  return { chat, other };
}

describe.each(PAGES)('%s', (path) => {
  it('likes and dislikes, which exclude each other, and counts those of others', async () => {
    const { url } = await startTestServer();
    const { chat, other } = await openBoth(url, path);
    await other.say('worth a word', 'Mira');
    await like(chat, 'worth').click();
    await expectPage(like(chat, 'worth')).toHaveAttribute('aria-pressed', 'true');
    await expectPage(like(other, 'worth')).toHaveAccessibleName('Like, 1');
    await expectPage(like(other, 'worth')).toHaveAttribute('aria-pressed', 'false');
    await like(other, 'worth').click();
    for (const one of [chat, other]) await expectPage(like(one, 'worth')).toHaveAccessibleName('Like, 2');
    await dislike(chat, 'worth').click();
    for (const one of [chat, other]) {
      await expectPage(like(one, 'worth')).toHaveAccessibleName('Like, 1');
      await expectPage(dislike(one, 'worth')).toHaveAccessibleName('Dislike, 1');
    }
    await expectPage(like(chat, 'worth')).toHaveAttribute('aria-pressed', 'false');
    await dislike(chat, 'worth').click();
    await expectPage(dislike(other, 'worth')).toHaveAccessibleName('Dislike');
    expect((await stored(url))[0]!.reactions).toEqual({ '👍': 1 });
  });

  it("knows one's own reactions after a reload, and other emoji from a menu by keyboard", async () => {
    const { url } = await startTestServer();
    await post(url, 'worth a word');
    const chat = await openPage(url + path);
    await like(chat, 'worth').focus();
    await chat.page.keyboard.press('Enter');
    await expectPage(like(chat, 'worth')).toBeFocused();
    await buttonOf(chat, 'worth', /^Add/).focus();
    await chat.page.keyboard.press('Enter');
    await expectPage(chat.page.getByRole('menu')).toBeVisible();
    await chat.page.keyboard.press('ArrowRight');
    await chat.page.keyboard.press('Enter');
    await expectPage(buttonOf(chat, 'worth', /^Add/)).toBeFocused();
    await expectPage(buttonOf(chat, 'worth', /😂, 1/)).toHaveAttribute('aria-pressed', 'true');
    await expect.poll(async () => (await stored(url))[0]!.reactions).toEqual({ '👍': 1, '😂': 1 });
    await chat.page.reload();
    await expectPage(like(chat, 'worth')).toHaveAttribute('aria-pressed', 'true');
    await buttonOf(chat, 'worth', /😂, 1/).click();
    await expectPage(buttonOf(chat, 'worth', /😂/)).toHaveCount(0);
    await expect.poll(async () => (await stored(url))[0]!.reactions).toEqual({ '👍': 1 });
  });

  it('takes a reaction back that the server refuses, and says why', async () => {
    const { url } = await startTestServer();
    const message = await post(url, 'worth a word');
    const chat = await openPage(url + path, { mayFail: true });
    await chat.context.setOffline(true);
    await like(chat, 'worth').click();
    await expectPage(chat.alert).toContainText('cannot be reached');
    await expectPage(like(chat, 'worth')).toHaveAttribute('aria-pressed', 'false');
    await expectPage(like(chat, 'worth')).toHaveAccessibleName('Like');
    await chat.context.setOffline(false);
    await expectPage(chat.status).toContainText('Live');
    await like(chat, 'worth').click();
    await expect.poll(async () => (await stored(url)).at(-1)?.reactions).toEqual({ '👍': 1 });
    expect(message.id).toBe(1);
  });

  it('replies with the quoted parent, which leads there, and says when it was deleted', async () => {
    const { url } = await startTestServer();
    const { chat, other } = await openBoth(url, path);
    await other.say('the **first** line\nthe second', 'Mira');
    await buttonOf(chat, 'the first', /^Reply/).click();
    await expectPage(chat.message).toBeFocused();
    await expectPage(chat.page.locator('#replying')).toContainText('Mira the first line');
    await chat.page.keyboard.press('Escape');
    await expectPage(chat.page.locator('#replying')).toBeHidden();
    await buttonOf(chat, 'the first', /^Reply/).click();
    await chat.say('an answer');
    for (const one of [chat, other]) {
      const quote = itemOf(one, 'an answer').getByRole('link', { name: /^Mira/ });
      await expectPage(quote).toHaveText('Mira the first line');
      await quote.click();
      await expectPage(one.items.first()).toBeFocused();
    }
    await expectPage(chat.page.locator('#replying')).toBeHidden();
    await buttonOf(other, 'the second', /^Delete/).click();
    await other.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expectPage(itemOf(chat, 'an answer').getByRole('link', { name: /deleted/ })).toBeVisible();
    expect((await stored(url)).at(-1)).toMatchObject({ message: 'an answer', replyTo: 1 });
  });

  it('asks for a quoted parent that is not shown', async () => {
    const { url } = await startTestServer();
    await post(url, 'long ago');
    for (let index = 0; index < 150; index += 1) await post(url, `between ${index}`);
    await post(url, { message: 'an answer', replyTo: 1 });
    const chat = await openPage(url + path);
    const quote = itemOf(chat, 'an answer').getByRole('link', { name: /^Azin/ });
    await expectPage(quote).toHaveText('Azin long ago');
    await expectPage(chat.items.first()).toContainText('between 5');
    await quote.click();
    await expectPage(chat.items.first()).toContainText('long ago');
    await expectPage(chat.items.first()).toBeInViewport();
    await expectPage(chat.items).toHaveCount(152);
    await chat.items
      .nth(3)
      .getByRole('button', { name: /^Reply/ })
      .click();
    await chat.page.goto(url + path);
    await expectPage(chat.page.locator('#replying')).toContainText('Azin between 2');
  });

  it("edits one's own messages only, and keeps the half-written edit over what comes meanwhile", async () => {
    const { url } = await startTestServer();
    const { chat, other } = await openBoth(url, path);
    await other.say('of another', 'Mira');
    await chat.say('my frist words');
    await expectPage(buttonOf(chat, 'of another', /^(Edit|Delete)/)).toHaveCount(0);
    await buttonOf(chat, 'my frist', /^Edit/).click();
    await expectPage(editBox(chat)).toHaveValue('my frist words');
    await chat.page.keyboard.press('Escape');
    await expectPage(buttonOf(chat, 'my frist', /^Edit/)).toBeFocused();
    await chat.page.keyboard.press('Enter');
    await editBox(chat).fill('my first words');
    await other.say('meanwhile', 'Mira');
    await like(other, 'my frist').click();
    await expectPage(itemOf(chat, 'meanwhile')).toBeVisible();
    await expectPage(editBox(chat)).toBeFocused();
    await expectPage(editBox(chat)).toHaveValue('my first words');
    await chat.page.keyboard.press('Enter');
    await expectPage(editBox(chat)).toHaveCount(0);
    for (const one of [chat, other]) await expectPage(itemOf(one, 'my first words')).toContainText('edited');
    await expectPage(buttonOf(chat, 'my first', /^Edit/)).toBeFocused();
    await chat.page.reload();
    await expectPage(buttonOf(chat, 'my first', /^Edit/)).toHaveCount(1);
    await expectPage(buttonOf(chat, 'of another', /^Edit/)).toHaveCount(0);
  });

  it('keeps an edit that cannot be saved, until it can', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path, { mayFail: true });
    await chat.say('first');
    await buttonOf(chat, 'first', /^Edit/).click();
    await editBox(chat).fill('second');
    await chat.context.setOffline(true);
    await expectPage(chat.status).toContainText('Offline');
    await chat.page.getByRole('button', { name: 'Save' }).click();
    await expectPage(chat.alert).toContainText('Not saved');
    await expectPage(editBox(chat)).toHaveValue('second');
    await chat.context.setOffline(false);
    await expectPage(chat.status).toContainText('Live');
    await expectPage(editBox(chat)).toHaveValue('second');
    await chat.page.getByRole('button', { name: 'Save' }).click();
    await expectPage(itemOf(chat, 'second')).toContainText('edited');
    await expectPage(chat.alert).toHaveCount(0);
  });

  it("deletes one's own after it was asked, and leaves a line without buttons", async () => {
    const { url } = await startTestServer();
    const { chat, other } = await openBoth(url, path);
    await chat.say('to be gone');
    await expectPage(other.items).toHaveCount(1);
    await buttonOf(chat, 'to be gone', /^Delete/).click();
    const dialog = chat.page.getByRole('dialog');
    await expectPage(dialog).toContainText('to be gone');
    await chat.page.keyboard.press('Escape');
    await expectPage(dialog).toHaveCount(0);
    await expectPage(buttonOf(chat, 'to be gone', /^Delete/)).toBeFocused();
    await chat.page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    for (const { items } of [chat, other]) {
      await expectPage(items).toContainText(['Message deleted']);
      await expectPage(items.getByRole('button')).toHaveCount(0);
    }
    for (const { page } of [chat, other]) expect(await page.content()).not.toContain('to be gone');
  });

  it('deletes what was asked for again as soon as the question was closed', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path);
    await chat.say('to be gone');
    const button = buttonOf(chat, 'to be gone', /^Delete/);
    await button.evaluate((element: HTMLElement) => {
      element.click();
      (document.querySelector('dialog[open]') as HTMLDialogElement).close();
      element.click(); // before the page is told that the first one is closed
    });
    await chat.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expectPage(chat.items).toContainText(['Message deleted']);
  });

  it('reaches every button of a message by Tab, and shows where one is', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path);
    await chat.say('one');
    await chat.say('two');
    await expectPage(chat.page.getByRole('button', { name: /^Delete/ })).toHaveCount(2);
    await expectPage(chat.message).toBeFocused();
    await expectPage(chat.message).toHaveCSS('outline-style', 'solid');
    await chat.log.focus();
    const names: string[] = [];
    for (let press = 0; press < 14; press += 1) {
      await chat.page.keyboard.press('Tab');
      const focused = chat.page.locator(':focus');
      names.push((await focused.getAttribute('aria-label')) ?? (await focused.innerText()));
      expect(await focused.locator('..').evaluate((parent) => getComputedStyle(parent).opacity)).toBe('1');
      expect(await focused.evaluate((one) => getComputedStyle(one).outlineStyle)).toBe('solid');
    }
    const each = [expect.stringMatching(/now|:/), 'Like', 'Dislike', 'Add a reaction', 'Reply', 'Edit', 'Delete'];
    expect(names).toEqual([...each, ...each]);
  });

  it('shows marks as what they mean, and an own colour, to everyone', async () => {
    const { url } = await startTestServer();
    const { chat, other } = await openBoth(url, path);
    await chat.page.getByRole('button', { name: 'Options' }).click();
    await chat.page.getByLabel('Colour').fill('#aa3355');
    await chat.say('**b** *i* __u__ `**c**` https://a.example/x and **open');
    for (const one of [chat, other]) {
      const text = itemOf(one, 'and').locator('.message-text');
      await expectPage(text).toHaveText('b i u **c** https://a.example/x and **open');
      for (const [tag, inside] of Object.entries({ strong: 'b', em: 'i', u: 'u', code: '**c**' })) {
        await expectPage(text.locator(tag)).toHaveText(inside);
      }
      const link = text.getByRole('link');
      await expectPage(link).toHaveAttribute('href', 'https://a.example/x');
      await expectPage(link).toHaveAttribute('rel', 'noopener noreferrer');
      await expectPage(link).toHaveAttribute('target', '_blank');
    }
    expect((await stored(url))[0]).toMatchObject({ color: '#aa3355' });
    await chat.page.reload();
    await chat.say('still so');
    await expect.poll(async () => (await stored(url)).at(-1)).toMatchObject({ message: 'still so', color: '#aa3355' });
  });

  it('sends later, lists what waits, and withdraws it', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path);
    const { page } = chat;
    await page.getByRole('button', { name: 'Options' }).click();
    const time = page.getByLabel('Send later', { exact: true });
    await time.fill('2020-01-01T10:00');
    await chat.say('too late');
    await expectPage(chat.alert).toContainText('time');
    await expectPage(chat.message).toHaveValue('too late');
    await time.fill(inMinutes(60));
    await chat.say('in an hour');
    await expectPage(chat.message).toHaveValue('');
    await expectPage(time).toHaveValue('');
    await expectPage(page.getByText('1 message waits')).toBeVisible();
    await expectPage(chat.items).toHaveCount(0);
    await page.reload();
    await page.getByText('1 message waits').click();
    await expectPage(page.locator('#waiting')).toContainText('in an hour');
    await page.getByRole('button', { name: 'Withdraw' }).click();
    await expectPage(page.locator('#news')).toContainText('Withdrawn');
    await expectPage(page.locator('#waiting')).toBeHidden();
    await expectPage(chat.message).toBeFocused();
    expect(await stored(url)).toEqual([]);
  });

  it('keeps a message for later that was written without network, and shows it nowhere as said', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path, { mayFail: true });
    await chat.context.setOffline(true);
    await chat.page.getByRole('button', { name: 'Options' }).click();
    await chat.page.getByLabel('Send later', { exact: true }).fill(inMinutes(60));
    await chat.say('in an hour');
    await expectPage(chat.status).toContainText('1 message will be sent');
    await expectPage(chat.items).toHaveCount(0);
    await chat.context.setOffline(false);
    await chat.page.getByText('1 message waits').click();
    await expectPage(chat.items).toHaveCount(0);
    await chat.context.setOffline(true);
    const withdraw = chat.page.getByRole('button', { name: 'Withdraw' });
    await withdraw.click();
    await expectPage(chat.alert).toContainText('Not withdrawn');
    await expectPage(withdraw).toBeEnabled();
  });

  it('opens rooms, keeps drafts and sends to the room a message was written for', async () => {
    const { url } = await startTestServer();
    await post(url, { message: 'in the den', room: 'den' });
    const chat = await openPage(url + path, { mayFail: true });
    const rooms = chat.page.getByRole('navigation', { name: 'Rooms' });
    await chat.say('in the lobby');
    await chat.message.fill('a draft for the lobby');
    await rooms.getByRole('link', { name: 'den' }).click();
    await expectPage(chat.items).toHaveText([/in the den/]);
    await expectPage(rooms.locator('[aria-current]')).toHaveText('den');
    await expectPage(chat.message).toHaveValue('');
    await expectPage(chat.status).toContainText('Live');
    await chat.context.setOffline(true);
    await chat.say('for the den');
    await chat.page.goBack();
    await expectPage(chat.message).toHaveValue('a draft for the lobby');
    await chat.context.setOffline(false);
    await expectPage(chat.items).toHaveText([/in the lobby/]);
    await expect.poll(async () => (await stored(url, 'den')).map(({ message }) => message)).toContain('for the den');
    const field = rooms.getByRole('textbox');
    await field.fill('../etc');
    await field.press('Enter');
    await expectPage(chat.alert).toContainText('No room');
    await expectPage(field).toHaveAttribute('aria-invalid', 'true');
    await field.fill('Brand New');
    await field.press('Enter');
    await expectPage(chat.page.getByRole('heading', { level: 1 })).toContainText('brand-new');
    await expectPage(chat.page).toHaveURL(/\?room=brand-new$/);
    await expectPage(chat.items).toHaveCount(0);
    await chat.say('the first here');
    await expect.poll(async () => (await stored(url, 'brand-new')).length).toBe(1);
  });

  it('finds messages in all rooms, and shows the chosen one', async () => {
    const { url } = await startTestServer();
    await post(url, { message: 'a needle in the den', room: 'den', user: '<b>Mira</b>' });
    for (let index = 0; index < 120; index += 1) await post(url, { message: `hay ${index}`, room: 'den' });
    const chat = await openPage(url + path);
    const box = chat.page.getByRole('searchbox', { name: 'Search' });
    const results = chat.page.getByRole('region', { name: 'Search results' });
    await box.fill('needle');
    await expectPage(results).toContainText('1 message found');
    await box.press('Escape');
    await expectPage(results).toHaveCount(0);
    await expectPage(box).toHaveValue('');
    await box.fill('needle');
    await expectPage(results.getByRole('listitem')).toHaveText([/<b>Mira<\/b>[^]*#den[^]*a needle in the den/]);
    await box.press('ArrowDown');
    await chat.page.keyboard.press('Enter');
    await expectPage(results).toHaveCount(0);
    const found = itemOf(chat, 'a needle');
    await expectPage(found).toBeInViewport();
    await expectPage(found).toBeFocused();
    await expectPage(chat.page).toHaveURL(/\?room=den#1$/);
    await expectPage(chat.items).toHaveCount(121);
  });

  it('shows a changed old message in its place only', async () => {
    const { url } = await startTestServer();
    const { token } = await identify(url);
    const first = await post(url, 'long ago', { token });
    for (let index = 0; index < 150; index += 1) await post(url, `later ${index}`);
    const chat = await openPage(url + path);
    await write(url, `/messages/${first.id}`, { message: 'long ago, mended' }, { method: 'PATCH', token });
    await post(url, 'the newest');
    await expectPage(itemOf(chat, 'the newest')).toBeVisible();
    await expectPage(itemOf(chat, 'long ago')).toHaveCount(0);
    await chat.log.evaluate((log) => void (log.scrollTop = 0));
    await expectPage(chat.items.first()).toContainText('long ago, mended');
    await expectPage(chat.items).toHaveCount(152);
  });

  it('goes on with a new identity when the server does not know the old one', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(url + path, { mayFail: true });
    await chat.say('known');
    await expectPage(buttonOf(chat, 'known', /^Edit/)).toHaveCount(1);
    const cookie = {
      name: 'since_identity',
      value: 'of.another-server',
      url,
      httpOnly: true,
      sameSite: 'Strict',
    } as const;
    await chat.context.addCookies([cookie]);
    await chat.context.setOffline(true);
    await chat.say('after it');
    await chat.context.setOffline(false);
    await expectPage(itemOf(chat, 'after it')).not.toHaveClass(/is-pending/);
    await expectPage(chat.status).toContainText('Live');
    await expectPage(buttonOf(chat, 'after it', /^Edit/)).toHaveCount(1);
    await expectPage(buttonOf(chat, 'known', /^Edit/)).toHaveCount(0);
    expect((await stored(url)).map(({ message }) => message)).toEqual(['known', 'after it']);
  });
});

it('shows who is writing over a WebSocket, and how many are here by polling too', async () => {
  const { url } = await startTestServer();
  const first = await openPage(`${url}/websocket/`);
  const second = await openPage(`${url}/websocket/`);
  await expectPage(first.page.getByText('2 here')).toBeVisible();
  await second.name.fill('<i>Bo</i>');
  await second.message.pressSequentially('hm');
  await expectPage(first.page.getByText('<i>Bo</i> is typing…')).toBeVisible();
  await second.message.press('Enter');
  await expectPage(first.items).toHaveCount(1);
  await expectPage(first.page.getByText('is typing')).toHaveCount(0);
  const polling = await openPage(`${url}/polling/`);
  await expectPage(polling.page.getByText('3 here')).toBeVisible();
});

it('shows who is writing from either page to the other, in all its tabs, and never oneself', async () => {
  const { url } = await startTestServer();
  const azin = await openPage(`${url}/websocket/`, { mayFail: true }); // is offline in the end
  const bo = await openPage(`${url}/polling/`);
  const tab = await openPage(`${url}/polling/`, { beside: bo }); // shares what the first one polls
  const typing = ({ page }: Chat) => page.locator('#typing');
  await bo.name.fill('Bó, 你');
  await bo.message.pressSequentially('hm');
  await expectPage(typing(azin)).toHaveText('Bó, 你 is typing…');
  await azin.name.fill('Azin');
  await azin.message.pressSequentially('hm');
  for (const one of [bo, tab]) {
    await expectPage(typing(one)).toContainText('Azin');
    // Not waited for: what was told of oneself would be gone some seconds later.
    expect(await typing(one).textContent()).toBe('Azin is typing…');
  }
  await azin.message.press('Enter');
  for (const one of [bo, tab]) await expectPage(one.items).toHaveCount(1);
  for (const one of [bo, tab]) expect(await typing(one).textContent()).toBe('');
  await expectPage(typing(azin)).toHaveText('');
  await tab.name.fill('Bo');
  await tab.message.pressSequentially('hm');
  await expectPage(typing(azin)).toHaveText('Bo is typing…');
  // Who writes now is not known where nothing comes. Not waited for, either.
  await azin.context.setOffline(true);
  await expectPage(azin.status).toContainText('Offline');
  expect(await typing(azin).textContent()).toBe('');
});

it('leaves each button where it is while others react, and has them in the same order everywhere', async () => {
  const { url } = await startTestServer();
  const messages = [await post(url, 'worth a word'), await post(url, 'nothing yet')];
  const people = await Promise.all(Array.from({ length: 3 }, () => identify(url)));
  const react = async (index: number, emoji: string, who: number, method = 'PUT') => {
    const { id } = messages[index]!;
    const path = `/messages/${id}/reactions/${encodeURIComponent(emoji)}`;
    expect((await write(url, path, {}, { method, token: people[who]!.token })).status).toBe(200);
  };
  await react(0, '😂', 0);
  await react(0, '🎉', 0);
  const chat = await openPage(`${url}/polling/`);
  const phone = await openPage(`${url}/polling/`, {
    viewport: { width: 375, height: 812 },
    hasTouch: true,
    isMobile: true,
  });
  const placesOf = (one: Chat, text: string) =>
    itemOf(one, text)
      .locator('.act')
      .evaluateAll((all) =>
        all.map((button) => {
          const { left, top } = button.getBoundingClientRect();
          return { name: button.textContent.replace(/ .*/, ''), left, top };
        }),
      );
  const expectStill = async (one: Chat, text: string, act: () => Promise<void>, seen: RegExp) => {
    const before = await placesOf(one, text);
    await act();
    await expectPage(buttonOf(one, text, seen)).toBeVisible();
    const after = await placesOf(one, text);
    const names = new Set(before.map(({ name }) => name));
    expect(after.filter(({ name }) => names.has(name))).toEqual(before);
  };
  // With a pointer, a button is about to be pressed before it is.
  await like(chat, 'nothing').hover();
  await expectStill(chat, 'nothing', () => react(1, '👎', 1), /^Dislike, 1/);
  await expectStill(chat, 'nothing', () => react(1, '🎉', 1), /🎉, 1/);
  await chat.message.hover();
  await expectPage(itemOf(chat, 'nothing')).toHaveClass(/has-reactions/);
  await buttonOf(chat, 'worth', /🎉, 1/).hover();
  await expectStill(chat, 'worth', () => react(0, '❤️', 1), /❤️, 1/);
  await expectStill(chat, 'worth', () => react(0, '👍', 2), /^Like, 1/);
  await expectStill(chat, 'worth', () => react(0, '😂', 0, 'DELETE'), /^React with 😂$/);
  await expectPage(buttonOf(phone, 'worth', /😂/)).toHaveCount(0);
  await expectStill(phone, 'worth', () => react(0, '🙏', 1), /🙏, 1/);
  await expectStill(phone, 'worth', () => react(0, '👎', 1), /^Dislike, 1/);
  await chat.message.hover();
  for (const one of [chat, phone]) {
    await expectPage(buttonOf(one, 'worth', /😂/)).toHaveCount(0);
    const places = await placesOf(one, 'worth');
    expect(places.map(({ name }) => name).slice(0, 5)).toEqual(['👍', '👎', '🎉', '❤️', '🙏']);
    const seen = places.slice(2, 5).toSorted((a, b) => a.left - b.left);
    expect(seen).toEqual(places.slice(2, 5));
  }
});
