/** Who is calling, the same on every transport: a signed token, shown as a bearer token or as the pages' cookie. */
import { createHmac, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ChatError } from './errors.ts';
import { COOKIE_MAX_AGE_S } from './limits.ts';
import { isFromOwnPage } from './origin.ts';
import type { IncomingMessage } from 'node:http';
import type { Addresses } from './address.ts';
import type { Caller } from './commands/command.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Settings } from './settings.ts';
import type { SignIn } from './sign-in.ts';

export interface NewIdentity {
  /** Secret; whoever shows it is this identity. */
  token: string;
  /** Public; cannot be turned back into the token. */
  author: string;
}

export interface Identity {
  /** @throws ChatError `rate-limited` when too many are asked for from one address */
  issue(request: IncomingMessage): Promise<NewIdentity>;
  /**
   * On a closed server only: to be awaited once for every request, before `callerOf`.
   * @throws ChatError `identity-required` when no valid token is shown
   */
  admit?: (request: IncomingMessage) => Promise<void>;
  /** @throws ChatError `identity-required` when a token is shown that this server did not give, or `rate-limited` */
  callerOf(request: IncomingMessage): Caller;
  /** @returns the header to set for a page, when the browser has no valid token yet */
  cookieFor(request: IncomingMessage): string | undefined;
}

const COOKIE = 'since_identity';

export interface IdentityOptions {
  /** Key of the signatures: tokens are known as long as it is the same. */
  secret: string;
  settings: Pick<Settings, 'moderatorToken'>;
  addresses: Addresses;
  rateLimit: RateLimit;
  /** Given for a closed server: then its tokens are the only ones. */
  signIn?: SignIn;
}

export function createIdentity(options: IdentityOptions): Identity {
  return options.signIn === undefined ? createOpen(options) : createClosed(options, options.signIn);
}

/** Anyone may come, and gets an identity for the asking. */
function createOpen({ secret, settings, addresses, rateLimit }: IdentityOptions): Identity {
  const authorOf = (id: string) => toAuthor(sign(secret, 'author', id));

  const make = (): NewIdentity => {
    const id = randomBytes(16).toString('base64url');
    return { token: `${id}.${sign(secret, 'token', id).toString('base64url')}`, author: authorOf(id) };
  };

  const authorOfToken = (token: string): string | undefined => {
    const [id = '', signature = '', ...rest] = token.split('.');
    const isOurs = rest.length === 0 && isSame(signature, sign(secret, 'token', id).toString('base64url'));
    return isOurs ? authorOf(id) : undefined;
  };

  const cookieToken = (request: IncomingMessage) => readCookie(request.headers.cookie, COOKIE);

  return {
    async issue(request) {
      rateLimit.count({ address: addresses.of(request) });
      return make();
    },
    callerOf(request) {
      const address = addresses.of(request);
      const bearer = readBearer(request);
      if (isModerator(bearer, settings)) return { isModerator: true, address };
      const token = bearer ?? (isFromOwnPage(request.headers) ? cookieToken(request) : undefined);
      if (token === undefined) return { isModerator: false, address };
      const author = authorOfToken(token);
      if (author === undefined)
        throw new ChatError('identity-required', 'The token is not known here: see POST /identity.');
      rateLimit.countIdentity(author);
      return { author, isModerator: false, address };
    },
    cookieFor(request) {
      const shown = cookieToken(request);
      if (shown !== undefined && authorOfToken(shown) !== undefined) return undefined;
      const secure = isSecure(request, addresses) ? '; Secure' : '';
      return `${COOKIE}=${make().token}; Path=/; Max-Age=${COOKIE_MAX_AGE_S}; HttpOnly; SameSite=Strict${secure}`;
    },
  };
}

/** Only those with a token from the sign-in elsewhere may come; nobody else is told anything. */
function createClosed({ secret, settings, addresses, rateLimit }: IdentityOptions, signIn: SignIn): Identity {
  const admitted = new WeakMap<IncomingMessage, Caller>();

  return {
    issue: () => Promise.reject(new ChatError('forbidden', 'Identities of this server come with a sign-in.')),
    async admit(request) {
      const address = addresses.of(request);
      const token = readBearer(request) ?? readQueryToken(request);
      if (isModerator(token, settings)) return void admitted.set(request, { isModerator: true, address });
      if (token === undefined) throw new ChatError('identity-required', 'This server asks for a sign-in.');
      const { subject, name, expiresAt } = await signIn(token);
      const author = toAuthor(sign(secret, 'subject', subject));
      rateLimit.countIdentity(author);
      admitted.set(request, { author, name, expiresAt, isModerator: false, address });
    },
    callerOf(request) {
      const caller = admitted.get(request);
      if (caller === undefined) throw new ChatError('identity-required', 'This server asks for a sign-in.');
      return caller;
    },
    cookieFor: () => undefined,
  };
}

function sign(secret: string, purpose: string, id: string): Buffer {
  return createHmac('sha256', secret).update(`${purpose}:${id}`).digest();
}

function toAuthor(digest: Buffer): string {
  return BigInt(`0x${digest.toString('hex')}`)
    .toString(36)
    .padStart(50, '0')
    .slice(-16);
}

/** @returns the token of the header; empty when the header holds none of the right form */
function readBearer({ headers: { authorization } }: IncomingMessage): string | undefined {
  if (authorization === undefined) return undefined;
  return /^Bearer /i.test(authorization) ? authorization.slice('Bearer '.length).trim() : '';
}

/** For WebSocket and EventSource, as browsers let no page set their headers. The query is never logged. */
function readQueryToken({ url = '' }: IncomingMessage): string | undefined {
  return new URLSearchParams(url.split('?', 2)[1]).get('access_token') ?? undefined;
}

function isModerator(token: string | undefined, { moderatorToken }: Pick<Settings, 'moderatorToken'>): boolean {
  return token !== undefined && moderatorToken !== undefined && isSame(token, moderatorToken);
}

// In constant time, whatever the lengths: how long a guess took must not tell how much of it was right.
function isSame(shown: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(shown), digest(expected));
}

function readCookie(header: string | undefined, name: string): string | undefined {
  const prefix = `${name}=`;
  return header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(prefix))
    ?.slice(prefix.length);
}

function isSecure(request: IncomingMessage, { isTrusted }: Addresses): boolean {
  if ('encrypted' in request.socket && request.socket.encrypted === true) return true;
  const proto = request.headers['x-forwarded-proto'];
  return isTrusted(request.socket.remoteAddress ?? '', 0) && String(proto).split(',')[0]?.trim() === 'https';
}
