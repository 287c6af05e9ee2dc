/** The page that asks: it needs nothing but HTTP, and works wherever a page can be loaded at all. */
import { sendCommand } from '../frontend-shared/commands-api.js';
import { postMessage } from '../frontend-shared/messages-api.js';
import { startPage } from '../frontend-shared/page.js';
import { HOLD_S, startPolling } from '../frontend-shared/poller.js';

startPage((parts) => {
  const poller = startPolling(parts, { since: undefined }, `Polling, 1 request in ${HOLD_S} s`);
  return { ...poller, send: postMessage, request: sendCommand, tellTyping() {} };
});
