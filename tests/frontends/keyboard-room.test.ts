import { expect, it } from 'vitest';
import { makeRoomForKeyboard } from '../../frontend-shared/writing/keyboard-room.js';

it('makes the page as high as what a keyboard leaves of it, and not for one who zooms in', () => {
  const viewport = Object.assign(new EventTarget(), { height: 800, scale: 1 });
  const heights: (number | undefined)[] = [];
  makeRoomForKeyboard(
    viewport,
    () => 800,
    (height) => heights.push(height),
  );
  const see = (height: number, scale = 1) => {
    Object.assign(viewport, { height, scale });
    viewport.dispatchEvent(new Event('resize'));
  };
  see(760); // a bar of the browser
  see(480.5);
  see(480.5);
  see(400, 2);
  see(470);
  see(800);
  expect(heights).toEqual([480, undefined, 470, undefined]);
  expect(() => makeRoomForKeyboard(null, () => 800, String)).not.toThrow();
});
