import type { Buffer } from 'node:buffer';
import type { Guard } from '../access/rules.ts';
import { BffError, type ProblemCode } from '../errors.ts';
import type { UserId } from '../identity/principal.ts';
import type { Features } from '../policy/features.ts';
import type { PolicyFeature } from '../policy/policy.ts';
import type { Caller } from '../session/caller.ts';
import { auditPseudonymOf } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/** The guard for reading, and the guard for changes, which also requires a recent sign-in. */
export interface AdministrationGuards {
  readonly read: Guard;
  readonly change: Guard;
}

/** A feature, and the least scopes that its calls to Graph need. */
export interface Permission {
  readonly feature: string;
  readonly scopes: readonly string[];
}

function defineFeature(name: string, title: string, scope: string) {
  return {
    name,
    title,
    signIn: false,
    scopes: [scope],
    needs: [{ scopes: [scope], alternatives: [] }],
  } satisfies PolicyFeature;
}

/**
 * One feature per permission. Each permission is requested when it is first used, and an administrator who declines one
 * can still use the others.
 */
const features = {
  users: defineFeature('administration', 'Find users', 'User.ReadBasic.All'),
  signIns: defineFeature('administration-sign-ins', 'Sign users out of Microsoft', 'User.RevokeSessions.All'),
  grants: defineFeature(
    'administration-grants',
    'See and revoke permissions',
    'DelegatedPermissionGrant.ReadWrite.All',
  ),
} as const;

export const administrationFeatures: readonly PolicyFeature[] = Object.values(features);

function permissionOf({ name, scopes }: PolicyFeature): Permission {
  return { feature: name, scopes };
}

export const permissions = {
  users: permissionOf(features.users),
  signIns: permissionOf(features.signIns),
  grants: permissionOf(features.grants),
};

export function isAdministrationFeature(name: string): boolean {
  return administrationFeatures.some((feature) => feature.name === name);
}

/** Lets a sign-in also request the features of the admin console by name. */
export function withAdministrationFeatures(policyFeatures: Features): Features {
  return {
    ...policyFeatures,
    findByName: (name) =>
      policyFeatures.findByName(name) ?? administrationFeatures.find((feature) => feature.name === name),
  };
}

/**
 * The user with this object ID in the administrator's tenant. Administrators have the role from their own tenant, so it
 * gives them no power over users of other tenants, even over one with the same object ID.
 */
export function userInTenantOf(administrator: Caller, objectId: string): UserId {
  return { tenantId: administrator.user.tenantId, objectId };
}

export function isSelf(administrator: Caller, objectId: string): boolean {
  return administrator.user.objectId === objectId;
}

/** Returns the pseudonym that audit records use for the user whom an administrator acts on. */
export type AuditTarget = (administrator: Caller, objectId: string) => string;

export function createAuditTarget(indexKey: Buffer): AuditTarget {
  return (administrator, objectId) => auditPseudonymOf(indexKey, userInTenantOf(administrator, objectId));
}

/**
 * Records that an administrator opened a user.
 * @param via `link` if a link on another site may have led to the user
 */
export type RecordUserOpened = (administrator: Caller, objectId: string, log: Log, via?: 'link') => void;

export function createRecordUserOpened(auditTarget: AuditTarget): RecordUserOpened {
  return (administrator, objectId, log, via) =>
    audit(log, { event: 'admin-user-opened', target: auditTarget(administrator, objectId), via });
}

export interface ChangeRecord {
  readonly event: 'admin-sessions-ended' | 'admin-sign-ins-revoked' | 'admin-grant-revoked';
  readonly target: string;
}

const uncertainGraphCodes = ['upstream_unreachable', 'upstream_timeout', 'upstream_answer_refused'] as const;

/** With these codes, the change may have been made. With any other code, nothing was changed. */
const uncertainCodes: Readonly<Record<ChangeRecord['event'], readonly ProblemCode[]>> = {
  'admin-sessions-ended': ['storage_unavailable'],
  'admin-sign-ins-revoked': uncertainGraphCodes,
  'admin-grant-revoked': uncertainGraphCodes,
};

/** Records a change if its result is unknown. Always throws the error again. */
export function recordIfUncertainAndRethrow(log: Log, record: ChangeRecord): (error: unknown) => never {
  return (error) => {
    const isUncertain = !(error instanceof BffError) || uncertainCodes[record.event].includes(error.code);
    if (isUncertain) audit(log, { ...record, outcome: 'not-known' });
    throw error;
  };
}

/** Calls Microsoft Graph with the administrator's access token. */
export interface AdministratorGraph {
  get(administrator: Caller, path: string, options: GraphOptions): Promise<GraphObject>;
  post(
    administrator: Caller,
    path: string,
    body: undefined,
    options: GraphOptions,
  ): Promise<GraphObject | undefined>;
  delete(administrator: Caller, path: string, options: GraphOptions): Promise<void>;
}

export interface GraphOptions extends Permission {
  readonly log: Log;
}

/** A JSON object of Graph. Its members are not validated. */
export type GraphObject = Readonly<Record<string, unknown>>;

/** The entries of a Graph collection. */
export function toEntries({ value }: GraphObject): readonly GraphObject[] {
  if (!Array.isArray(value)) return [];
  return value.map((entry: unknown) => (typeof entry === 'object' && entry !== null ? { ...entry } : {}));
}
