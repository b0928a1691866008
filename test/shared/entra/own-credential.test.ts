import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { createAuthority } from '../../../src/shared/entra/authority.ts';
import type { MsalCredential } from '../../../src/shared/entra/client-credential.ts';
import { createCredentialVerdict } from '../../../src/shared/entra/credential-verdict.ts';
import { signInServiceUnavailable } from '../../../src/shared/errors.ts';
import type { IdTokenRules } from '../../../src/shared/identity/verify-id-token.ts';
import type { HttpRequest } from '../../../src/shared/network/http-request.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import type { SessionStore } from '../../../src/shared/session/store.ts';
import { createCircuitBreakers } from '../../../src/shared/tokens/circuit-breaker.ts';
import { createCodeFlow } from '../../../src/shared/tokens/code-flow.ts';
import { createMsal } from '../../../src/shared/tokens/msal.ts';
import { createRedeem } from '../../../src/shared/tokens/redemption.ts';
import { createRenewals } from '../../../src/shared/tokens/renewals.ts';
import { sessionContent } from '../../support/session-content.ts';

const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const objectId = 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01';
const clientId = '5e1f0000-0000-4000-8000-000000000001';
const redirectUri = 'https://app.example/api/auth/callback';
const authority = createAuthority('public', tenantId);
const log = () => {};
const unused = () => {
  throw new Error('the store is not used');
};
const store: SessionStore = {
  create: unused,
  signInStart: unused,
  read: unused,
  write: unused,
  extend: unused,
  setRelatedBytes: unused,
  locatorOf: unused,
  remove: unused,
  check: unused,
  refetch: unused,
  acquireLease: unused,
  list: unused,
  endOne: unused,
  endAll: unused,
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
/** A credential as `toMsalCredential` returns it. */
const unusable = failing(signInServiceUnavailable("The app's own credential cannot be used just now."));

/** Real MSAL with an Entra ID that always issues tokens. */
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
    credentialVerdict: createCredentialVerdict(),
    breakers: createCircuitBreakers(() => performance.now()),
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
    locator: {
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

/** The same session with its refresh token only. */
const expired = (): Session => ({
  ...session,
  msalCache: JSON.stringify({ ...JSON.parse(session.msalCache), AccessToken: {} }),
});

/** Tokens of a worker with this credential, and its requests to Entra ID. */
async function workerWith(credential: MsalCredential) {
  const { createMsalClient, sent } = await msalWith(credential);
  const { acquireAccessToken } = createRenewals({
    authority,
    createMsalClient,
    store: { ...store, setRelatedBytes: () => undefined },
    idTokenRules,
    breakers: createCircuitBreakers(() => performance.now()),
    signInScopes: ['User.Read'],
    random: secureRandomBytes,
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    wait: unused,
    workerLog: log,
  });
  return { acquireAccessToken, sent };
}

describe("the app's own credential", () => {
  const failures = [
    ['with our own error', unusable],
    ['with any other error', failing(new Error('no key'))],
  ] as const;

  it.each(failures)(
    'that fails %s is not needed while the access token in the row is valid',
    async (_how, credential) => {
      const { acquireAccessToken, sent } = await workerWith(credential);
      expect(await acquireAccessToken(session, ['User.Read'], log)).toMatchObject({
        kind: 'token',
        accessToken: 'access',
      });
      expect(sent).toHaveLength(0);
    },
  );

  it.each(failures)(
    'that fails %s makes a renewal 503 and does not ask the user to sign in',
    async (_how, credential) => {
      const { createMsalClient, sent } = await msalWith(credential);
      const redeem = createRedeem({ createMsalClient, store, idTokenRules });
      await expect(redeem(expired(), { scopes: ['User.Read'] }, 'lease', log)).rejects.toMatchObject({
        code: 'sign_in_service_unavailable',
        status: 503,
      });
      expect(sent).toHaveLength(0);
    },
  );

  it('that fails makes the redemption of a code 503, so the sign-in is not shown as refused', async () => {
    const { createMsalClient, sent } = await msalWith(unusable);
    const { redeem } = createCodeFlow({ createMsalClient, redirectUri, idTokenRules });
    const redemption = redeem({ code: 'c', scopes: ['User.Read'], nonce: 'n', codeVerifier: 'v'.repeat(43) });
    await expect(redemption).rejects.toMatchObject({ code: 'sign_in_service_unavailable', status: 503 });
    expect(sent).toHaveLength(0);
  });
});
