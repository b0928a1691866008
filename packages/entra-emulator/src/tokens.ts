import { createHash, randomBytes } from 'node:crypto';
import { groupsOf, objectIdIn, type Resource } from '@entra-bff/directory';
import type { JWTPayload } from 'jose';
import { type Authority, issuerOf } from './authority.ts';
import type { ClaimsRequest } from './claims-request.ts';
import type { Grant } from './grants.ts';

const toEpochSeconds = (instant: Date): number => Math.floor(instant.getTime() / 1000);

/** `sub` differs for each app, as at Entra ID, so that an app cannot use it as the object id. */
function pairwiseSubject(grant: Grant): string {
  return createHash('sha256')
    .update(`${grant.registration.clientId} ${grant.tenantId} ${grant.user.id}`)
    .digest('base64url');
}

export function timesOf(authority: Authority, lifetimeSeconds: number) {
  const now = toEpochSeconds(authority.now());
  const issued = now - authority.switches.tokensBackdatedSeconds;
  return { iat: issued, nbf: issued, exp: now + lifetimeSeconds };
}

const clockSkewSeconds = 60;

/** Raises `nbf` to what continuous access evaluation requires, even if that is in the near future. */
function notBeforeOf(authority: Authority, { notBeforeSeconds }: ClaimsRequest): number {
  const { nbf } = timesOf(authority, 0);
  const latest = toEpochSeconds(authority.now()) + clockSkewSeconds;
  return notBeforeSeconds <= latest ? Math.max(nbf, notBeforeSeconds) : nbf;
}

export function toIdTokenClaims(
  authority: Authority,
  grant: Grant,
  nonce: string | undefined,
  request: ClaimsRequest,
  grantType: 'authorization_code' | 'refresh_token',
): JWTPayload {
  const { user, registration, tenantId } = grant;
  const roles = authority.roles.of(user.id, registration);
  const optional: JWTPayload = {
    sid: grant.sid,
    login_hint: loginHintOf(grant),
    auth_time: toEpochSeconds(grant.signedInAt),
    acct: user.homeTenantId === tenantId ? 0 : 1, // 1 marks a guest
    acrs: request.idTokenContexts.length > 0 ? request.idTokenContexts : undefined,
  };
  const { withheldClaims, claimsWithheldOnRefresh } = authority.switches;
  const onRefresh = grantType === 'refresh_token' ? claimsWithheldOnRefresh.split(' ') : [];
  const withheld = [...withheldClaims.split(' '), ...onRefresh];
  const listed = registration.optionalIdTokenClaims.filter((claim) => !withheld.includes(claim));
  return {
    aud: registration.clientId,
    iss: issuerOf(authority, tenantId),
    ...timesOf(authority, 60 * 60),
    ...(nonce === undefined ? {} : { nonce }),
    name: user.name,
    // Only for guests: the issuer that has authenticated the user.
    ...(user.homeTenantId === tenantId ? {} : { idp: `https://sts.windows.net/${user.homeTenantId}/` }),
    oid: objectIdIn(user, tenantId),
    preferred_username: user.username,
    rh: `1.${randomBytes(24).toString('base64url')}.`,
    ...(roles.length > 0 ? { roles } : {}),
    sub: pairwiseSubject(grant),
    tid: tenantId,
    uti: randomBytes(16).toString('base64url'),
    ver: '2.0',
    ...Object.fromEntries(
      listed.map((claim) => [claim, optional[claim]]).filter(([, value]) => value !== undefined),
    ),
    ...(listed.includes('groups') ? groupClaims(authority, grant) : {}),
  };
}

/**
 * The object ids of the groups. If there are too many, only a URL to request them, at a service that was retired since.
 * @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference#groups-overage-claim
 */
function groupClaims({ switches }: Authority, { user, tenantId }: Grant): JWTPayload {
  const ids = groupsOf(user, tenantId).map(({ id }) => id);
  if (ids.length === 0) return {};
  if (ids.length <= switches.groupLimit) return { groups: ids };
  const endpoint = `https://graph.windows.net/${tenantId}/users/${objectIdIn(user, tenantId)}/getMemberObjects`;
  return { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint } } };
}

/** Opaque to apps. The logout page decodes it. */
const loginHintOf = (grant: Grant): string => `O.${Buffer.from(grant.user.username).toString('base64url')}`;

/** Returns the username in a `login_hint` or `logout_hint`, which is the opaque claim or a plain username. */
export function usernameOfHint(hint: string): string {
  return hint.startsWith('O.') ? Buffer.from(hint.slice(2), 'base64url').toString('utf8') : hint;
}

export function createAccessToken(
  authority: Authority,
  grant: Grant,
  resource: Resource,
  permissionNames: readonly string[],
  request: ClaimsRequest,
): Promise<string> {
  return authority.keys.sign({
    aud: resource.id,
    iss: issuerOf(authority, grant.tenantId),
    ...timesOf(authority, authority.switches.accessTokenLifetimeSeconds),
    nbf: notBeforeOf(authority, request),
    app_displayname: grant.registration.displayName,
    appid: grant.registration.clientId,
    idtyp: 'user',
    name: grant.user.name,
    oid: objectIdIn(grant.user, grant.tenantId),
    scp: permissionNames.join(' '),
    sid: grant.sid,
    sub: pairwiseSubject(grant),
    tid: grant.tenantId,
    uti: randomBytes(16).toString('base64url'),
    ver: '2.0',
    ...(request.authenticationContexts.length > 0 ? { acrs: request.authenticationContexts } : {}),
    ...(request.clientCapabilities.length > 0 ? { xms_cc: request.clientCapabilities } : {}),
  });
}

/** Identifies the account by home object id and home tenant. For a guest they differ from `oid` and `tid`. */
export function createClientInfo(grant: Grant): string {
  return Buffer.from(JSON.stringify({ uid: grant.user.id, utid: grant.user.homeTenantId })).toString(
    'base64url',
  );
}
