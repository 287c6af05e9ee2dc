/** Has the browser keep the pages, so that they open without network: where it can, and nothing depends on it. */

/** Milliseconds after the page was complete: whoever has just come has better use for the network. */
const AFTER_MS = 3_000;
const WORKER = '/service-worker.js';

/** @typedef {{ createPolicy: (name: string, rules: object) => { createScriptURL: (url: string) => string } }} TrustedTypes */

let isAsked = false;

export function keepPage() {
  const { serviceWorker } = navigator; // none over plain HTTP from another machine
  if (!serviceWorker || isAsked) return;
  isAsked = true;
  setTimeout(() => {
    // Blocked, or not given by this server: then the page is not kept.
    serviceWorker.register(toTrusted(), { updateViaCache: 'none' }).catch(() => {});
  }, AFTER_MS);
}

/** The one script that a page starts by its address. The policy of the pages lets this name make it, and no other. */
function toTrusted() {
  const { trustedTypes } = /** @type {{ trustedTypes?: TrustedTypes }} */ (globalThis);
  const policy = trustedTypes?.createPolicy('service-worker', { createScriptURL: () => WORKER });
  return policy?.createScriptURL(WORKER) ?? WORKER;
}
