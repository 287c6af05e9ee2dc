/** What every page says beside its text: only what the server itself serves, nothing inline, in no one's frame. */
import helmet from 'helmet';
import type { RequestHandler } from 'express';

export const pageHeaders = createHeaders("'none'");
/** Of pages that the browser keeps: they may start the service worker, which only a policy of this name can do. */
export const pageHeadersOfKept = createHeaders('service-worker');

/** A script or a style does what its page may do: a policy of its own, some 600 bytes of each, would be read by nobody. */
const partHeaders = helmet({
  contentSecurityPolicy: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  strictTransportSecurity: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});
const PART = /\.(?:js|css)$/;

/** @param ofPages the headers of what the browser may open as a page */
export function headersOfFiles(ofPages: RequestHandler): RequestHandler {
  return (request, response, next) => (PART.test(request.path) ? partHeaders : ofPages)(request, response, next);
}

function createHeaders(trustedTypes: string) {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        // Text never becomes markup or script here, and a mistake that would make it so is stopped by the browser.
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: [trustedTypes],
      },
    },
    xFrameOptions: { action: 'deny' },
    // Whether there is TLS is for whoever runs a proxy in front to say, and to promise for a year.
    strictTransportSecurity: false,
  });
}
