import { describe, expect, it } from 'vitest';
import { StartError } from '../../backend/errors.ts';
import { readSettings, SETTINGS } from '../../backend/settings.ts';

describe('settings', () => {
  it('are their defaults where nothing is set', () => {
    expect(readSettings({})).toMatchObject({
      port: 3000,
      host: '0.0.0.0',
      journal: 'sqlite',
      dataDir: './data',
      allowedOrigins: '*',
      rateLimit: 50,
      maxConnections: 10_000,
      maxConnectionsPerAddress: 2_000,
      trustProxy: false,
      moderatorToken: undefined,
      secret: undefined,
    });
  });

  it.each<[NodeJS.ProcessEnv, object]>([
    [{ PORT: '0' }, { port: 0 }],
    [{ RATE_LIMIT: 'off' }, { rateLimit: undefined }],
    [{ RATE_LIMIT: '1' }, { rateLimit: 1 }],
    [
      { ALLOWED_ORIGINS: 'https://a.example, http://localhost:8080' },
      { allowedOrigins: ['https://a.example', 'http://localhost:8080'] },
    ],
    [{ TRUST_PROXY: 'loopback' }, { trustProxy: 'loopback' }],
    [{ TRUST_PROXY: '2' }, { trustProxy: 2 }],
    [{ TRUST_PROXY: '10.0.0.0/8, ::1' }, { trustProxy: '10.0.0.0/8, ::1' }],
    [{ MODERATOR_TOKEN: '' }, { moderatorToken: undefined }],
    [{ MODERATOR_TOKEN: 't' }, { moderatorToken: 't' }],
    [{ OTHER: 'ignored' }, {}],
  ])('take %j', (environment, expected) => {
    expect(readSettings(environment)).toMatchObject(expected);
  });

  it.each<NodeJS.ProcessEnv>([
    { NATS_URL: 'nats.example:4222' },
    { NATS_URL: 'nats://one:4222,' },
    { NATS_URL: 'nats://since:5%up@one:4222' },
    { NATS_STREAM: 'with.dots' },
    { NATS_REPLICAS: '0' },
    { JOURNAL: 'nats' }, // without a SECRET that all servers have
    { PORT: '' },
    { PORT: '65536' },
    { PORT: '-1' },
    { PORT: '3000.5' },
    { PORT: ' 3000' },
    { PORT: '0x10' },
    { PORT: '3e3' },
    { HOST: ' ' },
    { DATA_DIR: '' },
    { RATE_LIMIT: '0' },
    { RATE_LIMIT: 'Off' },
    { MAX_CONNECTIONS: '0' },
    { MAX_CONNECTIONS: 'many' },
    { ALLOWED_ORIGINS: '' },
    { ALLOWED_ORIGINS: 'example.com' },
    { ALLOWED_ORIGINS: 'https://a.example/' },
    { ALLOWED_ORIGINS: 'https://a.example,*' },
    { TRUST_PROXY: 'everyone' },
    { TRUST_PROXY: '0' },
    { TRUST_PROXY: '10.0.0.0/99' },
    { TRUST_PROXY: '10.0.0.0/8/8' },
    { TRUST_PROXY: '::1/129' },
    { TRUST_PROXY: '10.0.0.0/8,' },
    { LOG_LEVEL: 'loud' },
  ])('refuse %j in one line that names the variable and shows no value', (environment) => {
    const [[variable, value] = []] = Object.entries(environment);
    const refusal = () => readSettings(environment);
    expect(refusal).toThrow(StartError);
    expect(refusal).toThrow(new RegExp(`^${variable} [^\\n]+$`));
    if ((value ?? '').length > 4) expect(refusal).not.toThrow(value);
  });

  it('are each named by one variable and told with a unit', () => {
    const variables = Object.values(SETTINGS).map(({ variable }) => variable);
    expect(new Set(variables).size).toBe(variables.length);
    for (const { variable, unit } of Object.values(SETTINGS)) {
      expect(variable).toMatch(/^[A-Z][A-Z_]+$/);
      expect(unit).not.toBe('');
    }
  });
});
