/** The settings: environment variables, parsed once at the start into types. A wrong value is told by its name. */
import proxyAddress from 'proxy-addr';
import { StartError } from './errors.ts';
import { LOG_LEVELS } from './log.ts';

export interface Settings {
  /** TCP port; 0 takes any free one. */
  port: number;
  /** Address to listen on. */
  host: string;
  /** Name of the journal's engine. */
  journal: string;
  /** Where NATS is, for the journal that several servers share. */
  natsUrl: string;
  /** Name of its stream. */
  natsStream: string;
  /** On how many nodes of NATS each entry is kept. */
  natsReplicas: number;
  /** Folder of everything that is kept. */
  dataDir: string;
  /** Origins whose pages may use the server; `*` is every one. */
  allowedOrigins: '*' | readonly string[];
  /** Writes per 10 s and client; undefined is no limit. */
  rateLimit: number | undefined;
  /** WebSocket, SSE and NDJSON connections and held polls together. */
  maxConnections: number;
  /** Those of one address among them, but of this machine itself. */
  maxConnectionsPerAddress: number;
  /** As Express' "trust proxy"; false ignores `X-Forwarded-For`. */
  trustProxy: false | number | string;
  /** Whoever shows it as a bearer token may delete any message. */
  moderatorToken: string | undefined;
  /** Key that identities are signed with; undefined: made once and kept in `dataDir`. */
  secret: string | undefined;
  /** `jwt`: a closed server, where everyone signs in with a token of someone else's. */
  auth: string;
  /** Where the public keys are that tokens are checked with. */
  authJwksUrl: string | undefined;
  /** The key that tokens are checked with, HS256. */
  authSecret: string | undefined;
  /** Who must have given a token: its `iss`. */
  authIssuer: string | undefined;
  /** For whom a token must be: one of its `aud`. */
  authAudience: string | undefined;
  logLevel: string;
}

type Read<Value> = (text: string) => Value;

interface Setting<Value> {
  variable: string;
  unit: string;
  default: string;
  read: Read<Value>;
}

/** Every setting with its variable, unit and default, in the order of the README. An unset variable is its default. */
export const SETTINGS: { [Name in keyof Settings]: Setting<Settings[Name]> } = {
  port: { variable: 'PORT', unit: 'TCP port', default: '3000', read: wholeNumber(0, 65_535) },
  host: { variable: 'HOST', unit: 'address', default: '0.0.0.0', read: nonEmpty },
  journal: { variable: 'JOURNAL', unit: 'engine', default: 'sqlite', read: nonEmpty },
  natsUrl: { variable: 'NATS_URL', unit: 'addresses, by comma', default: 'nats://127.0.0.1:4222', read: natsUrls },
  natsStream: { variable: 'NATS_STREAM', unit: 'name', default: 'since', read: natsName },
  natsReplicas: { variable: 'NATS_REPLICAS', unit: 'nodes', default: '1', read: wholeNumber(1, 5) },
  dataDir: { variable: 'DATA_DIR', unit: 'folder', default: './data', read: nonEmpty },
  allowedOrigins: { variable: 'ALLOWED_ORIGINS', unit: 'origins, by comma', default: '*', read: origins },
  rateLimit: { variable: 'RATE_LIMIT', unit: 'writes per 10 s and client, or off', default: '50', read: limitOrOff },
  maxConnections: { variable: 'MAX_CONNECTIONS', unit: 'connections', default: '10000', read: wholeNumber(1, 1e7) },
  maxConnectionsPerAddress: {
    variable: 'MAX_CONNECTIONS_PER_ADDRESS',
    unit: 'connections',
    default: '2000',
    read: wholeNumber(1, 1e7),
  },
  trustProxy: { variable: 'TRUST_PROXY', unit: 'addresses or hops', default: '', read: trustProxy },
  moderatorToken: { variable: 'MODERATOR_TOKEN', unit: 'text', default: '', read: textOrNone },
  secret: { variable: 'SECRET', unit: 'text', default: '', read: textOrNone },
  auth: { variable: 'AUTH', unit: 'off or jwt', default: 'off', read: oneOf(['off', 'jwt']) },
  authJwksUrl: { variable: 'AUTH_JWKS_URL', unit: 'URL', default: '', read: urlOrNone },
  authSecret: { variable: 'AUTH_SECRET', unit: 'text', default: '', read: textOrNone },
  authIssuer: { variable: 'AUTH_ISSUER', unit: 'text', default: '', read: textOrNone },
  authAudience: { variable: 'AUTH_AUDIENCE', unit: 'text', default: '', read: textOrNone },
  logLevel: { variable: 'LOG_LEVEL', unit: LOG_LEVELS.join(', '), default: 'info', read: oneOf(LOG_LEVELS) },
};

/** @throws StartError that names the variable and says what it takes */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const read = Object.entries(SETTINGS).map(([name, setting]) => [name, readOne(setting, environment)]);
  const settings = Object.fromEntries(read) as Settings; // one entry a name, each read by its own setting
  const { auth, authJwksUrl, authSecret } = settings;
  if (auth === 'jwt' && (authJwksUrl === undefined) === (authSecret === undefined)) {
    throw new StartError('AUTH jwt needs either AUTH_JWKS_URL or AUTH_SECRET');
  }
  if (settings.journal === 'nats' && settings.secret === undefined) {
    throw new StartError('JOURNAL nats needs a SECRET, the same on all servers that share it');
  }
  return settings;
}

function readOne(
  { variable, unit, default: fallback, read }: Setting<unknown>,
  environment: NodeJS.ProcessEnv,
): unknown {
  try {
    return read(environment[variable] ?? fallback);
  } catch (error) {
    // The value itself is not shown: it may be a secret.
    throw new StartError(`${variable} ${error instanceof Error ? error.message : 'is wrong'} (${unit})`);
  }
}

function wholeNumber(least: number, most: number): Read<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) throw new Error(`must be a whole number from ${least} to ${most}`);
    return value;
  };
}

function nonEmpty(text: string): string {
  if (text.trim() === '') throw new Error('must not be empty');
  return text;
}

function oneOf(values: readonly string[]): Read<string> {
  return (text) => {
    if (!values.includes(text)) throw new Error('must be one of those named');
    return text;
  };
}

function origins(text: string): '*' | readonly string[] {
  if (text.trim() === '*') return '*';
  return text.split(',').map((part) => {
    const origin = part.trim();
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new Error('must be * or a list of origins such as https://chat.example');
    }
    return origin;
  });
}

function limitOrOff(text: string): number | undefined {
  return text === 'off' ? undefined : wholeNumber(1, 1e6)(text);
}

function trustProxy(text: string): false | number | string {
  if (text === '' || text === 'off') return false;
  if (/^\d+$/.test(text)) return wholeNumber(1, 100)(text);
  try {
    proxyAddress.compile(text.split(',').map((part) => part.trim())); // as it is done when it is used
  } catch {
    throw new Error('must be off, a number of hops, loopback, linklocal, uniquelocal or a list of addresses');
  }
  return text;
}

function urlOrNone(text: string): string | undefined {
  if (text === '') return undefined;
  if (!/^https?:/.test(text) || !URL.canParse(text)) throw new Error('must begin with https:// or http://');
  return text;
}

function natsUrls(text: string): string {
  const isFit = (url: string) => /^(nats|tls):\/\/[^/]+$/.test(url) && URL.canParse(url) && isDecodable(url);
  if (!text.split(',').every((url) => isFit(url.trim()))) throw new Error('must be such as nats://host:4222');
  return text;
}

/** Whether each % begins a character that could not stand there as it is, as may be in a password. */
function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

function natsName(text: string): string {
  if (!/^[a-z0-9][a-z0-9_-]{0,31}$/i.test(text)) throw new Error('must be 1 to 32 letters, digits, _ and -');
  return text;
}

function textOrNone(text: string): string | undefined {
  return text === '' ? undefined : text;
}
