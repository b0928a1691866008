import type { Session } from '../session/session-store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import type { TargetOf } from './administered-user.ts';
import { type GraphCalls, type GraphRequests, toRecord, toRecords } from './graph-calls.ts';
import { needs } from './needs.ts';

/** What a person has allowed this app at one API. */
export interface Grant {
  readonly id: string;
  readonly scopes: readonly string[];
}

export type GrantRevocation = { readonly kind: 'revoked' } | { readonly kind: 'none' };

/**
 * The delegated permissions that a person themselves has granted this app; those of an administrator for everybody are not
 * among them.
 * @throws {BffError} those of a call of Graph, from every operation
 */
export interface Grants {
  list(session: Session, objectId: string, log: Log): Promise<readonly Grant[]>;
  /** Revokes what was found among that person's grants for this app, and nothing else, whatever the id names. */
  revoke(session: Session, objectId: string, id: string, log: Log): Promise<GrantRevocation>;
}

export interface GrantsNeeds {
  readonly graph: GraphCalls;
  /** This app's client id. */
  readonly clientId: string;
  readonly targetOf: TargetOf;
}

/** Nobody has granted so much: a directory that pages without end costs no more. */
const MAX_PAGES = 20;

export function createGrants({ graph, clientId, targetOf }: GrantsNeeds): Grants {
  return {
    list: (session, objectId, log) =>
      graph.use(session, needs.grants, log, (client) => listGrants(client, objectId)),
    async revoke(session, objectId, id, log) {
      const isFound = await graph.use(session, needs.grants, log, async (client) => {
        const grants = await listGrants(client, objectId);
        if (!grants.some((grant) => grant.id === id)) return false;
        await client.api(`/oauth2PermissionGrants/${encodeURIComponent(id)}`).delete();
        return true;
      });
      if (!isFound) return { kind: 'none' };
      audit(log, { event: 'admin-grant-revoked', target: targetOf(session, objectId) });
      return { kind: 'revoked' };
    },
  };

  async function listGrants(client: GraphRequests, objectId: string): Promise<readonly Grant[]> {
    const ownId = await readOwnId(client);
    if (ownId === undefined) return [];
    const grants: Grant[] = [];
    let path: string | undefined = `/users/${objectId}/oauth2PermissionGrants`;
    for (let page = 0; page < MAX_PAGES && path !== undefined; page++) {
      const answer = await client.api(path).get();
      for (const entry of toRecords(answer)) {
        const { id, clientId: grantedTo, consentType, principalId, scope } = entry;
        const isTheirs = consentType === 'Principal' && principalId === objectId && grantedTo === ownId;
        if (isTheirs && typeof id === 'string' && typeof scope === 'string') {
          grants.push({ id, scopes: scope.split(' ').filter((name) => name !== '') });
        }
      }
      path = nextPath(toRecord(answer)['@odata.nextLink']);
    }
    return grants;
  }

  /** The app's object id in the tenant, as any of its grants names it; with no grant at all there is nothing to show. */
  async function readOwnId(client: GraphRequests): Promise<string | undefined> {
    const path = `/servicePrincipals(appId='${clientId}')/oauth2PermissionGrants?$top=1`;
    const [first] = toRecords(await client.api(path).get());
    const id = first?.['clientId'];
    return typeof id === 'string' ? id : undefined;
  }
}

/** Path and query of a link alone: wherever else it leads, Graph is asked. */
function nextPath(link: unknown): string | undefined {
  if (typeof link !== 'string' || !URL.canParse(link)) return undefined;
  const { pathname, search } = new URL(link);
  return pathname.replace(/^\/v1\.0(?=\/)/, '') + search;
}
