import type { Resource } from '@entra-bff/directory';
import type { Authority } from './authority.ts';
import { type ClaimsRequest, parseClaimsRequest } from './claims-request.ts';
import { refusalOf } from './conditional-access.ts';
import { EntraRefusal, errors } from './errors.ts';
import type { TokenContext } from './intercept.ts';
import type { Redeemed } from './redeem.ts';
import {
  isOpenIdScope,
  openIdScopes,
  parseScopes,
  permissionKey,
  type RequestedScope,
  resourcesOf,
  scopeKey,
} from './scopes.ts';
import { createAccessToken, createClientInfo, toIdTokenClaims } from './tokens.ts';

const refreshTokenLifetimeMs = 90 * 24 * 60 * 60 * 1000; // Entra's 90 days

/**
 * Returns the body of a successful token response.
 * @throws {EntraRefusal} if scopes, consent or a required second factor are missing
 */
export async function issueTokens(
  authority: Authority,
  redeemed: Redeemed,
  form: URLSearchParams,
  context: TokenContext,
): Promise<Record<string, unknown>> {
  const { grant, grantType } = redeemed;
  const { switches } = authority;
  const { scopes: asked, resource } = requireScopes(authority, redeemed, form);
  const consented = requireConsent(authority, redeemed, asked);
  const claims = requireClaims(redeemed, form);

  const withheld = new Set(switches.withheldPermissions.toLowerCase().split(' '));
  const isGiven = (name: string) => !withheld.has(name.toLowerCase());
  const scopes = asked.filter((scope) => isGiven(scope.permission.name));
  const isAsked = (name: string) => scopes.some((scope) => scope.permission.name === name);
  const permissionNames = namesInAccessToken(resource, consented).filter(isGiven);
  const body: Record<string, unknown> = {
    token_type: 'Bearer',
    scope: scopeInAnswer(scopes, resource, permissionNames),
    expires_in: switches.accessTokenLifetimeSeconds,
    ext_expires_in: switches.accessTokenLifetimeSeconds,
    access_token: await createAccessToken(authority, grant, resource, permissionNames, claims),
  };
  if (isAsked('offline_access')) {
    const expiresAt = new Date(authority.now().getTime() + refreshTokenLifetimeMs);
    body['refresh_token'] = authority.grants.addRefreshToken({ grant, expiresAt });
  }
  if (isAsked('openid') && !(switches.refreshWithoutIdToken && grantType === 'refresh_token')) {
    body['id_token'] = await createIdToken(authority, redeemed, claims, context);
  }
  if (isAsked('openid') && form.get('client_info') === '1') body['client_info'] = createClientInfo(grant);
  return body;
}

function requireScopes(authority: Authority, { grant }: Redeemed, form: URLSearchParams) {
  const { scopes, unknown, unknownApi } = parseScopes(authority.directory, form.get('scope') ?? grant.scope);
  if (unknownApi !== undefined) throw new EntraRefusal(errors.apiUnknown(unknownApi, grant.tenantId));
  if (unknown.length > 0) throw new EntraRefusal(errors.scopeInvalid(unknown.join(' ')));
  const [first, ...furtherResources] = resourcesOf(scopes);
  if (furtherResources.length > 0 && form.has('scope')) throw new EntraRefusal(errors.moreThanOneResource());
  // If all scopes are OpenID scopes, the access token is for Microsoft Graph, which serves the user info.
  const resource = first ?? authority.directory.resources[0];
  if (resource === undefined) throw new Error('The directory has no resource.');
  return { scopes, resource };
}

function requireConsent(
  authority: Authority,
  { grant }: Redeemed,
  scopes: readonly RequestedScope[],
): Set<string> {
  const { registration, tenantId, user } = grant;
  const consented = authority.consents.grantedTo({
    tenantId,
    clientId: registration.clientId,
    userId: user.id,
  });
  if (scopes.some((scope) => !consented.has(scopeKey(scope))))
    throw new EntraRefusal(errors.consentMissing(registration));
  return consented;
}

/** Returns the claims that the app requests for the tokens, now and at their sign-in. */
function requireClaims({ grant, claimsAtSignIn }: Redeemed, form: URLSearchParams): ClaimsRequest {
  const now = parseClaimsRequest(form.get('claims') ?? undefined);
  const then = parseClaimsRequest(claimsAtSignIn);
  if (now === undefined || then === undefined)
    throw new EntraRefusal(errors.requestMalformed('The claims parameter is not a JSON object.'));
  if (now.demandsSecondFactor && !grant.withSecondFactor)
    throw new EntraRefusal(errors.secondFactorMissing());
  if (now.demandsExternalChallenge && !grant.withExternalChallenge)
    throw new EntraRefusal(refusalOf('external-challenge'));
  return {
    ...now,
    notBeforeSeconds: Math.max(now.notBeforeSeconds, then.notBeforeSeconds),
    idTokenContexts: [...new Set([...grant.idTokenContexts, ...now.idTokenContexts])],
    authenticationContexts: [...new Set([...now.authenticationContexts, ...then.authenticationContexts])],
  };
}

async function createIdToken(
  authority: Authority,
  { grant, nonce, grantType }: Redeemed,
  claims: ClaimsRequest,
  context: TokenContext,
): Promise<string> {
  const { intercept } = authority;
  const truth = toIdTokenClaims(authority, grant, nonce, claims, grantType);
  const jwt = await authority.keys.sign(intercept.idTokenClaims?.(truth, context) ?? truth);
  return (await intercept.idToken?.(jwt, context)) ?? jwt;
}

/** As at Entra ID, an access token contains every permission that the app has for the API, requested now or not. */
function namesInAccessToken(resource: Resource, consented: Set<string>): string[] {
  return resource.permissions
    .filter(({ name }) => name !== 'offline_access')
    .filter((permission) => consented.has(permissionKey(resource, permission)))
    .map((permission) => permission.name);
}

/** Returns the requested scopes exactly as they were written, then the other granted scopes in the same style. */
function scopeInAnswer(
  asked: readonly RequestedScope[],
  resource: Resource,
  permissionNames: readonly string[],
): string {
  const isSpelledOut = asked.some((scope) => !isOpenIdScope(scope) && scope.spelling.includes('://'));
  const askedNames = asked.map((scope) => scope.permission.name);
  return [
    ...asked.filter((scope) => scope.permission.name !== 'offline_access').map((scope) => scope.spelling),
    ...permissionNames
      .filter((name) => !askedNames.includes(name))
      .map((name) => (isSpelledOut && !openIdScopes.has(name) ? `${resource.uri}/${name}` : name)),
  ].join(' ');
}
