/** The page that asks: it needs nothing but HTTP, and works wherever a page can be loaded at all. */
import { startPage } from '../frontend-shared/page.js';
import { openPolling } from '../frontend-shared/link/poller.js';

startPage('polling', openPolling);
