/** Sign-in for closed servers: JSON Web Tokens that are issued elsewhere, checked by the `jose` package. */
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { user } from './commands/fields.ts';
import { ChatError } from './errors.ts';
import { CLOCK_TOLERANCE_S, RETRY_SIGN_IN_S } from './limits.ts';
import type { JWTVerifyGetKey, JWTVerifyResult } from 'jose';
import type { Clock } from './clock.ts';
import type { Settings } from './settings.ts';

/** What a valid token says. */
export interface SignedIn {
  /** Whom the token is about, the same in every token of that person. */
  subject: string;
  /** Display name. */
  name: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** @throws ChatError `identity-required` when the token is not valid (any more), `overloaded` when that cannot be told */
export type SignIn = (token: string) => Promise<SignedIn>;

/** What `AUTH=jwt` tells: where the keys are, or the one key, and which tokens are meant for this server. */
export type SignInSettings = Pick<Settings, 'authJwksUrl' | 'authSecret' | 'authIssuer' | 'authAudience'>;

export function createSignIn(settings: SignInSettings, clock: Clock): SignIn {
  const verify = verifierOf(settings);
  return async (token) => {
    const { payload } = await explained(() => verify(token, new Date(clock.now())));
    const name = user.safeParse(payload['name']);
    if (!name.success) throw new ChatError('identity-required', 'The token must have a "name" that fits a message.');
    const issuer = payload.iss ?? '';
    return { subject: JSON.stringify([issuer, payload.sub]), name: name.data, expiresAt: (payload.exp ?? 0) * 1000 };
  };
}

type Verify = (token: string, currentDate: Date) => Promise<JWTVerifyResult>;

function verifierOf({ authJwksUrl, authSecret, authIssuer, authAudience }: SignInSettings): Verify {
  const common = {
    requiredClaims: ['sub', 'exp'],
    clockTolerance: CLOCK_TOLERANCE_S,
    ...(authIssuer !== undefined && { issuer: authIssuer }),
    ...(authAudience !== undefined && { audience: authAudience }),
  };
  if (authJwksUrl !== undefined) {
    const keys: JWTVerifyGetKey = createRemoteJWKSet(new URL(authJwksUrl));
    return (token, currentDate) => jwtVerify(token, keys, { ...common, currentDate });
  }
  const key = new TextEncoder().encode(authSecret);
  // Named, so that a token cannot choose how it is checked.
  return (token, currentDate) => jwtVerify(token, key, { ...common, currentDate, algorithms: ['HS256'] });
}

async function explained(verify: () => Promise<JWTVerifyResult>): Promise<JWTVerifyResult> {
  try {
    return await verify();
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) {
      throw new ChatError('identity-required', 'The token has expired: sign in again.', { cause });
    }
    const isAboutKeys = cause instanceof errors.JWKSTimeout || !(cause instanceof errors.JOSEError);
    if (isAboutKeys)
      throw new ChatError('overloaded', 'Tokens cannot be checked now.', { retryAfter: RETRY_SIGN_IN_S, cause });
    throw new ChatError('identity-required', 'The token is not valid here.', { cause });
  }
}
