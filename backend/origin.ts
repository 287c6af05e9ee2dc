/** Whether a request comes from a page of this server, or from one of elsewhere. */
import type { IncomingHttpHeaders } from 'node:http';

/**
 * What its browser says decides, which no page can change: `Sec-Fetch-Site` where there is one, or else `Origin`. It is
 * written in one way only, so any other is somebody's invention. Whether a proxy in front has TLS is not known here.
 * @returns true also for what names no origin, such as a program
 */
export function isFromOwnPage(headers: IncomingHttpHeaders): boolean {
  const { origin, host = '' } = headers;
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin') return true;
  if (site === 'cross-site' || site === 'same-site') return false;
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}
