/** The page that listens: a WebSocket where one can be had, and long polling until then. */
import { startPage } from '../frontend-shared/page.js';
import { openSocketLink } from './socket-link.js';

startPage('websocket', openSocketLink);
