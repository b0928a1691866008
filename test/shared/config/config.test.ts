import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../../src/shared/config/config.ts';
import type { Environment } from '../../../src/shared/config/setting.ts';
import { createCertificate } from '../../support/certificate.ts';

/** The form of a storage account's key: 64 bytes as base64. */
const accountKey = randomBytes(64).toString('base64');
const newKey = () => randomBytes(32).toString('base64url');
const [firstKey, secondKey, indexKey] = [newKey(), newKey(), newKey()];
const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const otherTenantId = 'c4e2f8a6-91b7-4d3a-8e65-0f7d2b3c4e02';

/** Settings of a deployment with a client secret. */
const withSecret: Environment = {
  PUBLIC_BASE_URL: 'https://app.contoso.example',
  ENTRA_TENANT_ID: tenantId,
  ENTRA_CLIENT_ID: '5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10',
  ENTRA_CLIENT_CREDENTIAL: 'secret',
  ENTRA_CLIENT_SECRET: 'abc8Q~not-a-real-client-secret-value',
  SESSION_KEYS: `2:${secondKey},1:${firstKey}`,
  SESSION_INDEX_KEY: indexKey,
  SESSION_TABLE_CONNECTION_STRING: `DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=${accountKey};EndpointSuffix=core.windows.net`,
};

const without = (environment: Environment, ...names: string[]): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));

const withManagedIdentity: Environment = {
  ...without(withSecret, 'ENTRA_CLIENT_SECRET', 'SESSION_TABLE_CONNECTION_STRING'),
  ENTRA_CLIENT_CREDENTIAL: 'managed-identity',
  ENTRA_MANAGED_IDENTITY_CLIENT_ID: '6f1c8d2e-3a5b-4e9f-8c74-9d2b6a8f3e21',
  SESSION_TABLE_ENDPOINT: 'https://contoso.table.core.windows.net',
};

const certificate = createCertificate();
const withCertificate: Environment = {
  ...without(withSecret, 'ENTRA_CLIENT_SECRET'),
  ENTRA_CLIENT_CREDENTIAL: 'certificate',
  ENTRA_CERTIFICATE: certificate.certificatePem.replaceAll('\n', '\\n'),
  ENTRA_CERTIFICATE_KEY: certificate.privateKeyPem,
};

const withApi: Environment = {
  ...withSecret,
  API_NAMES: 'orders',
  API_ORDERS_ORIGIN: 'https://orders.contoso.example',
  API_ORDERS_SCOPE_PREFIX: 'api://contoso-orders',
  API_ORDERS_POLICY_FILE: '/etc/orders.json',
};

const onThisMachine: Environment = {
  ...withSecret,
  PUBLIC_BASE_URL: 'http://localhost:7071',
  SESSION_TABLE_CONNECTION_STRING: 'UseDevelopmentStorage=true',
  DEV_ENTRA_ORIGIN: 'http://127.0.0.1:7072',
  DEV_GRAPH_ORIGIN: 'http://127.0.0.1:7073',
};

function faultsOf(environment: Environment, nodeArguments: readonly string[] = []): readonly string[] {
  try {
    parseConfig(environment, nodeArguments);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
}

describe('parseConfig', () => {
  it.each([
    ['client secret', withSecret],
    ['managed identity', withManagedIdentity],
    ['certificate', withCertificate],
    ['an API of its own', withApi],
    ['development', onThisMachine],
  ])('accepts a complete configuration with %s', (_name, environment) => {
    expect(faultsOf(environment)).toEqual([]);
  });

  it('uses the real Graph and the real Entra ID without development settings', () => {
    const config = parseConfig(withSecret);
    expect(config.graph.origin).toBe('https://graph.microsoft.com');
    expect(config.entra.emulatorOrigin).toBeUndefined();
  });

  it('expects request ids in answers of Graph, and of another API only if that is set', () => {
    expect(parseConfig(withApi).graph.requestIdCheck).toBe('warn');
    expect(parseConfig(withApi).apis[0]?.requestIdCheck).toBe('ignore');
    const strict = parseConfig({
      ...withApi,
      GRAPH_REQUEST_ID_CHECK: 'require',
      API_ORDERS_REQUEST_ID_CHECK: 'require',
    });
    expect([strict.graph.requestIdCheck, strict.apis[0]?.requestIdCheck]).toEqual(['require', 'require']);
  });

  it('accepts a blank address of the table next to the other one', () => {
    expect(faultsOf({ ...withSecret, SESSION_TABLE_ENDPOINT: '' })).toEqual([]);
    expect(faultsOf({ ...withManagedIdentity, SESSION_TABLE_CONNECTION_STRING: ' ' })).toEqual([]);
    const { table } = parseConfig({ ...withSecret, SESSION_TABLE_ENDPOINT: '' }).session;
    expect(table.kind).toBe('connection-string');
  });

  it('names all invalid settings at once', () => {
    const faults = faultsOf({ SESSION_IDLE_SECONDS: 'soon' }).join('\n');
    for (const name of [
      'PUBLIC_BASE_URL',
      'ENTRA_TENANT_ID',
      'ENTRA_CLIENT_ID',
      'ENTRA_CLIENT_CREDENTIAL',
      'SESSION_KEYS',
      'SESSION_INDEX_KEY',
      'SESSION_TABLE_ENDPOINT',
      'SESSION_IDLE_SECONDS',
    ]) {
      expect(faults).toContain(`${name} `);
    }
  });
});

/** A setting, a configuration that has it, whether it is optional, and which values of the matrix are valid. */
/** Names that the service principals of Microsoft Graph and of the older directory API list, in every cloud. */
const namesOfGraph = [
  'https://graph.microsoft.com',
  'https://Graph.Microsoft.com',
  'https://graph.microsoft.com/v1.0',
  'https://graph.microsoft.com./v1.0',
  'https://graph.microsoft.us',
  'https://dod-graph.microsoft.us',
  'https://microsoftgraph.chinacloudapi.cn',
  'https://graph.microsoft.de',
  'https://canary.graph.microsoft.com',
  'https://ags.windows.net',
  'https://graph.windows.net',
  'https://graph.microsoftazure.us',
  'https://graph.chinacloudapi.cn',
  'https://graph.cloudapi.de',
  'api://00000003-0000-0000-c000-000000000000',
  'https://00000003-0000-0000-C000-000000000000',
  'api://contoso/00000003-0000-0000-c000-000000000000/x',
  'api://00000002-0000-0000-c000-000000000000',
];

const settings: readonly {
  name: string;
  base: Environment;
  optional?: true;
  wrong: readonly string[];
  rightful?: readonly string[];
}[] = [
  {
    name: 'PUBLIC_BASE_URL',
    base: withSecret,
    wrong: [
      'app.contoso.example',
      'http://app.contoso.example',
      'https://app.contoso.example/',
      'https://app.contoso.example/app',
      'https://*.contoso.example',
      'https://user:password@app.contoso.example',
      'HTTPS://app.contoso.example',
      'ftp://app.contoso.example',
      'https://localhost.evil.test/..',
    ],
  },
  {
    name: 'ENTRA_CLOUD',
    base: withSecret,
    optional: true,
    wrong: ['Public', 'germany', 'toString', '__proto__'],
  },
  {
    name: 'ENTRA_TENANT_ID',
    base: withSecret,
    wrong: ['common', 'consumers', 'contoso.example', tenantId.toUpperCase(), `${tenantId}/`],
  },
  { name: 'ENTRA_CLIENT_ID', base: withSecret, wrong: ['{5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10}', 'my-app'] },
  {
    name: 'ENTRA_ALLOWED_TENANTS',
    base: withSecret,
    optional: true,
    wrong: ['*', otherTenantId, `${tenantId},${otherTenantId}`, `${tenantId},`],
  },
  { name: 'ENTRA_CLIENT_CREDENTIAL', base: withSecret, wrong: ['Secret', 'password', 'none'] },
  {
    name: 'ENTRA_CLIENT_SECRET',
    base: withSecret,
    wrong: [
      'short',
      '<your client secret value>',
      '@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/s)',
    ],
  },
  {
    name: 'ENTRA_CERTIFICATE',
    base: withCertificate,
    wrong: [
      'MIIB',
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----',
      certificate.privateKeyPem,
    ],
  },
  {
    name: 'ENTRA_CERTIFICATE_KEY',
    base: withCertificate,
    wrong: [
      '-----BEGIN RSA PRIVATE KEY-----\\nMIIB\\n-----END RSA PRIVATE KEY-----',
      '-----BEGIN PRIVATE KEY-----\\nMIIB\\n-----END PRIVATE KEY-----',
      String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })),
      createCertificate().privateKeyPem,
    ],
  },
  { name: 'ENTRA_MANAGED_IDENTITY_CLIENT_ID', base: withManagedIdentity, optional: true, wrong: ['system'] },
  {
    name: 'SESSION_KEYS',
    base: withSecret,
    wrong: [
      firstKey,
      `0:${firstKey}`,
      `one:${firstKey}`,
      `1:${firstKey},1:${secondKey}`,
      `2:${firstKey},1:${firstKey}`,
      `1:${firstKey},`,
      `1:${firstKey.slice(1)}`,
      `1:${firstKey}A`,
      `1:${'A'.repeat(43)}`,
      `1:${firstKey}:extra`,
    ],
  },
  {
    name: 'SESSION_INDEX_KEY',
    base: withSecret,
    wrong: [firstKey, secondKey, 'A'.repeat(43), `${indexKey}=`],
  },
  {
    name: 'SESSION_TABLE_CONNECTION_STRING',
    base: withSecret,
    wrong: ['https://contoso.table.core.windows.net', 'Server=db;Database=sessions'],
  },
  {
    name: 'SESSION_TABLE_ENDPOINT',
    base: withManagedIdentity,
    wrong: ['http://contoso.table.core.windows.net', 'contoso.table.core.windows.net'],
  },
  {
    name: 'SIGNED_OUT_PATH',
    base: withSecret,
    optional: true,
    wrong: [
      'logged-out',
      '//evil.example',
      '/\\evil.example',
      '/a?b',
      '/a#b',
      'https://app.contoso.com/',
      '/a b',
    ],
    rightful: ['/', '/goodbye'],
  },
  {
    name: 'SESSION_TABLE_NAME',
    base: withSecret,
    optional: true,
    wrong: ['ab', '1sessions', 'bff-sessions', 'a'.repeat(64)],
    rightful: ['false'],
  },
  {
    name: 'SESSION_IDLE_SECONDS',
    base: withSecret,
    optional: true,
    wrong: ['0', '59', '604801', '-60', '1e3', '60.5'],
  },
  {
    name: 'SESSION_ABSOLUTE_SECONDS',
    base: withSecret,
    optional: true,
    wrong: ['0', '299', '2592001', 'Infinity', '0x200'],
  },
  {
    name: 'ADMIN_ROLE',
    base: withSecret,
    optional: true,
    wrong: ['two words', 'Ädmin', 'a'.repeat(121)],
    rightful: ['300x', 'false'],
  },
  { name: 'GRAPH_POLICY_FILE', base: withSecret, optional: true, wrong: [], rightful: ['300x', 'false'] },
  {
    name: 'GRAPH_POLICY_MORE',
    base: withSecret,
    optional: true,
    wrong: ['Presence', 'presence,presence', 'presence;chats', 'policy/more/presence.json', '__proto__'],
    rightful: ['presence', 'presence, chats'],
  },
  {
    name: 'GRAPH_BODY_LIMIT_BYTES',
    base: withSecret,
    optional: true,
    wrong: ['0', '1023', '104857601', '10MB'],
  },
  { name: 'GRAPH_TIMEOUT_MS', base: withSecret, optional: true, wrong: ['0', '99', '200001', '30s'] },
  {
    name: 'GRAPH_REQUEST_ID_CHECK',
    base: withSecret,
    optional: true,
    wrong: ['true', 'Require', 'always', '__proto__'],
  },
  {
    name: 'API_NAMES',
    base: withApi,
    optional: true,
    wrong: ['Orders', 'my-orders', '1orders', 'orders,orders', 'orders,,stock', 'o'.repeat(21)],
    rightful: ['false', 'changeme'],
  },
  {
    name: 'API_ORDERS_ORIGIN',
    base: withApi,
    wrong: [
      'http://orders.contoso.example',
      'https://orders.contoso.example/v1',
      'https://u@contoso.example',
    ],
  },
  {
    name: 'API_ORDERS_SCOPE_PREFIX',
    base: withApi,
    wrong: ['contoso', 'api://orders/', 'api://two words', ...namesOfGraph],
  },
  { name: 'API_ORDERS_POLICY_FILE', base: withApi, wrong: [], rightful: ['300x', 'false'] },
  {
    name: 'API_ORDERS_REQUEST_ID_CHECK',
    base: withApi,
    optional: true,
    wrong: ['true', 'Require', 'toString'],
  },
  {
    name: 'DEV_ENTRA_ORIGIN',
    base: onThisMachine,
    optional: true,
    wrong: [
      'https://127.0.0.1:7072',
      'http://login.evil.test',
      'http://127.0.0.1.evil.test',
      'http://127.0.0.1:7072/x',
    ],
  },
  {
    name: 'DEV_GRAPH_ORIGIN',
    base: onThisMachine,
    optional: true,
    wrong: ['http://graph.microsoft.com', 'http://localhost@evil.test', 'http://[::1]:7073/'],
  },
];

describe('another API', () => {
  it.each(['api://graph', 'https://graph.contoso.example', 'https://contoso.example/graph.microsoft.com'])(
    'can have the scope prefix %s, which is not a name of Graph',
    (prefix) => {
      expect(faultsOf({ ...withApi, API_ORDERS_SCOPE_PREFIX: prefix })).toEqual([]);
    },
  );
});

describe('refuses', () => {
  for (const { name, base, optional, wrong, rightful = [] } of settings) {
    const matrix = ['', ' ', 'changeme', '300x', 'false', 'change-me-please', ...wrong];
    const refused = matrix.filter((value) => !rightful.includes(value));

    const titled = refused.map(
      (value) => [value.replaceAll(/[\w+/=-]{30,}/g, '…').slice(0, 60), value] as const,
    );
    it.each(titled)(
      `${name} set to %j, with its name and a hint, but without the value`,
      { tags: ['CF-1'] },
      (_title, value) => {
        const faults = faultsOf({ ...base, [name]: value });
        expect(faults.some((fault) => fault.startsWith(`${name} `) || fault.includes(` ${name}`))).toBe(true);
        for (const fault of faults) {
          expect(fault).toMatch(/; (?:set|make|remove|mend) |: set /);
          if (value.length > 3 && !/^(?:organizations|secret)$/i.test(value))
            expect(fault).not.toContain(value);
        }
      },
    );

    if (optional) continue;
    it(`a configuration without ${name}`, { tags: ['CF-1'] }, () => {
      expect(faultsOf(without(base, name)).some((fault) => fault.includes(name))).toBe(true);
    });
  }

  it('without repeating the value of any setting, valid or invalid', { tags: ['CF-1', 'ER-2'] }, () => {
    const environment = Object.fromEntries(
      Object.entries(withSecret).map(([name, value]) => [name, `canary-${name.toLowerCase()}-${value}`]),
    );
    const text = new ConfigError(faultsOf(environment)).message;
    expect(text).not.toContain('canary');
    expect(text).not.toContain(firstKey);
    expect(text).not.toContain(indexKey);
  });

  it.each(['admin', 'auth', 'graph', 'health', 'runtime'])(
    'an API with the reserved name %s',
    { tags: ['CF-1'] },
    (name) => {
      expect(faultsOf({ ...withApi, API_NAMES: `orders,${name}` }).join()).toContain('API_NAMES');
    },
  );

  it('two APIs with the same scope prefix, because each would get tokens of the other', {
    tags: ['CF-1', 'PX-2'],
  }, () => {
    const two = {
      ...withApi,
      API_NAMES: 'orders,stock',
      API_STOCK_ORIGIN: 'https://stock.contoso.example',
      API_STOCK_SCOPE_PREFIX: 'api://Contoso-Orders',
      API_STOCK_POLICY_FILE: '/etc/stock.json',
    };
    expect(faultsOf(two).join()).toContain('SCOPE_PREFIX');
    expect(faultsOf({ ...two, API_STOCK_SCOPE_PREFIX: 'api://contoso-stock' })).toEqual([]);
  });

  it('two addresses of the table, and none', { tags: ['CF-1'] }, () => {
    const both = { ...withSecret, SESSION_TABLE_ENDPOINT: 'https://contoso.table.core.windows.net' };
    expect(faultsOf(both).join()).toContain('set exactly one of them');
    expect(faultsOf(without(withSecret, 'SESSION_TABLE_CONNECTION_STRING')).join()).toContain(
      'set exactly one of them',
    );
  });

  it('several tenants without a list of allowed tenants, and accepts them with one', {
    tags: ['CF-1'],
  }, () => {
    const several = { ...withSecret, ENTRA_TENANT_ID: 'organizations' };
    expect(faultsOf(several).join()).toContain('ENTRA_ALLOWED_TENANTS');
    expect(faultsOf({ ...several, ENTRA_ALLOWED_TENANTS: `${tenantId}, ${otherTenantId}` })).toEqual([]);
    expect(faultsOf({ ...several, ENTRA_ALLOWED_TENANTS: 'organizations' }).join()).toContain(
      'ENTRA_ALLOWED_TENANTS',
    );
  });

  it('an idle time that is longer than the absolute one', { tags: ['CF-1'] }, () => {
    const faults = faultsOf({ ...withSecret, SESSION_IDLE_SECONDS: '600', SESSION_ABSOLUTE_SECONDS: '300' });
    expect(faults.join()).toContain('SESSION_IDLE_SECONDS');
  });

  const azureVariables = [
    'WEBSITE_INSTANCE_ID',
    'WEBSITE_POD_NAME',
    'WEBSITE_SITE_NAME',
    'WEBSITE_SKU',
    'CONTAINER_APP_NAME',
  ];

  it.each(azureVariables)(
    'every development switch if %s shows that this is Azure',
    { tags: ['CF-2'] },
    (mark) => {
      const faults = faultsOf({ ...onThisMachine, [mark]: 'x1', DEV_ANYTHING_ELSE: '1' }).join('\n');
      for (const name of [
        'PUBLIC_BASE_URL',
        'SESSION_TABLE_CONNECTION_STRING',
        'DEV_ENTRA_ORIGIN',
        'DEV_GRAPH_ORIGIN',
        'DEV_ANYTHING_ELSE',
      ]) {
        expect(faults).toContain(`${name} `);
      }
    },
  );

  it.each(['dev_entra_origin', 'Dev_Graph_Origin'])(
    '%s in Azure, because on Windows it is the same variable',
    { tags: ['CF-2'] },
    (name) => {
      const faults = faultsOf({ ...withSecret, WEBSITE_SITE_NAME: 'x1', [name]: 'http://127.0.0.1:7072' });
      expect(faults).toEqual([expect.stringContaining(`${name} is a development switch`)]);
    },
  );

  it.each([
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
    ['node_tls_reject_unauthorized', ' 0'],
    ['NODE_OPTIONS', '--max-old-space-size=512 --insecure-http-parser'],
    ['node_options', '--insecure_http_parser'],
    ['NODE_OPTIONS', '--tls-min-v1.0'],
    ['NODE_OPTIONS', '--tls-min-v1.1 --enable-source-maps'],
    ['languageWorkers__node__arguments', '--max-old-space-size=512 --insecure-http-parser'],
    ['languageworkers__NODE__arguments', '--tls_min_v1.0'],
    ['languageWorkers:node:arguments', '--tls-min-v1.1'],
  ])('%s set to %j in Azure only, because Node.js would check less', { tags: ['CF-2'] }, (name, value) => {
    const inAzure = { ...withSecret, WEBSITE_SITE_NAME: 'x1' };
    expect(faultsOf({ ...inAzure, [name]: value })).toEqual([expect.stringMatching(`^${name} .*; remove`)]);
    expect(faultsOf({ ...withSecret, [name]: value })).toEqual([]);
    expect(
      faultsOf({
        ...inAzure,
        NODE_TLS_REJECT_UNAUTHORIZED: '1',
        NODE_OPTIONS: '--enable-source-maps --no-insecure-http-parser',
        languageWorkers__node__arguments: '--max-old-space-size=512 --tls-min-v1.2',
      }),
    ).toEqual([]);
  });

  it.each(['--insecure-http-parser', '--tls-min-v1.0', '--tls-min-v1.1'])(
    'a process that was started with %s in Azure only',
    { tags: ['CF-2'] },
    (argument) => {
      const inAzure = { ...withSecret, WEBSITE_SITE_NAME: 'x1' };
      const started = ['--enable-source-maps', argument];
      expect(faultsOf(inAzure, started)).toEqual([
        `The command line of Node has ${argument} and this process runs in Azure; remove that argument.`,
      ]);
      expect(faultsOf(withSecret, started)).toEqual([]);
    },
  );

  it.each([
    `DefaultEndpointsProtocol=https;TableEndpoint=http://contoso.table.core.windows.net;AccountName=contoso;AccountKey=${accountKey}`,
    `DefaultEndpointsProtocol=HTTP;AccountName=contoso;AccountKey=${accountKey};EndpointSuffix=core.windows.net`,
    'UseDevelopmentStorage=True',
  ])('storage over plain http in Azure: %s', { tags: ['CF-2'] }, (connectionString) => {
    const environment = {
      ...withSecret,
      SESSION_TABLE_CONNECTION_STRING: connectionString,
      WEBSITE_INSTANCE_ID: 'x1',
    };
    expect(faultsOf(environment).join()).toContain('SESSION_TABLE_CONNECTION_STRING');
  });

  it('an http address of another machine, even outside Azure', { tags: ['CF-2'] }, () => {
    expect(faultsOf({ ...withSecret, PUBLIC_BASE_URL: 'http://app.contoso.example' }).join()).toContain(
      'PUBLIC_BASE_URL',
    );
    expect(faultsOf({ ...withSecret, PUBLIC_BASE_URL: 'http://localhost.evil.test' }).join()).toContain(
      'PUBLIC_BASE_URL',
    );
  });
});
