/** What every page says beside its text: only what the server itself serves, nothing inline, in no one's frame. */
import helmet from 'helmet';

export const pageHeaders = createHeaders("'none'");
/** Of pages that the browser keeps: they may start the service worker, which only a policy of this name can do. */
export const pageHeadersOfKept = createHeaders('service-worker');

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
