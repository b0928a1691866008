import type { Buffer } from 'node:buffer';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as z from 'zod';
import type { KeyRing } from '../crypto/key-ring.ts';
import { type Cloud, clouds } from '../entra/authority.ts';
import type { ClientCredential } from '../entra/client-credential.ts';
import type { EchoesRequestId } from '../proxy/request-id-echo.ts';
import type { TableLocation } from '../storage/azure-table.ts';
import { type ApiConfig, readApis, readEchoesRequestId } from './api-settings.ts';
import {
  baseUrl,
  createReader,
  type Environment,
  guid,
  integer,
  isSet,
  keyBytes,
  loopbackOrigin,
  pem,
  type Reader,
  readOptional,
  sessionKeys,
  tenant,
} from './settings.ts';

/** Everything the service is told from outside, checked. */
export interface Config {
  /** The origin that browsers see, without a trailing slash. */
  readonly publicBaseUrl: string;
  readonly entra: {
    readonly cloud: Cloud;
    /** A tenant's GUID, or `organizations` with a list of allowed tenants. */
    readonly tenantId: string;
    readonly clientId: string;
    readonly allowedTenants: ReadonlySet<string>;
    /** Whether people may sign in whom one of these tenants has invited from elsewhere. */
    readonly allowsGuests: boolean;
    readonly credential: ClientCredential;
    readonly emulatorOrigin?: string;
  };
  readonly session: {
    readonly keyRing: KeyRing;
    readonly indexKey: Buffer;
    readonly table: TableLocation;
    readonly tableName: string;
    readonly idleSeconds: number;
    readonly absoluteSeconds: number;
    readonly cacheSeconds: number;
    /** Maximum number of live sessions per user. */
    readonly maxPerUser: number;
    /** How old what Entra says about a person may be. */
    readonly revalidateSeconds: number;
  };
  /** The same, where a guard looks at roles or groups. */
  readonly roleMaxAgeSeconds: number;
  readonly adminRole: string;
  /** How long ago an administrator may have signed in who changes something. */
  readonly adminMaxAuthAgeSeconds: number;
  readonly graph: {
    readonly origin: string;
    readonly echoesRequestId: EchoesRequestId;
    /** A file beside the shipped policy; the shipped one when left out. */
    readonly policyFile?: string;
    readonly bodyLimitBytes: number;
    readonly timeoutMs: number;
  };
  /** The operator's own APIs; Graph's limits hold for them as well. */
  readonly apis: readonly ApiConfig[];
}

/** Every wrong setting, what is wrong with it and the cure. Never a setting's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The settings are not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/**
 * @param nodeArguments the arguments this process was started with
 * @throws {ConfigError} that names every invalid setting at once
 */
export function parseConfig(
  environment: Environment,
  nodeArguments: readonly string[] = process.execArgv,
): Config {
  const faults: string[] = [];
  const read = createReader(environment, faults);

  const inAzure = azureMarks.some((name) => isSet(environment[name]));
  const publicBaseUrl = read(
    'PUBLIC_BASE_URL',
    baseUrl(inAzure),
    'the origin browsers see, like https://app.contoso.com',
  );
  const cloud = read('ENTRA_CLOUD', z.enum(cloudNames), `one of ${cloudNames.join(', ')}`, 'public');
  const tenantId = read(
    'ENTRA_TENANT_ID',
    tenant,
    'the directory (tenant) id of the app registration, or "organizations"',
  );
  const clientId = read('ENTRA_CLIENT_ID', guid, 'the application (client) id of the app registration');
  const allowedTenants = readAllowedTenants(read, tenantId, faults);
  const credential = readCredential(read, environment, faults);
  const keyRing = read(
    'SESSION_KEYS',
    sessionKeys,
    'number:key pairs like "1:…", the first seals and all open, each key 32 random bytes as base64url (see docs/configuration.md)',
  );
  const indexKey = read(
    'SESSION_INDEX_KEY',
    keyBytes,
    '32 random bytes as base64url, other than every session key',
  );
  const table = readTableLocation(read, environment, inAzure, faults);
  const tableName = read(
    'SESSION_TABLE_NAME',
    z.string().regex(/^[A-Za-z][A-Za-z0-9]{2,62}$/),
    '3 to 63 letters and digits',
    'bffsessions',
  );
  const idleSeconds = read(
    'SESSION_IDLE_SECONDS',
    integer(60, 7 * DAY_SECONDS),
    'whole seconds from 60 to 604800',
    '3600',
  );
  const absoluteSeconds = read(
    'SESSION_ABSOLUTE_SECONDS',
    integer(300, 30 * DAY_SECONDS),
    'whole seconds from 300 to 2592000',
    '43200',
  );
  const cacheSeconds = read('SESSION_CACHE_SECONDS', integer(0, 60), 'whole seconds from 0 to 60', '5');
  const maxPerUser = read('SESSION_MAX_PER_USER', integer(1, 500), 'a whole number from 1 to 500', '100');
  const revalidateSeconds = read(
    'SESSION_REVALIDATE_SECONDS',
    integer(60, DAY_SECONDS),
    'whole seconds from 60 to 86400',
    '3600',
  );
  const roleMaxAgeSeconds = read(
    'ROLE_MAX_AGE_SECONDS',
    integer(60, DAY_SECONDS),
    'whole seconds from 60 to 86400',
    '300',
  );
  const adminMaxAuthAgeSeconds = read(
    'ADMIN_MAX_AUTH_AGE_SECONDS',
    integer(60, DAY_SECONDS),
    'whole seconds from 60 to 86400',
    '900',
  );
  const guests = read('ENTRA_GUESTS', z.enum(['allow', 'refuse']), 'allow or refuse', 'allow');
  const adminRole = read(
    'ADMIN_ROLE',
    z.string().regex(/^[\x21-\x7e]{1,120}$/),
    'the value of an app role',
    'Admin',
  );
  const policyFile = readOptional(
    read,
    environment,
    'GRAPH_POLICY_FILE',
    z.string().min(1),
    'the path of a policy file',
  );
  const bodyLimitBytes = read(
    'GRAPH_BODY_LIMIT_BYTES',
    integer(1024, 100 * MIB),
    'whole bytes from 1024 to 104857600',
    String(10 * MIB),
  );
  const timeoutMs = read(
    'GRAPH_TIMEOUT_MS',
    integer(100, 200_000),
    'whole milliseconds from 100 to 200000',
    '30000',
  );
  const echoesRequestId = readEchoesRequestId(read, 'GRAPH_ECHOES_REQUEST_ID', 'warn');
  const apis = readApis(read, environment, inAzure, faults);
  const emulatorOrigin = readOptional(
    read,
    environment,
    'DEV_ENTRA_ORIGIN',
    loopbackOrigin,
    'the http origin of the Entra emulator on this machine',
  );
  const graphEmulatorOrigin = readOptional(
    read,
    environment,
    'DEV_GRAPH_ORIGIN',
    loopbackOrigin,
    'the http origin of the Graph emulator on this machine',
  );

  refuseDevelopmentSwitches(environment, inAzure, faults);
  refuseUncheckedConnections(environment, nodeArguments, inAzure, faults);
  refuseSharedKeys(keyRing, indexKey, faults);
  if (idleSeconds !== undefined && absoluteSeconds !== undefined && idleSeconds > absoluteSeconds) {
    faults.push('SESSION_IDLE_SECONDS is longer than SESSION_ABSOLUTE_SECONDS; make it shorter.');
  }
  if (
    publicBaseUrl === undefined ||
    cloud === undefined ||
    tenantId === undefined ||
    clientId === undefined ||
    allowedTenants === undefined ||
    credential === undefined ||
    keyRing === undefined ||
    indexKey === undefined ||
    table === undefined ||
    tableName === undefined ||
    idleSeconds === undefined ||
    absoluteSeconds === undefined ||
    cacheSeconds === undefined ||
    maxPerUser === undefined ||
    revalidateSeconds === undefined ||
    roleMaxAgeSeconds === undefined ||
    adminMaxAuthAgeSeconds === undefined ||
    guests === undefined ||
    adminRole === undefined ||
    bodyLimitBytes === undefined ||
    timeoutMs === undefined ||
    echoesRequestId === undefined ||
    apis === undefined ||
    faults.length > 0
  ) {
    throw new ConfigError([...new Set(faults)]);
  }
  return Object.freeze({
    publicBaseUrl,
    entra: {
      cloud,
      tenantId,
      clientId,
      allowedTenants,
      allowsGuests: guests === 'allow',
      credential,
      ...(emulatorOrigin === undefined ? {} : { emulatorOrigin }),
    },
    session: {
      keyRing,
      indexKey,
      table,
      tableName,
      idleSeconds,
      absoluteSeconds,
      cacheSeconds,
      maxPerUser,
      revalidateSeconds,
    },
    roleMaxAgeSeconds,
    adminRole,
    adminMaxAuthAgeSeconds,
    graph: {
      origin: graphEmulatorOrigin ?? clouds[cloud].graph,
      echoesRequestId,
      ...(policyFile === undefined ? {} : { policyFile }),
      bodyLimitBytes,
      timeoutMs,
    },
    apis,
  });
}

/**
 * One of them is set wherever Azure runs functions. WEBSITE_INSTANCE_ID alone would miss the Flex and the Linux
 * Consumption plan: only App Service sets it. CONTAINER_NAME, which the latter set too, is set on other machines as well.
 */
const azureMarks = [
  'WEBSITE_INSTANCE_ID',
  'WEBSITE_POD_NAME',
  'WEBSITE_SITE_NAME',
  'WEBSITE_SKU',
  'CONTAINER_APP_NAME',
] as const;

const DAY_SECONDS = 24 * 60 * 60;
const MIB = 1024 * 1024;
const cloudNames = ['public', 'usgov', 'usgovdod', 'china'] as const satisfies readonly Cloud[];

function readAllowedTenants(
  read: Reader,
  tenantId: string | undefined,
  faults: string[],
): ReadonlySet<string> | undefined {
  if (tenantId === undefined) return undefined;
  const list = z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(guid).min(1));
  const tenants = read(
    'ENTRA_ALLOWED_TENANTS',
    list,
    'the tenant ids that may sign in, separated by commas',
    tenantId === 'organizations' ? undefined : tenantId,
  );
  if (tenants === undefined) return undefined;
  if (tenantId !== 'organizations' && (tenants.length !== 1 || tenants[0] !== tenantId)) {
    faults.push(
      'ENTRA_ALLOWED_TENANTS names other tenants than ENTRA_TENANT_ID; remove it, or set ENTRA_TENANT_ID to "organizations".',
    );
    return undefined;
  }
  return new Set(tenants);
}

function readCredential(
  read: Reader,
  environment: Environment,
  faults: string[],
): ClientCredential | undefined {
  const kind = read(
    'ENTRA_CLIENT_CREDENTIAL',
    z.enum(['managed-identity', 'certificate', 'secret']),
    'managed-identity, certificate or secret',
  );
  switch (kind) {
    case undefined:
      return undefined;
    case 'secret': {
      const secret = read('ENTRA_CLIENT_SECRET', z.string().min(16), 'the value of a client secret');
      return secret === undefined ? undefined : { kind, secret };
    }
    case 'certificate': {
      const certificatePem = read(
        'ENTRA_CERTIFICATE',
        pem('CERTIFICATE', (text) => new X509Certificate(text)),
        'the certificate in PEM',
      );
      const privateKeyPem = read(
        'ENTRA_CERTIFICATE_KEY',
        pem('PRIVATE KEY', (text) => {
          if (createPrivateKey(text).asymmetricKeyType !== 'rsa')
            throw new TypeError('Entra takes RSA keys only');
        }),
        "the certificate's private RSA key in PEM (PKCS #8)",
      );
      if (certificatePem === undefined || privateKeyPem === undefined) return undefined;
      if (!new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem))) {
        faults.push(
          'ENTRA_CERTIFICATE_KEY belongs to another certificate; set it to the key of ENTRA_CERTIFICATE.',
        );
        return undefined;
      }
      return { kind, certificatePem, privateKeyPem };
    }
    case 'managed-identity': {
      const managedIdentityClientId = readOptional(
        read,
        environment,
        'ENTRA_MANAGED_IDENTITY_CLIENT_ID',
        guid,
        'the client id of a user-assigned managed identity',
      );
      return managedIdentityClientId === undefined ? { kind } : { kind, managedIdentityClientId };
    }
  }
}

function readTableLocation(
  read: Reader,
  environment: Environment,
  inAzure: boolean,
  faults: string[],
): TableLocation | undefined {
  const hasEndpoint = isSet(environment['SESSION_TABLE_ENDPOINT']);
  const hasConnectionString = isSet(environment['SESSION_TABLE_CONNECTION_STRING']);
  if (hasEndpoint === hasConnectionString) {
    faults.push(
      'SESSION_TABLE_ENDPOINT (with a managed identity) or SESSION_TABLE_CONNECTION_STRING: set exactly one of them.',
    );
    return undefined;
  }
  if (hasEndpoint) {
    const endpoint = read(
      'SESSION_TABLE_ENDPOINT',
      z.url({ protocol: /^https$/ }),
      'https://ACCOUNT.table.core.windows.net',
    );
    const clientId = readOptional(
      read,
      environment,
      'ENTRA_MANAGED_IDENTITY_CLIENT_ID',
      guid,
      'the client id of a user-assigned managed identity',
    );
    return endpoint === undefined
      ? undefined
      : { kind: 'managed-identity', endpoint, ...(clientId === undefined ? {} : { clientId }) };
  }
  const connectionString = read(
    'SESSION_TABLE_CONNECTION_STRING',
    z.string().regex(/(?:^|;)(?:AccountName|UseDevelopmentStorage|TableEndpoint)=/),
    'the connection string of a storage account',
  );
  if (connectionString === undefined) return undefined;
  const allowInsecure =
    /UseDevelopmentStorage=true|TableEndpoint=http:|DefaultEndpointsProtocol=http(?:;|$)/i.test(
      connectionString,
    );
  if (allowInsecure && inAzure) {
    faults.push(
      'SESSION_TABLE_CONNECTION_STRING leads to the storage emulator or to plain http, which is refused in Azure; set it to a storage account over https.',
    );
    return undefined;
  }
  return { kind: 'connection-string', connectionString, allowInsecure };
}

/** What exists for development must not be able to run where people's data is. */
function refuseDevelopmentSwitches(environment: Environment, inAzure: boolean, faults: string[]): void {
  if (!inAzure) return;
  for (const name of Object.keys(environment)) {
    // On Windows the names of variables are case-insensitive, so `dev_entra_origin` is read there too.
    if (name.toUpperCase().startsWith('DEV_') && isSet(environment[name])) {
      faults.push(`${name} is a development switch and this process runs in Azure; remove it.`);
    }
  }
}

/** Node treats `_` and `-` in its argument names as equal. */
const uncheckingArgument = /--(?:insecure[-_]http[-_]parser|tls[-_]min[-_]v1\.[01])(?![\w.-])/;
/**
 * The variables from which Node takes arguments. The Azure Functions host passes the value of the second one to
 * Node.
 */
const argumentSettings = /^(?:NODE_OPTIONS|(?:\w+(?:__|:))?languageWorkers(?:__|:)node(?:__|:)arguments)$/i;

/**
 * Node switches that would disable the protection on which every connection to Entra ID, Graph and the table
 * relies.
 */
function refuseUncheckedConnections(
  environment: Environment,
  nodeArguments: readonly string[],
  inAzure: boolean,
  faults: string[],
): void {
  if (!inAzure) return;
  const refuseArgument = (place: string, text: string) => {
    const [argument] = uncheckingArgument.exec(text) ?? [];
    if (argument === undefined) return;
    faults.push(`${place} has ${argument} and this process runs in Azure; remove that argument.`);
  };
  refuseArgument('The command line of Node', nodeArguments.join(' '));
  for (const name of Object.keys(environment)) {
    const value = environment[name]?.trim() ?? '';
    if (name.toUpperCase() === 'NODE_TLS_REJECT_UNAUTHORIZED' && value === '0') {
      faults.push(
        `${name} disables the validation of TLS certificates and this process runs in Azure; remove it.`,
      );
    }
    if (argumentSettings.test(name)) refuseArgument(name, value);
  }
}

/** One key for two purposes would make changing either impossible. */
function refuseSharedKeys(
  keyRing: KeyRing | undefined,
  indexKey: Buffer | undefined,
  faults: string[],
): void {
  if (keyRing === undefined || indexKey === undefined) return;
  if (keyRing.keys.some(({ bytes }) => bytes.equals(indexKey))) {
    faults.push('SESSION_INDEX_KEY is also one of SESSION_KEYS; make a key of its own.');
  }
}
