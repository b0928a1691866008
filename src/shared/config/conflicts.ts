import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ApiConfig } from './api-settings.ts';
import { type Environment, isSet } from './setting.ts';
import { apiPrefix, type SettingValues, settings } from './settings.ts';
import { isLoopback } from './validators.ts';

/** Reports combinations of settings that are invalid or incomplete, and ids that cannot be right, such as zeros. */
export function findConflicts(values: Partial<SettingValues>, environment: Environment): readonly string[] {
  return [
    ...tenantConflicts(values, environment),
    ...idConflicts(values),
    ...certificateConflicts(values),
    ...tableConflicts(environment),
    ...keyConflicts(values),
    ...lifetimeConflicts(values),
  ];
}

function tenantConflicts(values: Partial<SettingValues>, environment: Environment): readonly string[] {
  const tenantId = values.ENTRA_TENANT_ID;
  const allowed = values.ENTRA_ALLOWED_TENANTS;
  if (tenantId === 'organizations') {
    const { expected } = settings.ENTRA_ALLOWED_TENANTS.validator;
    return environment['ENTRA_ALLOWED_TENANTS'] === undefined
      ? [`ENTRA_ALLOWED_TENANTS is missing; set it to ${expected}.`]
      : [];
  }
  if (tenantId === undefined || allowed === undefined) return [];
  if (allowed.length === 1 && allowed[0] === tenantId) return [];
  return [
    'ENTRA_ALLOWED_TENANTS is not just ENTRA_TENANT_ID; remove it, or set ENTRA_TENANT_ID to "organizations".',
  ];
}

/** The tenant of consumer accounts, which this service does not sign in. Entra ID also calls it `consumers`. */
const CONSUMERS_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** The ids look alike, so one is easily set in place of another. */
function idConflicts(values: Partial<SettingValues>): readonly string[] {
  const { ENTRA_TENANT_ID: tenantId, ENTRA_CLIENT_ID: clientId } = values;
  const { ENTRA_ALLOWED_TENANTS: allowed = [], ENTRA_MANAGED_IDENTITY_CLIENT_ID: identityId } = values;
  const ids = {
    ENTRA_TENANT_ID: tenantId,
    ENTRA_CLIENT_ID: clientId,
    ENTRA_MANAGED_IDENTITY_CLIENT_ID: identityId,
  };
  const issues = Object.entries(ids)
    .filter(([, id]) => id === NO_ID)
    .map(([name]) => `${name} consists of zeros; set it to the id that the Entra admin center shows.`);
  if (clientId !== undefined && clientId === tenantId) {
    issues.push('ENTRA_CLIENT_ID is also ENTRA_TENANT_ID; set each of them to its own id.');
  }
  if (clientId !== undefined && allowed.includes(clientId)) {
    issues.push('ENTRA_ALLOWED_TENANTS contains ENTRA_CLIENT_ID; set it to ids of tenants.');
  }
  if (identityId !== undefined && [clientId, tenantId].includes(identityId)) {
    issues.push(
      'ENTRA_MANAGED_IDENTITY_CLIENT_ID is also ENTRA_CLIENT_ID or ENTRA_TENANT_ID; set it to the client id of the managed identity, or remove it for the system-assigned one.',
    );
  }
  if (tenantId === CONSUMERS_TENANT) {
    issues.push('ENTRA_TENANT_ID is the tenant of consumer accounts; set it to the id of your tenant.');
  }
  if (allowed.includes(CONSUMERS_TENANT) && tenantId !== CONSUMERS_TENANT) {
    issues.push('ENTRA_ALLOWED_TENANTS contains the tenant of consumer accounts; remove that id.');
  }
  return issues;
}

function certificateConflicts(values: Partial<SettingValues>): readonly string[] {
  const { ENTRA_CERTIFICATE: certificate, ENTRA_CERTIFICATE_KEY: privateKey } = values;
  if (certificate === undefined || privateKey === undefined) return [];
  if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey))) return [];
  return ['ENTRA_CERTIFICATE_KEY belongs to another certificate; set it to the key of ENTRA_CERTIFICATE.'];
}

function tableConflicts(environment: Environment): readonly string[] {
  const hasEndpoint = isSet(environment['SESSION_TABLE_ENDPOINT']);
  const hasConnectionString = isSet(environment['SESSION_TABLE_CONNECTION_STRING']);
  if (hasEndpoint !== hasConnectionString) return [];
  return [
    'SESSION_TABLE_ENDPOINT (with a managed identity) or SESSION_TABLE_CONNECTION_STRING: set exactly one of them.',
  ];
}

/**
 * `SESSION_INDEX_KEY` cannot be rotated. If it were also a session key, a stolen key would stay in use after its
 * removal from `SESSION_KEYS`.
 */
function keyConflicts(values: Partial<SettingValues>): readonly string[] {
  const { SESSION_KEYS: keyRing, SESSION_INDEX_KEY: indexKey } = values;
  if (keyRing === undefined || indexKey === undefined) return [];
  if (!keyRing.keys.some(({ bytes }) => bytes.equals(indexKey))) return [];
  return ['SESSION_INDEX_KEY is also one of SESSION_KEYS; set it to another key.'];
}

function lifetimeConflicts(values: Partial<SettingValues>): readonly string[] {
  const { SESSION_IDLE_SECONDS: idle, SESSION_ABSOLUTE_SECONDS: absolute } = values;
  if (idle === undefined || absolute === undefined || idle <= absolute) return [];
  return ['SESSION_IDLE_SECONDS is longer than SESSION_ABSOLUTE_SECONDS; make it shorter.'];
}

/** Reports an https origin that only this machine could open. `plainHttpIssues` reports http origins. */
export function loopbackIssues({ PUBLIC_BASE_URL: origin }: Partial<SettingValues>): readonly string[] {
  if (origin === undefined) return [];
  const { protocol, hostname } = new URL(origin);
  if (protocol !== 'https:' || !isLoopback(hostname)) return [];
  return [
    'PUBLIC_BASE_URL leads to this machine, which no user can open; set it to the origin that browsers see.',
  ];
}

/** Reports plain http, which is refused in Azure. Outside Azure, loopback origins and connection strings may use it. */
export function plainHttpIssues(
  values: Partial<SettingValues>,
  apis: readonly ApiConfig[],
): readonly string[] {
  const origins = [
    ['PUBLIC_BASE_URL', values.PUBLIC_BASE_URL],
    ...apis.map(({ name, origin }) => [`${apiPrefix(name)}ORIGIN`, origin] as const),
  ] as const;
  const issues = origins
    .filter(([, origin]) => origin?.startsWith('http:'))
    .map(([name]) => `${name} is a plain http origin, which is refused in Azure; set it to an https origin.`);
  const connectionString = values.SESSION_TABLE_CONNECTION_STRING;
  if (connectionString === undefined || !usesPlainHttp(connectionString)) return issues;
  return [
    ...issues,
    'SESSION_TABLE_CONNECTION_STRING leads to the storage emulator or to plain http, which is refused in Azure; set it to a storage account over https.',
  ];
}

export function usesPlainHttp(connectionString: string): boolean {
  return /UseDevelopmentStorage=true|TableEndpoint=http:|DefaultEndpointsProtocol=http(?:;|$)/i.test(
    connectionString,
  );
}
