import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto';
import { createAuthority } from '../../src/shared/entra/authority.ts';
import { createCredentialVerdict } from '../../src/shared/entra/credential-verdict.ts';
import type { HttpRequest, SendHttp } from '../../src/shared/network/http-request.ts';
import { createCircuitBreakers } from '../../src/shared/tokens/circuit-breaker.ts';
import { createMsal } from '../../src/shared/tokens/msal.ts';

export const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
export const objectId = 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01';
export const clientId = '3c1f6e0a-5a6d-4b57-9c35-0a4b8d2e7f10';
const protocolScopes = new Set(['openid', 'profile', 'offline_access']);

/**
 * MSAL's serialized cache with this number of access tokens. The product's own MSAL client makes it, from a sign-in and a
 * renewal for each further API. The tokens have the claims and sizes of Entra's tokens and real RS256 signatures, which do
 * not compress.
 */
export async function makeMsalCache(accessTokens: number): Promise<string> {
  const createMsalClient = createMsal({
    authority: createAuthority('public', tenantId),
    clientId,
    credential: { options: { clientSecret: randomBytes(24).toString('base64url') }, check: async () => {} },
    credentialVerdict: createCredentialVerdict(),
    sendHttp: tokenEndpoint(),
    breakers: createCircuitBreakers(() => performance.now()),
  });
  const { application } = await createMsalClient();
  const { account } = await application.acquireTokenByCode({
    code: randomBytes(64).toString('base64url'),
    codeVerifier: randomBytes(32).toString('base64url'),
    redirectUri: 'https://app.contoso.example/api/auth/callback',
    scopes: ['User.Read', 'Mail.Read'],
  });
  if (account === null) throw new Error('The sign-in returned no account.');
  for (let api = 1; api < accessTokens; api++) {
    await application.acquireTokenSilent({
      account,
      scopes: [`https://api-${api}.contoso.example/Orders.Read`],
    });
  }
  return application.getTokenCache().serialize();
}

function tokenEndpoint(): SendHttp {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keyId = randomBytes(20).toString('base64url');
  return async ({ body }: HttpRequest) => {
    const form = new URLSearchParams(Buffer.from(body ?? []).toString('utf8'));
    const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => !protocolScopes.has(scope));
    const response = {
      token_type: 'Bearer',
      scope: scopes.join(' '),
      expires_in: 4_823,
      ext_expires_in: 4_823,
      access_token: jwt(privateKey, keyId, accessTokenClaims(scopes)),
      refresh_token: `1.${randomBytes(1_050).toString('base64url')}`,
      id_token: jwt(privateKey, keyId, idTokenClaims()),
      client_info: Buffer.from(JSON.stringify({ uid: objectId, utid: tenantId })).toString('base64url'),
    };
    return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(response)) };
  };
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

function accessTokenClaims(scopes: readonly string[]) {
  const names = scopes.map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
  return {
    aud: scopes[0]?.startsWith('https://')
      ? new URL(scopes[0]).origin
      : '00000003-0000-0000-c000-000000000000',
    iss: `https://sts.windows.net/${tenantId}/`,
    iat: nowSeconds(),
    nbf: nowSeconds(),
    exp: nowSeconds() + 4_823,
    acct: 0,
    acr: '1',
    acrs: ['p1'],
    aio: randomBytes(84).toString('base64url'),
    amr: ['pwd', 'mfa'],
    app_displayname: 'Contoso Orders',
    appid: clientId,
    appidacr: '2',
    family_name: 'Adams',
    given_name: 'Alice',
    idtyp: 'user',
    ipaddr: '203.0.113.17',
    name: 'Alice Adams',
    oid: objectId,
    platf: '14',
    puid: randomBytes(8).toString('hex').toUpperCase(),
    rh: `1.${randomBytes(42).toString('base64url')}.`,
    scp: [...names, 'openid', 'profile', 'email'].join(' '),
    sid: randomUUID(),
    signin_state: ['kmsi'],
    sub: randomBytes(32).toString('base64url'),
    tenant_region_scope: 'EU',
    tid: tenantId,
    unique_name: 'alice@contoso.example',
    upn: 'alice@contoso.example',
    uti: randomBytes(16).toString('base64url'),
    ver: '1.0',
    wids: [randomUUID(), 'b79fbf4d-3ef9-4689-8143-76b194e85509'],
    xms_ftd: randomBytes(36).toString('base64url'),
    xms_idrel: '1 2',
    xms_st: { sub: randomBytes(32).toString('base64url') },
    xms_tcdt: 1_400_000_000,
  };
}

export function idTokenClaims() {
  return {
    aud: clientId,
    iss: `https://login.microsoftonline.com/${tenantId}/v2.0`,
    iat: nowSeconds(),
    nbf: nowSeconds(),
    exp: nowSeconds() + 3_900,
    auth_time: nowSeconds(),
    login_hint: `O.${randomBytes(80).toString('base64url')}`,
    name: 'Alice Adams',
    oid: objectId,
    preferred_username: 'alice@contoso.example',
    rh: `1.${randomBytes(42).toString('base64url')}.`,
    roles: ['Admin'],
    sid: randomUUID(),
    sub: randomBytes(32).toString('base64url'),
    tid: tenantId,
    uti: randomBytes(16).toString('base64url'),
    ver: '2.0',
  };
}

function jwt(key: KeyObject, keyId: string, claims: object): string {
  const header = {
    typ: 'JWT',
    nonce: randomBytes(32).toString('base64url'),
    alg: 'RS256',
    x5t: keyId,
    kid: keyId,
  };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}
