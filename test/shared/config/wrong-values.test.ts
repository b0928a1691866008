import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../../src/shared/config/config.ts';
import type { Environment } from '../../../src/shared/config/setting.ts';
import { connectionString as connectionStringValidator } from '../../../src/shared/config/table-validators.ts';
import { createCertificate } from '../../support/certificate.ts';

const now = new Date('2026-06-01T12:00:00Z');
const inDays = (days: number) => new Date(now.getTime() + days * 24 * 60 * 60_000);
const newKey = () => randomBytes(32).toString('base64url');
const accountKey = randomBytes(64).toString('base64');
const connectionString = `DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=${accountKey};EndpointSuffix=core.windows.net`;
const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const clientId = '5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10';
const otherId = '6f1c8d2e-3a5b-4e9f-8c74-9d2b6a8f3e21';
const consumers = '9188040d-6c67-4c5b-b112-36a304b66dad';

const common: Environment = {
  PUBLIC_BASE_URL: 'https://app.contoso.example',
  ENTRA_TENANT_ID: tenantId,
  ENTRA_CLIENT_ID: clientId,
  SESSION_KEYS: `1:${newKey()}`,
  SESSION_INDEX_KEY: newKey(),
  AzureWebJobsStorage: connectionString,
  AzureWebJobsSecretStorageType: 'files',
};
const withSecret: Environment = {
  ...common,
  ENTRA_CLIENT_CREDENTIAL: 'secret',
  ENTRA_CLIENT_SECRET: 'abc8Q~not-a-real-client-secret-value',
  SESSION_TABLE_CONNECTION_STRING: connectionString,
};
const withIdentity: Environment = {
  ...common,
  ENTRA_CLIENT_CREDENTIAL: 'managed-identity',
  SESSION_TABLE_ENDPOINT: 'https://contoso.table.core.windows.net',
};
const inAzure = { WEBSITE_SITE_NAME: 'contoso' };
const withApi: Environment = {
  ...withSecret,
  API_NAMES: 'orders',
  API_ORDERS_ORIGIN: 'https://orders.contoso.example',
  API_ORDERS_SCOPE_PREFIX: 'api://contoso-orders',
  API_ORDERS_POLICY_FILE: '/etc/orders.json',
};

function certificateUntil(until: Date, from?: Date): Environment {
  const { certificatePem, privateKeyPem } = createCertificate(
    from === undefined ? { until } : { from, until },
  );
  return {
    ...common,
    ENTRA_CLIENT_CREDENTIAL: 'certificate',
    ENTRA_CERTIFICATE: certificatePem,
    ENTRA_CERTIFICATE_KEY: privateKeyPem,
    SESSION_TABLE_CONNECTION_STRING: connectionString,
  };
}

function withSignature(end: string): Environment {
  const signature = `sv=2024-11-04&ss=t&srt=o&sp=rwdlau&se=${encodeURIComponent(end)}&sig=abc%3D`;
  return {
    ...withSecret,
    SESSION_TABLE_CONNECTION_STRING: `TableEndpoint=https://contoso.table.core.windows.net/;SharedAccessSignature=${signature}`,
  };
}

/** The log of a cold start that is refused. Empty if the settings are accepted. */
function refusalOf(environment: Environment): string {
  try {
    parseConfig(environment, [], now);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

const warningsOf = (environment: Environment) => parseConfig(environment, [], now).warnings;

describe('settings', () => {
  it.each([
    ['a client secret', withSecret],
    ['a managed identity', withIdentity],
    [
      'a managed identity in Azure',
      { ...withIdentity, ...inAzure, IDENTITY_ENDPOINT: 'http://127.0.0.1:1/msi' },
    ],
    [
      'a slash at the end of the endpoint',
      { ...withIdentity, SESSION_TABLE_ENDPOINT: `${withIdentity['SESSION_TABLE_ENDPOINT']}/` },
    ],
    ['Cosmos DB', { ...withIdentity, SESSION_TABLE_ENDPOINT: 'https://contoso.table.cosmos.azure.com:443/' }],
    ['a certificate', certificateUntil(inDays(31))],
    ['a shared access signature', withSignature('2027-01-01T00:00:00Z')],
    ['an own API', withApi],
    ['the emulator', { ...withSecret, SESSION_TABLE_CONNECTION_STRING: 'UseDevelopmentStorage=true' }],
    [
      'an emulator with a path',
      {
        ...withSecret,
        SESSION_TABLE_CONNECTION_STRING: `DefaultEndpointsProtocol=http;AccountName=stub;AccountKey=${accountKey};TableEndpoint=http://127.0.0.1:10002/stub;`,
      },
    ],
    [
      'an account of Cosmos DB whose name ends with "-secondary"',
      { ...withIdentity, SESSION_TABLE_ENDPOINT: 'https://orders-secondary.table.cosmos.azure.com' },
    ],
    ['a policy file named like an example', { ...withApi, API_ORDERS_POLICY_FILE: 'your-policy.json' }],
    [
      'names that only resemble settings',
      { ...withSecret, API_KEY: 'x', CLIENT_ID: 'x', GRAPH_URL: 'x', SESSION: 'x' },
    ],
  ])('with %s leave no warning', (_what, environment) => {
    expect(warningsOf(environment)).toEqual([]);
  });

  it('may have the address of an emulator with TLS, whose path is the name of the account', () => {
    const emulator = 'https://127.0.0.1:10002/devstoreaccount1';
    expect(refusalOf({ ...withIdentity, SESSION_TABLE_ENDPOINT: emulator })).toBe('');
  });

  it('may have spaces and blank pairs in a connection string, which the table client does not get', () => {
    const spaced = `${connectionString.replaceAll(';', ' ;\n ')}; ;`;
    expect(connectionStringValidator('').parse(spaced)).toBe(connectionString);
    expect(warningsOf({ ...withSecret, SESSION_TABLE_CONNECTION_STRING: spaced })).toEqual([]);
  });

  it.each([
    [30, 'within 30 days'],
    [8, 'within 30 days'],
    [7, 'within 7 days'],
    [1, 'within a day'],
  ])('warn of a certificate that expires in %i days, with its fix', (days, words) => {
    const [warning = '', ...others] = warningsOf(certificateUntil(inDays(days)));
    expect(others).toEqual([]);
    expect(warning).toMatch(
      /^ENTRA_CERTIFICATE expires on 2026-\d\d-\d\d, .*; set it to a newer certificate/,
    );
    expect(warning).toContain(words);
  });

  it('warn of a shared access signature that expires soon', () => {
    expect(warningsOf(withSignature('2026-06-05'))).toEqual([
      expect.stringMatching(/^SESSION_TABLE_CONNECTION_STRING expires on 2026-06-05, within 7 days/),
    ]);
  });

  it.each([
    ['ENTRA_GUEST', 'ENTRA_GUESTS'],
    ['ENTRA_ALLOWED_TENANT', 'ENTRA_ALLOWED_TENANTS'],
    ['entra_guests', 'ENTRA_GUESTS'],
    ['SESSION_IDLE_SECOND', 'SESSION_IDLE_SECONDS'],
    ['SESSION_MAX', 'SESSION_MAX_PER_USER'],
    ['GRAPH_TIMEOUT', 'GRAPH_TIMEOUT_MS'],
    ['ROLE_MAX_AGE', 'ROLE_MAX_AGE_SECONDS'],
    ['API_ORDERS_REQUEST_ID_CHEK', 'API_ORDERS_REQUEST_ID_CHECK'],
  ])('warn that %s is not read and name %s', { tags: ['CF-1'] }, (name, meant) => {
    expect(warningsOf({ ...withApi, [name]: 'refuse-canary' })).toEqual([
      `${name} is not read; did you mean ${meant}?`,
    ]);
  });

  it('name a misspelled setting next to the one that is missing', { tags: ['CF-1'] }, () => {
    const { ENTRA_CLIENT_SECRET: secret, ...others } = withSecret;
    const log = refusalOf({ ...others, ENTRA_SECRET: secret });
    expect(log).toContain('ENTRA_CLIENT_SECRET is missing');
    expect(log).toContain('ENTRA_SECRET is not read; did you mean ENTRA_CLIENT_SECRET?');
    expect(log).not.toContain(secret);
  });

  it('warn of the settings of an API that is not listed', { tags: ['CF-1'] }, () => {
    expect(warningsOf({ ...withApi, API_STOCK_ORIGIN: 'https://stock.contoso.example' })).toEqual([
      'API_STOCK_ORIGIN is not read; add "stock" to API_NAMES, or remove the setting.',
    ]);
  });

  it.each([
    ['AzureWebJobsStorage', { AzureWebJobsStorage: '' }],
    ['AzureWebJobsStorage', { 'AzureWebJobs.sweep.Disabled': 'true' }],
    ['AzureWebJobsStorage', { AzureWebJobs__sweep__Disabled: '1' }],
    ['AzureWebJobsStorage', { AzureWebJobs_sweep_Disabled: 'True' }],
    ['AzureWebJobsSecretStorageType', { ...inAzure, AzureWebJobsSecretStorageType: undefined }],
    ['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1048576' }],
    ['ADMIN_ROLE', { ADMIN_ROLE: otherId }],
    ['ADMIN_ROLE', { ADMIN_ROLE: 'Admin,Owner' }],
  ])('warn of %s in %j, with its fix', (name, change) => {
    const warnings = warningsOf({ ...withSecret, ...change });
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${name} .*; set it to `))]);
  });

  it('warn of an endpoint that is no table service', () => {
    expect(warningsOf({ ...withIdentity, SESSION_TABLE_ENDPOINT: 'https://contoso.example' })).toEqual([
      expect.stringMatching(/^SESSION_TABLE_ENDPOINT does not look like a table service; set it to /),
    ]);
  });

  it('know storage of the host that a managed identity opens', () => {
    const { AzureWebJobsStorage: _, ...others } = withSecret;
    expect(warningsOf({ ...others, AzureWebJobsStorage__accountName: 'contoso' })).toEqual([]);
  });
});

const secret = 'abc8Q~not-a-real-client-secret-value';
const pkcs1 = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const shortKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;

/** Values that passed the start or were refused without their fix: setting, value, words of the fix. */
const wrongValues: readonly (readonly [base: Environment, name: string, value: string, fix: string])[] = [
  [withSecret, 'ENTRA_CLIENT_SECRET', otherId, 'set it to the value of the secret'],
  [withSecret, 'ENTRA_CLIENT_SECRET', otherId.toUpperCase(), 'set it to the value of the secret'],
  [withSecret, 'ENTRA_CLIENT_SECRET', `"${secret}"`, 'remove the quotes'],
  [withSecret, 'ENTRA_CLIENT_SECRET', `'${secret}'`, 'remove the quotes'],
  [withSecret, 'ENTRA_CLIENT_SECRET', `${secret}\n`, 'a space or a line end; remove it'],
  [withSecret, 'ENTRA_CLIENT_SECRET', ` ${secret}`, 'a space or a line end; remove it'],
  [withSecret, 'ENTRA_CLIENT_SECRET', `${secret}\u200b`, 'set it to the value of the secret alone'],
  [
    withSecret,
    'ENTRA_CLIENT_SECRET',
    `${secret.slice(0, 18)}\n${secret.slice(18)}`,
    'set it to the value of the secret alone',
  ],
  [withSecret, 'ENTRA_CLIENT_SECRET', 'xxxxxxxxxxxxxxxxxxxxxxxx', 'set it to the value of a client secret'],
  [withSecret, 'ENTRA_CLIENT_SECRET', 'your-client-secret', 'is still a placeholder'],
  [withSecret, 'ENTRA_CLIENT_SECRET', '$(ENTRA_CLIENT_SECRET)', 'is still a placeholder'],
  [withSecret, 'ENTRA_CLIENT_SECRET', '\u0024{ENTRA_CLIENT_SECRET}', 'is still a placeholder'],
  [withSecret, 'ENTRA_CLIENT_SECRET', '#{ENTRA_CLIENT_SECRET}#', 'is still a placeholder'],
  [
    withSecret,
    'ENTRA_CLIENT_SECRET',
    '@Microsoft.AppConfiguration(Endpoint=https://a.azconfig.io; Key=k)',
    'is still a placeholder',
  ],
  [withSecret, 'SESSION_TABLE_CONNECTION_STRING', 'AccountName=a', 'has no AccountKey; set it to the whole'],
  [withSecret, 'SESSION_TABLE_CONNECTION_STRING', `"${connectionString}"`, 'remove the quotes'],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    connectionString.replace(/AccountKey=[^;]+;/, ''),
    'has no AccountKey',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    connectionString.replace(accountKey, '%%%'),
    'is not 64 bytes as base64',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    connectionString.replace(accountKey, accountKey.slice(4)),
    'is not 64 bytes',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    connectionString.replace('DefaultEndpointsProtocol=https;', ''),
    'with DefaultEndpointsProtocol=https',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    connectionString.replace(/;EndpointSuffix.*/, ''),
    'neither EndpointSuffix nor TableEndpoint',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    connectionString.replace('core', 'blob.core'),
    'has an EndpointSuffix that',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    `${connectionString};TableEndpoint=https://contoso.blob.core.windows.net`,
    'another service of the account (blob)',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    `${connectionString};TableEndpoint=https://contoso.table.core.windows.net/sessions`,
    'has more than a host',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    connectionString.replace('=contoso', '=https://contoso'),
    'is no name of an account',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    `BlobEndpoint=https://contoso.blob.core.windows.net;SharedAccessSignature=sig=x`,
    'has no AccountKey',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    'TableEndpoint=https://contoso.table.core.windows.net;SharedAccessSignature=sv=1',
    'without "sig="',
  ],
  [
    withIdentity,
    'SESSION_TABLE_ENDPOINT',
    'https://contoso.blob.core.windows.net',
    'set it to https://ACCOUNT.table',
  ],
  [
    withIdentity,
    'SESSION_TABLE_ENDPOINT',
    'https://contoso.documents.azure.com:443/',
    'set it to https://ACCOUNT.table.cosmos',
  ],
  [
    withIdentity,
    'SESSION_TABLE_ENDPOINT',
    'https://contoso-secondary.table.core.windows.net',
    'without "-secondary"',
  ],
  [
    withIdentity,
    'SESSION_TABLE_ENDPOINT',
    'https://contoso.table.core.windows.net/sessions',
    'set it to scheme and host alone',
  ],
  [
    withIdentity,
    'SESSION_TABLE_ENDPOINT',
    'https://contoso.table.core.windows.net/?sv=1&sig=x',
    'set it to scheme and host alone',
  ],
  [
    withIdentity,
    'SESSION_TABLE_ENDPOINT',
    'https://127.0.0.1:10002/devstoreaccount1?sv=1&sig=x',
    'set it to scheme and host alone',
  ],
  [
    withSecret,
    'SESSION_TABLE_CONNECTION_STRING',
    `${connectionString}\n`,
    'a space or a line end; remove it',
  ],
  [
    withIdentity,
    'SESSION_TABLE_ENDPOINT',
    'https://contoso.table.core.windows.net\n',
    'a space or a line end; remove it',
  ],
  [withSecret, 'SESSION_TABLE_NAME', 'tables', 'other than "tables"'],
  [withSecret, 'SESSION_TABLE_NAME', 'Tables', 'other than "tables"'],
  [withSecret, 'ENTRA_CLIENT_ID', clientId.toUpperCase(), 'the same id in lower case'],
  [withSecret, 'ENTRA_CLIENT_ID', `{${clientId}}`, 'remove the braces'],
  [withSecret, 'ENTRA_CLIENT_ID', '00000000-0000-0000-0000-000000000000', 'consists of zeros'],
  [withSecret, 'ENTRA_CLIENT_ID', tenantId, 'set each of them to its own id'],
  [withSecret, 'ENTRA_TENANT_ID', tenantId.toUpperCase(), 'the same id in lower case'],
  [withSecret, 'ENTRA_TENANT_ID', consumers, 'the tenant of consumer accounts'],
  [
    { ...withSecret, ENTRA_TENANT_ID: 'organizations' },
    'ENTRA_ALLOWED_TENANTS',
    `${tenantId},${consumers}`,
    'consumer accounts',
  ],
  [
    { ...withSecret, ENTRA_TENANT_ID: 'organizations' },
    'ENTRA_ALLOWED_TENANTS',
    `${tenantId},${clientId}`,
    'set it to ids of tenants',
  ],
  [withIdentity, 'ENTRA_MANAGED_IDENTITY_CLIENT_ID', clientId, 'the client id of the managed identity'],
  [withIdentity, 'ENTRA_MANAGED_IDENTITY_CLIENT_ID', tenantId, 'the client id of the managed identity'],
  [withSecret, 'ADMIN_ROLE', '"Admin"', 'remove the quotes'],
  [withSecret, 'GRAPH_POLICY_FILE', '"/etc/graph.json"', 'remove the quotes'],
  [
    withSecret,
    'GRAPH_POLICY_MORE',
    'presense',
    'set it to one or more of chats, colleagues, planner, presence, search and sites, each once, separated by commas',
  ],
  [withSecret, 'GRAPH_POLICY_FILE', '/etc/graph.json\r', 'a space or a line end; remove it'],
  [withSecret, 'PUBLIC_BASE_URL', "'https://app.contoso.example'", 'remove the quotes'],
  [
    { ...withSecret, ...inAzure },
    'PUBLIC_BASE_URL',
    'https://localhost:7071',
    'set it to the origin that browsers see',
  ],
  [withApi, 'API_NAMES', 'orders,orders', 'remove one of them'],
  [withApi, 'API_ORDERS_ORIGIN', 'https://graph.microsoft.com', 'set it to the origin of your API'],
  [withApi, 'API_ORDERS_ORIGIN', 'https://login.microsoftonline.com', 'set it to the origin of your API'],
  [
    certificateUntil(inDays(90)),
    'ENTRA_CERTIFICATE_KEY',
    String(pkcs1.export({ type: 'pkcs1', format: 'pem' })),
    'openssl pkcs8',
  ],
  [
    certificateUntil(inDays(90)),
    'ENTRA_CERTIFICATE_KEY',
    String(pkcs1.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })),
    'has a password',
  ],
  [
    certificateUntil(inDays(90)),
    'ENTRA_CERTIFICATE_KEY',
    String(shortKey.export({ type: 'pkcs8', format: 'pem' })),
    'is not usable',
  ],
];

describe('refuses', () => {
  const titled = wrongValues.map(
    ([base, name, value, fix]) =>
      [name, JSON.stringify(value.replaceAll(/[\w+/=-]{30,}/g, '…')).slice(0, 70), fix, base, value] as const,
  );
  it.each(titled)('%s set to %s, and says: %s', { tags: ['CF-1'] }, (name, _title, fix, base, value) => {
    const log = refusalOf({ ...base, [name]: value });
    expect(log).toContain(`\n  ${name} `);
    expect(log).toContain(fix);
    if (value.length > 20) expect(log).not.toContain(value);
    expect(log).not.toContain(secret);
    expect(log).not.toContain(accountKey);
  });

  it('a certificate that has expired or is not valid yet, and names the other wrong settings too', {
    tags: ['CF-1'],
  }, () => {
    const ended = refusalOf({ ...certificateUntil(inDays(-1)), SESSION_INDEX_KEY: '' });
    expect(ended).toContain('ENTRA_CERTIFICATE expired on 2026-05-31; set it to a newer certificate');
    expect(ended).toContain('SESSION_INDEX_KEY is missing');
    expect(refusalOf(certificateUntil(inDays(90), inDays(1)))).toContain(
      'ENTRA_CERTIFICATE is not valid before 2026-06-02T12:00:00.000Z; set it to a certificate',
    );
  });

  it('a shared access signature that has expired', { tags: ['CF-1'] }, () => {
    expect(refusalOf(withSignature('2026-06-01T11:59:59Z'))).toContain(
      'SESSION_TABLE_CONNECTION_STRING expired on 2026-06-01; set it to a connection string',
    );
  });

  it('a managed identity in Azure if the app has none', { tags: ['CF-1'] }, () => {
    const log = refusalOf({ ...withIdentity, ...inAzure });
    expect(log).toContain('ENTRA_CLIENT_CREDENTIAL needs a managed identity, and the app has none');
    expect(log).toContain('SESSION_TABLE_ENDPOINT needs a managed identity, and the app has none');
    expect(refusalOf({ ...withSecret, ...inAzure })).toBe('');
  });

  it.each(['--tls-keylog=/tmp/keys', '--trace-tls'])(
    '%s in Azure, which reveals what TLS hides',
    { tags: ['CF-2'] },
    (argument) => {
      expect(refusalOf({ ...withSecret, ...inAzure, NODE_OPTIONS: argument })).toContain(
        'NODE_OPTIONS has --t',
      );
    },
  );
});
