/** What the pages say, and how they read what is typed. */
import { describe, expect, it } from 'vitest';
import { findFault, isSendKey } from '../../frontend-shared/writing/composer.js';
import { advance } from '../../frontend-shared/link/cursor.js';
import { toInitials } from '../../frontend-shared/room/person.js';
import { newKey } from '../../frontend-shared/link/new-key.js';
import { toWords } from '../../frontend-shared/link/status-words.js';
import { MAX_MESSAGE_LENGTH, MAX_USER_LENGTH } from '../../backend/limits.ts';
import type { LinkState, Travel } from '../../frontend-shared/link/link.js';

const say = (state: LinkState, { queued = 0, isOnline = true, tabs = 1 } = {}) => {
  const { text, countdown, promise } = toWords(state, { queued, isOnline, tabs, nowMs: 10_000 });
  return text + countdown + promise;
};

describe('the state of the connection', () => {
  it('says when it is tried, and what happens to what was written', () => {
    expect(say({ name: 'live', travel: { by: 'socket' } }, { queued: 3 })).toBe('Live');
    expect(say({ name: 'waiting', until: 12_100 })).toBe('Reconnecting in 3 s');
    expect(say({ name: 'waiting', until: 11_000 }, { queued: 1 })).toBe(
      'Reconnecting in 1 s: 1 message will be sent when you are back',
    );
    expect(say({ name: 'trying' })).toBe('Reconnecting now');
    expect(say({ name: 'waiting', until: 12_000 }, { isOnline: false, queued: 2 })).toBe(
      'Offline: 2 messages will be sent when you are back',
    );
  });

  it('says how messages travel, and how often is asked', () => {
    const travelling = (travel: Travel, tabs = 1) =>
      toWords({ name: 'live', travel }, { queued: 0, isOnline: true, tabs, nowMs: 0 }).travel;
    expect(travelling({ by: 'socket' })).toBe('WebSocket');
    expect(travelling({ by: 'polling', everyS: 25 })).toBe('Polling, 1 request in 25 s');
    expect(travelling({ by: 'polling', everyS: 1.2 }, 3)).toBe('Polling, 1 request in 1 s, for 3 tabs');
    expect(travelling({ by: 'polling', everyS: 0.21 })).toBe('Polling, 5 requests a second');
    expect(travelling({ by: 'fallback', everyS: 25 })).toContain('no WebSocket can be opened');
  });
});

describe('the message box', () => {
  const press = (more: object) => isSendKey({ ...enter, ...more } as KeyboardEvent);
  const enter: object = { key: 'Enter', shiftKey: false, isComposing: false, keyCode: 13 };

  it('sends with Enter, but not with Shift, and not while a word is composed', () => {
    expect(press({})).toBe(true);
    expect(press({ shiftKey: true })).toBe(false);
    expect(press({ isComposing: true })).toBe(false);
    expect(press({ keyCode: 229 })).toBe(false);
    expect(press({ key: 'a' })).toBe(false);
  });

  it('counts as the server does: an emoji of two units is one', () => {
    const [name, text] = ['🦊'.repeat(MAX_USER_LENGTH), '🦊'.repeat(MAX_MESSAGE_LENGTH)];
    expect(findFault({ user: name, message: text })).toBeUndefined();
    expect(findFault({ user: `${name}🦊`, message: 'x' })?.field).toBe('user');
    expect(findFault({ user: 'Azin', message: `${text}🦊` })?.reason).toContain('4,001');
    expect(findFault({ user: '', message: 'x' })?.field).toBe('user');
  });
});

it('draws initials from letters as people see them', () => {
  expect(['Azin', 'mira kovač', 'J.-P. Sartre', '<img src=x>', '👩‍🚀 Sally', '***', 'محمد'].map(toInitials)).toEqual([
    'A',
    'MK',
    'JP',
    'IS',
    '👩‍🚀S',
    '*',
    'م',
  ]);
});

it('moves a cursor forward only, and keeps the name of its journal', () => {
  expect(advance('12-ab3', 15)).toBe('15-ab3');
  expect(advance('12-ab3', 9)).toBe('12-ab3');
  expect(advance('9-ab3', 10)).toBe('10-ab3');
});

it('makes keys also where a page has no randomUUID, as over plain HTTP', () => {
  const getRandomValues: Crypto['getRandomValues'] = (bytes) => crypto.getRandomValues(bytes);
  const keys = new Set(Array.from({ length: 100 }, () => newKey({ getRandomValues })));
  expect(keys.size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
  expect(newKey()).toMatch(/^[0-9a-f-]{36}$/);
});
