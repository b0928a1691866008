import { readVerifiedClaims } from '../../src/shared/identity/principal.ts';
import type { SessionContent, SessionFacts } from '../../src/shared/session/facts.ts';
import type { Session } from '../../src/shared/session/session.ts';

/** The app that the access tokens of {@link msalCacheOf} were issued to. */
export const clientId = '5e1f0000-0000-4000-8000-000000000001';

/** The session of an invented user, as a sign-in creates it. The text of every secret names its kind. */
export function sessionContent(
  options: {
    claims?: Readonly<Record<string, unknown>>;
    facts?: Partial<SessionFacts>;
    msalCache?: string;
    tokenGeneration?: number;
  } = {},
): SessionContent {
  const claims = readVerifiedClaims({
    tid: alice.tenantId,
    oid: alice.objectId,
    name: 'Alice Adams',
    preferred_username: 'alice@contoso.example',
    roles: ['Admin'],
    iat: 1_785_585_600,
    ...options.claims,
  });
  const { tenantId, objectId, username } = claims.principal;
  const homeAccountId = `${objectId}.${tenantId}`;
  return {
    facts: {
      sessionChainId: 'session-chain',
      claims,
      claimsAsOf: new Date('2026-08-01T12:00:00Z'),
      account: {
        homeAccountId,
        environment: 'login.microsoftonline.com',
        tenantId,
        username,
        localAccountId: objectId,
      },
      signedInAt: new Date('2026-08-01T12:00:00Z'),
      expiresAt: new Date('2026-08-02T00:00:00Z'),
      grantedScopes: ['User.Read'],
      consentDenials: {},
      ...options.facts,
    },
    msalCache: options.msalCache ?? msalCacheOf({ homeAccountId }),
    tokenGeneration: options.tokenGeneration ?? 0,
  };
}

const alice = {
  tenantId: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
  objectId: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01',
};

/** MSAL's serialized cache with one account, in its measured format. */
export function msalCacheOf(
  options: {
    homeAccountId?: string;
    accessTokens?: Readonly<
      Record<string, { secret: string; expires_on: string; target?: string; refresh_on?: string }>
    >;
    refreshToken?: string;
    idToken?: string;
  } = {},
): string {
  const {
    homeAccountId = `${alice.objectId}.${alice.tenantId}`,
    refreshToken = 'refresh-token-canary',
    idToken = 'id-token-canary',
  } = options;
  const accessTokens = options.accessTokens ?? {
    'at-user.read': { secret: 'access-token-canary', expires_on: '1785589200' },
  };
  const everyAccessToken = {
    home_account_id: homeAccountId,
    environment: 'login.windows.net',
    credential_type: 'AccessToken',
    client_id: clientId,
    realm: alice.tenantId,
    target: 'User.Read',
    token_type: 'Bearer',
  };
  return JSON.stringify({
    Account: { [homeAccountId]: { home_account_id: homeAccountId } },
    IdToken: { id: { secret: idToken } },
    AccessToken: Object.fromEntries(
      Object.entries(accessTokens).map(([key, token]) => [key, { ...everyAccessToken, ...token }]),
    ),
    RefreshToken: { rt: { secret: refreshToken } },
    AppMetadata: {},
  });
}

/** The same session, as read from its row. Another `user` has another partition, and another `row` is another browser. */
export function openedSession(
  content: SessionContent,
  { user = 'alice', row = 0, now }: { user?: string; row?: number; now: Date },
): Session {
  return {
    ...content,
    locator: {
      userHash: Buffer.from(user.padEnd(32)),
      rowId: Buffer.alloc(32, row),
      secret: Buffer.alloc(32),
      expiresAt: now,
    },
    lastUsedAt: now,
    generation: 0,
    idleExpiresAt: now,
    etag: '"1"',
  };
}
