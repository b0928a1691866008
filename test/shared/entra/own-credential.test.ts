import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../../src/shared/entra/authority.ts';
import type { MsalCredential } from '../../../src/shared/entra/client-credential.ts';
import { signInServiceUnavailable } from '../../../src/shared/errors.ts';
import type { IdTokenRules } from '../../../src/shared/identity/verify-id-token.ts';
import type { HttpRequest } from '../../../src/shared/network/http-request.ts';
import type { Session, SessionStore } from '../../../src/shared/session/store.ts';
import { createTokenBreakers } from '../../../src/shared/tokens/circuit-breaker.ts';
import { createCodeFlow } from '../../../src/shared/tokens/code-flow.ts';
import { createMsal } from '../../../src/shared/tokens/msal.ts';
import { createSilentAttempt } from '../../../src/shared/tokens/msal-silent.ts';
import { sessionContent } from '../../support/session-content.ts';

const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const objectId = 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01';
const clientId = '5e1f0000-0000-4000-8000-000000000001';
const redirectUri = 'https://app.example/api/auth/callback';
const authority = createAuthority('public', tenantId);
const log = () => {};
const unused = () => {
  throw new Error('nothing of the store is asked for');
};
const store: SessionStore = {
  create: unused,
  read: unused,
  write: unused,
  extend: unused,
  weigh: unused,
  addressOf: unused,
  remove: unused,
  check: unused,
  refetch: unused,
  takeLease: unused,
  list: unused,
  endOne: unused,
  endAll: unused,
  endOldest: unused,
  endBySid: unused,
};
const idTokenRules: IdTokenRules = {
  clientId,
  allowedTenants: new Set([tenantId]),
  allowsGuests: true,
  issuerOf: authority.issuerOf,
  signingKeys: { resolve: unused },
  now: () => new Date(),
};

const good: MsalCredential = {
  options: { clientAssertion: () => Promise.resolve('a.b.c') },
  check: () => Promise.resolve(),
};
const failing = (error: Error): MsalCredential => ({
  options: { clientAssertion: () => Promise.reject(error) },
  check: () => Promise.reject(error),
});
/** As `toMsalCredential` gives it. */
const unusable = failing(signInServiceUnavailable("The app's own credential cannot be used just now."));

/** Real MSAL over an Entra that always gives tokens. */
async function msalWith(credential: MsalCredential) {
  const idToken = await new SignJWT({ oid: objectId, tid: tenantId, preferred_username: 'alice', sub: 's' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(authority.issuerOf(tenantId))
    .setAudience(clientId)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(Buffer.alloc(32));
  const sent: HttpRequest[] = [];
  const createMsalClient = createMsal({
    authority,
    clientId,
    credential,
    breakers: createTokenBreakers(() => performance.now()),
    sendHttp: async (request) => {
      sent.push(request);
      const body = {
        token_type: 'Bearer',
        scope: 'User.Read',
        expires_in: 3600,
        access_token: 'access',
        refresh_token: 'refresh',
        id_token: idToken,
        client_info: Buffer.from(JSON.stringify({ uid: objectId, utid: tenantId })).toString('base64url'),
      };
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    },
  });
  return { createMsalClient, sent };
}

let session: Session;

beforeAll(async () => {
  const { application } = await (await msalWith(good)).createMsalClient();
  const result = await application.acquireTokenByCode({ code: 'code', scopes: ['User.Read'], redirectUri });
  if (result.account === null) throw new Error('no account');
  const { homeAccountId, environment, username, localAccountId } = result.account;
  const account = { homeAccountId, environment, tenantId, username, localAccountId };
  session = {
    ...sessionContent({ facts: { account }, msalCache: application.getTokenCache().serialize() }),
    address: {
      userHash: Buffer.alloc(32, 1),
      rowId: Buffer.alloc(32, 2),
      secret: Buffer.alloc(32, 3),
      expiresAt: new Date('2099-01-01'),
    },
    lastUsedAt: new Date(),
    idleExpiresAt: new Date('2099-01-01'),
    generation: 0,
    etag: 'first',
  };
});

/** The same session when its access token has ended: only the refresh token is left. */
const ended = (): Session => ({
  ...session,
  msalCache: JSON.stringify({ ...JSON.parse(session.msalCache), AccessToken: {} }),
});

describe('a credential of ours that cannot be used', () => {
  const faults = [
    ['as our own error', unusable],
    ['as any other', failing(new Error('no key'))],
  ] as const;

  it.each(faults)('%s: 503 while the access token is still valid', async (_how, credential) => {
    const { createMsalClient, sent } = await msalWith(credential);
    const acquire = createSilentAttempt({ createMsalClient, store, idTokenRules });
    await expect(acquire(session, { scopes: ['User.Read'] }, log)).rejects.toMatchObject({
      code: 'sign_in_service_unavailable',
      status: 503,
    });
    expect(sent).toHaveLength(0);
  });

  it.each(faults)('%s: 503 at a renewal, and nobody is asked to sign in again', async (_how, credential) => {
    const { createMsalClient, sent } = await msalWith(credential);
    const acquire = createSilentAttempt({ createMsalClient, store, idTokenRules });
    await expect(acquire(ended(), { scopes: ['User.Read'] }, log, 'lease')).rejects.toMatchObject({
      code: 'sign_in_service_unavailable',
      status: 503,
    });
    expect(sent).toHaveLength(0);
  });

  it('is 503 at the redemption of a code: the sign-in is not called refused', async () => {
    const { createMsalClient, sent } = await msalWith(unusable);
    const { redeem } = createCodeFlow({ createMsalClient, redirectUri, idTokenRules });
    const redemption = redeem({ code: 'c', scopes: ['User.Read'], nonce: 'n', codeVerifier: 'v'.repeat(43) });
    await expect(redemption).rejects.toMatchObject({ code: 'sign_in_service_unavailable', status: 503 });
    expect(sent).toHaveLength(0);
  });

  it('and one that can be used gives the token that is there', async () => {
    const { createMsalClient, sent } = await msalWith(good);
    const acquire = createSilentAttempt({ createMsalClient, store, idTokenRules });
    expect(await acquire(session, { scopes: ['User.Read'] }, log)).toMatchObject({
      kind: 'token',
      accessToken: 'access',
    });
    expect(sent).toHaveLength(0);
  });
});
