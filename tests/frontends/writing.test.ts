/** Writing as a person does it: marks, names, emoji, drafts, and what becomes of a message that cannot be sent. */
import { describe, expect, it } from 'vitest';
import { post } from '../harness/api.ts';
import { expectPage, useBrowser } from '../harness/browser.ts';
import { startTestServer } from '../harness/server.ts';
import type { Route } from '@playwright/test';
import type { Chat } from '../harness/browser.ts';

const openPage = useBrowser();
const HOURS = 60 * 60 * 1000;

const itemOf = ({ items }: Chat, text: string) => items.filter({ hasText: text });
const editBox = ({ page }: Chat) => page.getByRole('textbox', { name: 'Edit message' });
const options = ({ page }: Chat) => page.getByRole('listbox').getByRole('option');
/** What the browser's own clipboard would give. */
const paste = (chat: Chat, text: string, withFile = false) =>
  chat.message.evaluate(
    (box, [pasted, hasFile]) => {
      const clipboardData = new DataTransfer();
      if (pasted !== '') clipboardData.setData('text/plain', pasted);
      if (hasFile) clipboardData.items.add(new File(['x'], 'cat.png', { type: 'image/png' }));
      const isFree = box.dispatchEvent(new ClipboardEvent('paste', { clipboardData, cancelable: true, bubbles: true }));
      // A browser inserts it itself where nobody else does.
      // oxlint-disable-next-line typescript/no-deprecated -- nothing newer types for a person
      if (isFree) document.execCommand('insertText', false, pasted);
    },
    [text, withFile] as const,
  );

describe('marks', () => {
  it('come and go by keys and buttons, can be undone, and look in the preview as they will be shown', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(`${url}/polling/`);
    const { page, message } = chat;
    await chat.name.fill('Azin');
    await message.fill('a bold word');
    await message.evaluate((box) => (box as HTMLTextAreaElement).setSelectionRange(2, 6));
    await message.press('Control+b');
    await expectPage(message).toHaveValue('a **bold** word');
    await message.press('Control+i');
    await expectPage(message).toHaveValue('a ***bold*** word');
    await message.press('Control+z');
    await message.press('Control+z');
    await expectPage(message).toHaveValue('a bold word');
    await message.evaluate((box) => (box as HTMLTextAreaElement).setSelectionRange(2, 6));
    const tools = page.getByRole('toolbar', { name: 'Formatting' });
    await tools.getByRole('button', { name: 'Bold' }).click();
    await expectPage(message).toBeFocused();
    await expectPage(message).toHaveValue('a **bold** word');
    await tools.getByRole('button', { name: 'Bold' }).focus();
    await page.keyboard.press('ArrowLeft');
    await expectPage(tools.getByRole('button', { name: 'Preview' })).toBeFocused();
    await page.keyboard.press('Enter');
    const preview = page.getByRole('region', { name: 'Preview' });
    await expectPage(preview.locator('strong')).toHaveText('bold');
    await message.focus();
    await message.press('End');
    await message.pressSequentially(', `code` for @Mira and @azin');
    const drawn = await preview.locator('.message-text').innerHTML();
    await message.press('Enter');
    await expectPage(preview).toContainText('Nothing to preview');
    expect(await itemOf(chat, 'bold word').locator('.message-text').innerHTML()).toBe(drawn);
    await expectPage(itemOf(chat, 'bold word').locator('.mention')).toHaveText(['@Mira', '@azin']);
    await expectPage(itemOf(chat, 'bold word').locator('.mention.is-me')).toHaveText('@azin');
  });
});

describe('completion', () => {
  it('offers names and emoji, by keys and by touch, and never stands between Enter and sending', async () => {
    const { url } = await startTestServer();
    await post(url, { message: 'hello', user: 'Mira Bell' });
    await post(url, { message: 'hello', user: 'Mirko' });
    const asked: string[] = [];
    const chat = await openPage(`${url}/websocket/`, {
      hasTouch: true,
      prepare: async (page) => void page.on('request', (one) => asked.push(new URL(one.url()).pathname)),
    });
    const { page, message } = chat;
    await expectPage(chat.items).toHaveCount(2);
    await chat.name.fill('Azin');
    await message.pressSequentially('hi @mi');
    await expectPage(options(chat)).toHaveText(['@Mirko', '@Mira Bell']);
    await message.press('ArrowDown');
    await message.press('ArrowDown');
    const active = await message.getAttribute('aria-activedescendant');
    await expectPage(page.locator(`#${active}`)).toHaveText('@Mira Bell');
    await message.press('Enter');
    await expectPage(message).toHaveValue('hi @Mira Bell ');
    await message.pressSequentially('and @mirk');
    await message.press('Tab');
    await expectPage(message).toHaveValue('hi @Mira Bell and @Mirko ');
    await expectPage(message).toBeFocused();
    expect(asked).not.toContain('/emoji/en.json');
    await message.pressSequentially(':smile');
    await options(chat).first().tap();
    await expectPage(message).toHaveValue('hi @Mira Bell and @Mirko 😄 ');
    await message.pressSequentially(':+1:');
    await expectPage(message).toHaveValue('hi @Mira Bell and @Mirko 😄 👍');
    expect(asked.filter((path) => path === '/emoji/en.json')).toHaveLength(1);
    await message.pressSequentially(' @m');
    await expectPage(options(chat)).toHaveCount(2);
    await message.press('Escape');
    await expectPage(options(chat)).toHaveCount(0);
    await message.pressSequentially('i');
    await expectPage(options(chat)).toHaveCount(0);
    await message.press('Backspace');
    await message.press('Backspace');
    await message.press('Backspace');
    await message.pressSequentially(' @mir');
    await expectPage(options(chat)).toHaveCount(2);
    await message.press('Enter');
    await expectPage(itemOf(chat, '@mir')).toHaveCount(1);
    await expectPage(message).toHaveValue('');
  });

  it('picks any emoji for the text and as a reaction, by search and arrow keys, and leads back', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(`${url}/polling/`, { viewport: { width: 320, height: 568 }, colorScheme: 'dark' });
    const { page, message } = chat;
    await chat.say('worth it');
    const button = page.getByRole('toolbar', { name: 'Formatting' }).getByRole('button', { name: 'Emoji' });
    const picker = page.getByRole('dialog', { name: 'Emoji' });
    await button.click();
    await expectPage(picker.getByRole('searchbox')).toBeFocused();
    await expectPage(picker.getByRole('button', { name: 'grinning face', exact: true })).toBeVisible();
    expect(await picker.evaluate((panel) => panel.scrollWidth <= panel.clientWidth)).toBe(true);
    await page.keyboard.press('Escape');
    await expectPage(picker).toBeHidden();
    await expectPage(button).toBeFocused();
    await expectPage(button).toHaveAttribute('aria-expanded', 'false');
    await button.press('Enter');
    await page.keyboard.type('rocket');
    await page.keyboard.press('ArrowDown');
    await expectPage(picker.getByRole('button', { name: 'rocket' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expectPage(message).toBeFocused();
    await expectPage(message).toHaveValue('🚀');
    await itemOf(chat, 'worth it').getByRole('button', { name: /^Add/ }).click();
    await page.getByRole('menuitem', { name: 'More emoji' }).click();
    await page.keyboard.type('tada');
    await expectPage(picker.getByRole('button', { name: 'party popper' })).toBeVisible();
    await page.keyboard.press('Enter');
    await expectPage(itemOf(chat, 'worth it').getByRole('button', { name: /🎉, 1/ })).toBeVisible();
  });
});

describe('what is half written', () => {
  it("is the last of one's own with Up, over redraws, rooms and reloads, until Escape", async () => {
    const { url } = await startTestServer();
    const chat = await openPage(`${url}/websocket/`);
    const { page, message } = chat;
    await chat.say('first of mine');
    await chat.say('last of mine');
    await expectPage(itemOf(chat, 'last of mine').getByRole('button', { name: /^Edit/ })).toHaveCount(1);
    await post(url, { message: 'of another', user: 'Mira' });
    await expectPage(itemOf(chat, 'of another')).toBeVisible();
    await message.press('ArrowUp');
    await expectPage(editBox(chat)).toBeFocused();
    await expectPage(editBox(chat)).toHaveValue('last of mine');
    await editBox(chat).fill(' ');
    await editBox(chat).press('Enter');
    await expectPage(chat.alert).toContainText('write something, or delete');
    await expectPage(itemOf(chat, 'Save').getByRole('button', { name: 'Delete' })).toBeVisible();
    await editBox(chat).fill('x'.repeat(4_001));
    await expectPage(chat.alert).toHaveCount(0);
    await editBox(chat).press('Enter');
    await expectPage(chat.alert).toContainText('4,001 characters');
    await editBox(chat).fill('half of it, @Mi');
    await expectPage(options(chat)).toHaveText(['@Mira']);
    await editBox(chat).press('Escape');
    await expectPage(options(chat)).toHaveCount(0);
    await post(url, { message: 'meanwhile', user: 'Mira' });
    await expectPage(itemOf(chat, 'meanwhile')).toBeVisible();
    await page.goto(`${url}/websocket/?room=elsewhere`);
    await page.goto(`${url}/websocket/`);
    await expectPage(editBox(chat)).toHaveValue('half of it, @Mi');
    await page.reload();
    await expectPage(editBox(chat)).toHaveValue('half of it, @Mi');
    await editBox(chat).press('Escape');
    await expectPage(editBox(chat)).toHaveCount(0);
    await page.reload();
    await expectPage(itemOf(chat, 'last of mine').getByRole('button', { name: /^Edit/ })).toHaveCount(1);
    await expectPage(editBox(chat)).toHaveCount(0);
    await message.press('ArrowUp');
    await editBox(chat).fill('said anew');
    await editBox(chat).press('Enter');
    await expectPage(editBox(chat)).toHaveCount(0);
    await expectPage(message).toBeFocused();
    await expectPage(itemOf(chat, 'said anew')).toContainText('edited');
  });

  it('is never the one before the last, which is opened when it has been sent', async () => {
    const { url } = await startTestServer();
    const { promise: mayPass, resolve: letPass } = Promise.withResolvers<void>();
    const chat = await openPage(`${url}/polling/`);
    await chat.say('the one before');
    await expectPage(itemOf(chat, 'the one before').getByRole('button', { name: /^Edit/ })).toHaveCount(1);
    await chat.page.route('**/messages', async (route) => {
      await mayPass;
      await route.continue();
    });
    await chat.say('the last');
    await chat.message.press('ArrowUp');
    await expectPage(editBox(chat)).toHaveCount(0);
    letPass();
    await expectPage(editBox(chat)).toHaveValue('the last');
    await expectPage(editBox(chat)).toBeFocused();
  });

  it('stays with its tab, and is found by the next when the tab was closed', async () => {
    const { url } = await startTestServer();
    const first = await openPage(`${url}/polling/`);
    await first.message.fill('a thought');
    const second = await openPage(`${url}/polling/`, { beside: first });
    await expectPage(second.message).toHaveValue('');
    await second.message.fill('another');
    await first.page.reload();
    await second.page.reload();
    await expectPage(first.message).toHaveValue('a thought');
    await expectPage(second.message).toHaveValue('another');
    await second.message.fill('');
    await first.page.close({ runBeforeUnload: true });
    await second.page.reload();
    await expectPage(second.message).toHaveValue('a thought');
    const third = await openPage(`${url}/polling/`, { beside: first });
    await expectPage(third.message).toHaveValue('');
  });
});

it('shows at once what is changed over a slow network, changes it once, and gives it back where it fails', async () => {
  const { url } = await startTestServer();
  const chat = await openPage(`${url}/polling/`, { mayFail: true });
  await chat.say('the frist words');
  const item = chat.items.first();
  const button = (name: RegExp) => item.getByRole('button', { name });
  /** Each is held until it is answered here. */
  const held: Route[] = [];
  await chat.page.route('**/messages/**', (route) => void held.push(route));
  await button(/^Edit/).click();
  await editBox(chat).fill('the first words');
  await editBox(chat).press('Enter');
  await expectPage(item.locator('.message-text')).toHaveText('the first words');
  await expectPage(item).toContainText('Saving…');
  await expectPage(button(/^Edit/)).toBeFocused();
  await expectPage(button(/^Edit/)).toBeDisabled();
  await button(/^Edit/).press('Enter');
  await button(/^Delete/).press('Enter');
  await chat.message.fill('meanwhile');
  await chat.message.press('Control+A');
  await expect.poll(() => held.length).toBe(1);
  await held.shift()!.abort();
  await expectPage(chat.alert).toContainText('Not saved');
  await expectPage(editBox(chat)).toHaveValue('the first words');
  await expectPage(chat.page.locator('#message')).toBeFocused();
  await editBox(chat).press('Enter');
  await expect.poll(() => held.length).toBe(1);
  await expectPage(chat.alert).toHaveCount(0);
  await chat.page.reload();
  await expectPage(editBox(chat)).toHaveValue('the first words');
  await editBox(chat).press('Enter');
  await expect.poll(() => held.length).toBe(2);
  await held.pop()!.continue();
  await expectPage(item).toContainText('edited');
  await expectPage(item).not.toContainText('Saving…');
  await expectPage(chat.alert).toHaveCount(0);
  await button(/^Like/).click();
  await expectPage(button(/^Like, 1/)).toHaveAttribute('aria-pressed', 'true');
  await button(/^Delete/).click();
  await chat.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expectPage(item).toContainText('Deleting…');
  await expectPage(button(/./)).toHaveCount(0); // nothing else is to be done with it
  await expectPage(item).toBeFocused();
  await chat.message.focus();
  await expect.poll(() => held.at(-1)?.request().method()).toBe('DELETE'); // shown before it is asked for
  await held.pop()!.continue();
  await expectPage(item).toContainText('Message deleted');
  await expectPage(chat.message).toBeFocused();
});

it('keeps the focus at a message that another tab deletes while it is edited', async () => {
  const { url } = await startTestServer();
  const chat = await openPage(`${url}/polling/`);
  await chat.say('to be gone');
  await chat.items.getByRole('button', { name: /^Edit/ }).click();
  await expectPage(editBox(chat)).toBeFocused();
  expect((await chat.page.request.delete(`${url}/messages/1`)).ok()).toBe(true);
  await expectPage(chat.items).toContainText(['Message deleted']);
  await expectPage(chat.items).toBeFocused();
});

describe('what cannot be sent', () => {
  it('says how much is left, and takes of what is pasted the text alone', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(`${url}/polling/`);
    const { page, message } = chat;
    await message.focus();
    await paste(chat, 'one\r\ntwo\u001b[0m\u0000\fthree');
    await expectPage(message).toHaveValue('one\ntwo[0m\nthree');
    await paste(chat, '', true);
    await expectPage(chat.alert).toContainText('Only text');
    await expectPage(message).toHaveValue('one\ntwo[0m\nthree');
    const left = page.locator('#left');
    await message.fill('😀'.repeat(3_599));
    await expectPage(left).toHaveText('');
    await message.press('End');
    await message.pressSequentially('x');
    await expectPage(left).toHaveText('400');
    await expectPage(page.locator('#news')).toHaveText('400 characters left');
    await message.press('y');
    await expectPage(left).toHaveText('399');
    await expectPage(page.locator('#news')).toHaveText('400 characters left');
    await paste(chat, 'z'.repeat(200_000));
    await expectPage(left).toHaveText('-199,601');
    await chat.name.fill('Azin');
    await message.press('Enter');
    await expectPage(chat.alert).toContainText('203,601 characters, and 4,000 fit');
    expect(await (await fetch(`${url}/messages`)).json()).toEqual([]);
  });

  it('is held back after hours, in every tab and after a reload, and is sent once or discarded as one says', async () => {
    const { url } = await startTestServer();
    const chat = await openPage(`${url}/websocket/`, { mayFail: true });
    await chat.context.setOffline(true);
    await chat.say('from the train');
    await chat.say('never mind');
    await expectPage(itemOf(chat, 'from the train')).toContainText('Waiting to be sent');
    // The clock of a person who was away: the messages are as old as if hours had passed.
    await chat.page.evaluate((ms) => {
      for (const name of Object.keys(localStorage).filter((one) => one.startsWith('since.outbox.'))) {
        const one = JSON.parse(localStorage.getItem(name)!) as { order: number };
        localStorage.setItem(name, JSON.stringify({ ...one, order: one.order - ms }));
      }
    }, 5 * HOURS);
    await chat.context.setOffline(false);
    const fateOf = (one: Chat, text: string, name: string) => itemOf(one, text).getByRole('button', { name });
    await expectPage(fateOf(chat, 'from the train', 'Try again')).toBeVisible();
    await expectPage(chat.alert).toContainText('waited for hours');
    // That stays true, whatever becomes of the connection.
    await chat.context.setOffline(true);
    await expectPage(chat.status).toContainText('Offline');
    await chat.context.setOffline(false);
    await expectPage(chat.status).toContainText('Live');
    await expectPage(chat.alert).toContainText('waited for hours');
    await chat.page.reload();
    const other = await openPage(`${url}/websocket/`, { beside: chat });
    await fateOf(other, 'never mind', 'Discard').press('Enter');
    await expectPage(itemOf(chat, 'never mind')).toHaveCount(0);
    await fateOf(chat, 'from the train', 'Try again').press('Enter');
    for (const one of [chat, other]) await expectPage(itemOf(one, 'from the train')).not.toHaveClass(/is-pending/);
    const stored = (await (await fetch(`${url}/messages`)).json()) as { message: string }[];
    expect(stored.map(({ message }) => message)).toEqual(['from the train']);
  });
});
