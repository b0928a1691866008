import type { Buffer } from 'node:buffer';
import type { KeyRing } from '../crypto/key-ring.ts';
import { type Cloud, clouds } from '../entra/authority.ts';
import type { ClientCredential } from '../entra/client-credential.ts';
import type { Expiry } from '../health/expiry.ts';
import type { RequestIdCheck } from '../proxy/correlation.ts';
import type { TableLocation } from '../storage/azure-client.ts';
import { type ApiConfig, readApis } from './api-settings.ts';
import { issuesInAzure, runsInAzure } from './azure.ts';
import { findConflicts, loopbackIssues, plainHttpIssues, usesPlainHttp } from './conflicts.ts';
import { expiryIssues, expiryWarnings, findExpiries } from './expiries.ts';
import { type HostSettings, hostWarnings, readHostSettings } from './host-settings.ts';
import { misspelledNames } from './misspelled.ts';
import type { MoreFileName } from './more-policies.ts';
import { completeSettings, readSettings, requireValue } from './read-settings.ts';
import type { Environment } from './setting.ts';
import { type SettingValues, settings } from './settings.ts';
import { valueWarnings } from './value-warnings.ts';

/** The checked settings of the service. */
export interface Config {
  /** The origin that browsers see, without a trailing slash. */
  readonly publicBaseUrl: string;
  /** The app's page for users who have signed out. Without it, this service shows one. */
  readonly signedOutPath?: string;
  /** How the pages of this service look and read. Code may give the same, and more: `config/pages.ts`. */
  readonly pages: {
    readonly name?: string;
    readonly logoFile?: string;
    readonly accent?: string;
    readonly accentDark?: string;
    readonly languages?: readonly string[];
  };
  readonly entra: {
    readonly cloud: Cloud;
    /** A tenant's GUID, or `organizations`. In the latter case, the operator lists the `allowedTenants`. */
    readonly tenantId: string;
    readonly clientId: string;
    readonly allowedTenants: ReadonlySet<string>;
    /** Whether guests of an allowed tenant may sign in. */
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
    /** Maximum age of Entra ID's claims about a user. */
    readonly revalidateSeconds: number;
  };
  /** Maximum age of Entra ID's claims about a user if a guard checks roles or groups. */
  readonly roleMaxAgeSeconds: number;
  readonly adminRole: string;
  /** How old an administrator's sign-in may be when the administrator changes something. */
  readonly adminMaxAuthAgeSeconds: number;
  readonly graph: {
    readonly origin: string;
    readonly requestIdCheck: RequestIdCheck;
    /** Path of a policy file that replaces the shipped policy. */
    readonly policyFile?: string;
    /** The files of `policy/more/` that count too. */
    readonly morePolicies?: readonly MoreFileName[];
    readonly bodyLimitBytes: number;
    readonly timeoutMs: number;
  };
  /** The `bodyLimitBytes` and `timeoutMs` of Graph apply to these APIs too. */
  readonly apis: readonly ApiConfig[];
  readonly rateLimits: {
    /** How many proxies append the address of their client to `X-Forwarded-For`. 0: no limit by address. */
    readonly trustedProxyHops: number;
    /** How many users may share one address. */
    readonly usersPerAddress: number;
    /** Proxied calls per second and session. 0: no limit. */
    readonly callsPerSecond: number;
  };
  readonly host: HostSettings;
  /** The settings whose value stops working at a known time. */
  readonly expiries: readonly Expiry[];
  /** What is probably wrong, although the service can start, with the fixes. Contains no value of a setting. */
  readonly warnings: readonly string[];
}

/** Lists the issues of the settings or of a policy, each with its fix. Never contains the value of a setting. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly issues: readonly string[];
  readonly warnings: readonly string[];
  /** @param warnings what may explain the issues, for example a misspelled name */
  constructor(issues: readonly string[], warnings: readonly string[] = []) {
    super(`The settings are not usable:\n${toLines([...issues, ...warnings])}`);
    this.issues = issues;
    this.warnings = warnings;
  }
}

/** For the log of the cold start. */
export function toLines(sentences: readonly string[]): string {
  return sentences.map((sentence) => `  ${sentence}`).join('\n');
}

/**
 * @param nodeArguments the command-line options of Node
 * @param now for values that expire, such as a certificate
 * @throws {ConfigError} that lists every invalid setting
 */
export function parseConfig(
  environment: Environment,
  nodeArguments: readonly string[] = process.execArgv,
  now = new Date(),
): Config {
  const issues: string[] = [];
  const values = readSettings(settings, environment, issues);
  const apiNames = values.API_NAMES ?? [];
  const apis = readApis(apiNames, environment, issues);
  const expiries = findExpiries(values);
  issues.push(...findConflicts(values, environment), ...expiryIssues(expiries, now));
  if (runsInAzure(environment)) {
    issues.push(
      ...issuesInAzure(environment, nodeArguments),
      ...plainHttpIssues(values, apis),
      ...loopbackIssues(values),
    );
  }
  const misspelled = misspelledNames(environment, apiNames);
  if (issues.length > 0) throw new ConfigError(issues, misspelled);
  const complete = completeSettings(settings, values);
  const warnings = [
    ...misspelled,
    ...expiryWarnings(expiries, now),
    ...valueWarnings(complete),
    ...hostWarnings(environment, complete.GRAPH_BODY_LIMIT_BYTES),
  ];
  const host = readHostSettings(environment);
  return Object.freeze({ ...toConfig(complete, apis), host, expiries, warnings });
}

function toConfig(
  values: SettingValues,
  apis: readonly ApiConfig[],
): Omit<Config, 'host' | 'expiries' | 'warnings'> {
  return {
    publicBaseUrl: values.PUBLIC_BASE_URL,
    ...(values.SIGNED_OUT_PATH === undefined ? {} : { signedOutPath: values.SIGNED_OUT_PATH }),
    pages: toPages(values),
    entra: {
      cloud: values.ENTRA_CLOUD,
      tenantId: values.ENTRA_TENANT_ID,
      clientId: values.ENTRA_CLIENT_ID,
      allowedTenants: new Set(values.ENTRA_ALLOWED_TENANTS ?? [values.ENTRA_TENANT_ID]),
      allowsGuests: values.ENTRA_GUESTS === 'allow',
      credential: toCredential(values),
      ...(values.DEV_ENTRA_ORIGIN === undefined ? {} : { emulatorOrigin: values.DEV_ENTRA_ORIGIN }),
    },
    session: {
      keyRing: values.SESSION_KEYS,
      indexKey: values.SESSION_INDEX_KEY,
      table: toTableLocation(values),
      tableName: values.SESSION_TABLE_NAME,
      idleSeconds: values.SESSION_IDLE_SECONDS,
      absoluteSeconds: values.SESSION_ABSOLUTE_SECONDS,
      cacheSeconds: values.SESSION_CACHE_SECONDS,
      maxPerUser: values.SESSION_MAX_PER_USER,
      revalidateSeconds: values.SESSION_REVALIDATE_SECONDS,
    },
    roleMaxAgeSeconds: values.ROLE_MAX_AGE_SECONDS,
    adminRole: values.ADMIN_ROLE,
    adminMaxAuthAgeSeconds: values.ADMIN_MAX_AUTH_AGE_SECONDS,
    graph: {
      origin: values.DEV_GRAPH_ORIGIN ?? clouds[values.ENTRA_CLOUD].graph,
      requestIdCheck: values.GRAPH_REQUEST_ID_CHECK,
      ...(values.GRAPH_POLICY_FILE === undefined ? {} : { policyFile: values.GRAPH_POLICY_FILE }),
      ...(values.GRAPH_POLICY_MORE === undefined ? {} : { morePolicies: values.GRAPH_POLICY_MORE }),
      bodyLimitBytes: values.GRAPH_BODY_LIMIT_BYTES,
      timeoutMs: values.GRAPH_TIMEOUT_MS,
    },
    apis,
    rateLimits: {
      trustedProxyHops: values.TRUSTED_PROXY_HOPS,
      usersPerAddress: values.RATE_LIMIT_USERS_PER_ADDRESS,
      callsPerSecond: values.RATE_LIMIT_CALLS_PER_SECOND,
    },
  };
}

function toPages(values: SettingValues): Config['pages'] {
  const { PAGES_NAME: name, PAGES_LOGO_FILE: logoFile, PAGES_LANGUAGES: languages } = values;
  const { PAGES_ACCENT: accent, PAGES_ACCENT_DARK: accentDark } = values;
  return {
    ...(name === undefined ? {} : { name }),
    ...(logoFile === undefined ? {} : { logoFile }),
    ...(accent === undefined ? {} : { accent }),
    ...(accentDark === undefined ? {} : { accentDark }),
    ...(languages === undefined ? {} : { languages }),
  };
}

function toCredential(values: SettingValues): ClientCredential {
  const kind = values.ENTRA_CLIENT_CREDENTIAL;
  switch (kind) {
    case 'secret':
      return { kind, secret: requireValue(values.ENTRA_CLIENT_SECRET, 'ENTRA_CLIENT_SECRET') };
    case 'certificate':
      return {
        kind,
        certificatePem: requireValue(values.ENTRA_CERTIFICATE, 'ENTRA_CERTIFICATE'),
        privateKeyPem: requireValue(values.ENTRA_CERTIFICATE_KEY, 'ENTRA_CERTIFICATE_KEY'),
      };
    case 'managed-identity': {
      const managedIdentityClientId = values.ENTRA_MANAGED_IDENTITY_CLIENT_ID;
      return managedIdentityClientId === undefined ? { kind } : { kind, managedIdentityClientId };
    }
  }
}

function toTableLocation(values: SettingValues): TableLocation {
  const endpoint = values.SESSION_TABLE_ENDPOINT;
  if (endpoint !== undefined) {
    const clientId = values.ENTRA_MANAGED_IDENTITY_CLIENT_ID;
    return { kind: 'managed-identity', endpoint, ...(clientId === undefined ? {} : { clientId }) };
  }
  const connectionString = requireValue(
    values.SESSION_TABLE_CONNECTION_STRING,
    'SESSION_TABLE_CONNECTION_STRING',
  );
  return { kind: 'connection-string', connectionString, allowInsecure: usesPlainHttp(connectionString) };
}
