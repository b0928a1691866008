import type { Caller } from '../session/caller.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import {
  type AdministratorGraph,
  type AuditTarget,
  type GraphObject,
  permissions,
  recordIfUncertainAndRethrow,
  toEntries,
} from './administration.ts';

/** The delegated permissions for one API that a user has granted to this app. */
export interface Grant {
  readonly id: string;
  readonly scopes: readonly string[];
}

export type RevokeGrantResult = { readonly kind: 'revoked' } | { readonly kind: 'none' };

/**
 * What a user has granted to this app. Permissions that an administrator granted for all users are not included.
 * @throws {BffError} from every operation, any code of a `GraphClient` call
 */
export interface Grants {
  list(administrator: Caller, objectId: string, log: Log): Promise<readonly Grant[]>;
  /** Revokes a grant that {@link list} returns for this user. Any other ID is `none`. */
  revoke(administrator: Caller, objectId: string, id: string, log: Log): Promise<RevokeGrantResult>;
}

export interface GrantsDependencies {
  readonly graph: AdministratorGraph;
  /** Client ID of this app. */
  readonly clientId: string;
  readonly auditTarget: AuditTarget;
}

/** Limits the calls if Graph returns pages without end. No user has this many pages of grants. */
const MAX_PAGES = 20;

export function createGrants({ graph, clientId, auditTarget }: GrantsDependencies): Grants {
  const list: Grants['list'] = async (administrator, objectId, log) => {
    const read = (path: string) =>
      readPages((page) => graph.get(administrator, page, { ...permissions.grants, log }), path);
    const appObjectId = await readAppObjectId(read, clientId);
    if (appObjectId === undefined) return [];
    const grants: Grant[] = [];
    for await (const entry of read(`/users/${objectId}/oauth2PermissionGrants`)) {
      grants.push(...toGrant(entry, objectId, appObjectId));
    }
    return grants;
  };
  return {
    list,
    async revoke(administrator, objectId, id, log) {
      const grants = await list(administrator, objectId, log);
      if (!grants.some((grant) => grant.id === id)) return { kind: 'none' };
      const record = {
        event: 'admin-grant-revoked',
        target: auditTarget(administrator, objectId),
      } as const;
      await graph
        .delete(administrator, `/oauth2PermissionGrants/${encodeURIComponent(id)}`, {
          ...permissions.grants,
          log,
        })
        .catch(recordIfUncertainAndRethrow(log, record));
      audit(log, { ...record, outcome: 'done' });
      return { kind: 'revoked' };
    },
  };
}

/** Returns the grant if this user granted it to this app, and no entry otherwise. */
function toGrant(entry: GraphObject, objectId: string, appObjectId: string): Grant[] {
  const { id, clientId, consentType, principalId, scope } = entry;
  if (consentType !== 'Principal' || principalId !== objectId || clientId !== appObjectId) return [];
  if (typeof id !== 'string' || typeof scope !== 'string') return [];
  return [{ id, scopes: scope.split(' ').filter((name) => name !== '') }];
}

/** The object ID of the app's service principal, taken from any grant. Undefined if the tenant has no grants for it. */
async function readAppObjectId(
  read: (path: string) => AsyncIterable<GraphObject>,
  clientId: string,
): Promise<string | undefined> {
  const path = `/servicePrincipals(appId='${clientId}')/oauth2PermissionGrants?$top=1`;
  for await (const { clientId: id } of read(path)) {
    if (typeof id === 'string') return id;
  }
  return undefined;
}

async function* readPages(get: (path: string) => Promise<GraphObject>, first: string) {
  let path: string | undefined = first;
  for (let page = 0; page < MAX_PAGES && path !== undefined; page++) {
    const response: GraphObject = await get(path);
    yield* toEntries(response);
    path = nextPath(response['@odata.nextLink']);
  }
}

/**
 * Path and query of a link. Undefined if they contain `://`, because Microsoft's client would call a URL that it finds
 * anywhere in a path.
 */
function nextPath(link: unknown): string | undefined {
  if (typeof link !== 'string' || !URL.canParse(link)) return undefined;
  const { pathname, search } = new URL(link);
  const path = pathname.replace(/^\/v1\.0(?=\/)/, '') + search;
  return path.includes('://') ? undefined : path;
}
