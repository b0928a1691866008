import { randomBytes, randomUUID } from 'node:crypto';
import { parseConfig } from '../../src/shared/config/config.ts';
import { cookieNames } from '../../src/shared/http/cookies.ts';
import { readVerifiedClaims } from '../../src/shared/identity/principal.ts';
import { createSessionStore } from '../../src/shared/session/store.ts';
import { createMemoryTable, type MemoryTable } from '../../test/support/memory-table.ts';
import { clientId, idTokenClaims, makeMsalCache, objectId, tenantId } from './msal-cache.ts';

export interface InventedSessions {
  /** Holds every session. */
  readonly table: MemoryTable;
  /** One `Cookie` header for each user. */
  readonly cookies: readonly string[];
}

/** Creates the sessions of this many users, each with tokens of the size of Entra ID's, as their sign-ins would. */
export async function inventSessions(
  count: number,
  settings: Readonly<Record<string, string>>,
): Promise<InventedSessions> {
  const { session, entra, publicBaseUrl } = parseConfig(settings, []);
  const table = createMemoryTable(session.tableName);
  const now = () => new Date();
  const store = createSessionStore({
    ...session,
    table,
    registration: [entra.clientId, entra.cloud],
    cacheSeconds: 0,
    now,
    monotonicMs: () => performance.now(),
    random: randomBytes,
  });
  const msalCache = await makeMsalCache(1);
  const cookies: string[] = [];
  for (let user = 0; user < count; user++) {
    const oid = randomUUID();
    const { sid: _, ...claims } = idTokenClaims();
    const content = {
      facts: {
        sessionChainId: randomUUID(),
        claims: readVerifiedClaims({ ...claims, oid }),
        claimsAsOf: now(),
        account: {
          homeAccountId: `${oid}.${tenantId}`,
          environment: 'login.windows.net',
          tenantId,
          username: claims.preferred_username,
          localAccountId: oid,
        },
        signedInAt: now(),
        expiresAt: new Date(Date.now() + session.absoluteSeconds * 1000),
        grantedScopes: ['User.Read'],
        consentDenials: {},
      },
      msalCache: msalCache.replaceAll(objectId, oid),
      tokenGeneration: 0,
    };
    const created = await store.create(content, randomBytes(32), now());
    if (created.kind !== 'created') throw new Error(`A session was not created: ${created.kind}.`);
    cookies.push(`${cookieNames(publicBaseUrl).session}=${created.cookieValue}`);
  }
  return { table, cookies };
}

/** What the sessions need the product's settings to be. */
export const inventedRegistration = { ENTRA_CLIENT_ID: clientId, ENTRA_TENANT_ID: tenantId };
