import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ApiConfig } from './api-settings.ts';
import { type Environment, isSet } from './setting.ts';
import { apiPrefix, type SettingValues, settings } from './settings.ts';

/** Reports issues that concern more than one setting: combinations that are invalid or incomplete. */
export function findConflicts(values: Partial<SettingValues>, environment: Environment): readonly string[] {
  return [
    ...tenantConflicts(values, environment),
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

/** If one key were in `SESSION_KEYS` and also `SESSION_INDEX_KEY`, it could not be replaced in one without the other. */
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
