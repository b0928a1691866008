import type { Session } from '../session/store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import type { TargetOf } from './administered-user.ts';
import { needs } from './administration.ts';
import { type GraphCalls, type GraphRequests, toRecord, toRecords } from './graph-calls.ts';
import { recordingLost } from './lost-change.ts';

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
      const record = { event: 'admin-grant-revoked', target: targetOf(session, objectId) } as const;
      let isAsked = false;
      const revoking = graph.use(session, needs.grants, log, async (client) => {
        const grants = await listGrants(client, objectId);
        if (!grants.some((grant) => grant.id === id)) return false;
        isAsked = true;
        await client.api(`/oauth2PermissionGrants/${encodeURIComponent(id)}`).delete();
        return true;
      });
      const isFound = await revoking.catch((error: unknown) => {
        if (isAsked) recordingLost(log, record)(error);
        throw error;
      });
      if (!isFound) return { kind: 'none' };
      audit(log, { ...record, outcome: 'done' });
      return { kind: 'revoked' };
    },
  };

  async function listGrants(client: GraphRequests, objectId: string): Promise<readonly Grant[]> {
    const ownId = await readOwnId(client);
    if (ownId === undefined) return [];
    const grants: Grant[] = [];
    for await (const entry of readPages(client, `/users/${objectId}/oauth2PermissionGrants`)) {
      const { id, clientId: grantedTo, consentType, principalId, scope } = entry;
      const isTheirs = consentType === 'Principal' && principalId === objectId && grantedTo === ownId;
      if (isTheirs && typeof id === 'string' && typeof scope === 'string') {
        grants.push({ id, scopes: scope.split(' ').filter((name) => name !== '') });
      }
    }
    return grants;
  }

  /** The app's object id in the tenant, as any of its grants names it; with no grant at all there is nothing to show. */
  async function readOwnId(client: GraphRequests): Promise<string | undefined> {
    const path = `/servicePrincipals(appId='${clientId}')/oauth2PermissionGrants?$top=1`;
    for await (const { clientId: id } of readPages(client, path)) {
      if (typeof id === 'string') return id;
    }
    return undefined;
  }
}

async function* readPages(client: GraphRequests, first: string) {
  let path: string | undefined = first;
  for (let page = 0; page < MAX_PAGES && path !== undefined; page++) {
    const answer = await client.api(path).get();
    yield* toRecords(answer);
    path = nextPath(toRecord(answer)['@odata.nextLink']);
  }
}

/** Path and query of a link alone. Microsoft's client takes an address anywhere in a path for the one to call. */
function nextPath(link: unknown): string | undefined {
  if (typeof link !== 'string' || !URL.canParse(link)) return undefined;
  const { pathname, search } = new URL(link);
  const path = pathname.replace(/^\/v1\.0(?=\/)/, '') + search;
  return path.includes('://') ? undefined : path;
}
