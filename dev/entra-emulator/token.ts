import { createHash } from 'node:crypto';
import type { Registration, Resource } from '../directory.ts';
import type { Authority } from './authority.ts';
import { parseTenant } from './authority.ts';
import { parseClaimsRequest } from './claims-request.ts';
import { authenticateClient } from './client-authentication.ts';
import { type EntraError, errors, secondFactorMissing, toErrorBody } from './errors.ts';
import type { Grant } from './grants.ts';
import { type EmulatorRequest, jsonReply, type Reply } from './http.ts';
import type { TokenContext } from './intercept.ts';
import {
  isOpenIdScope,
  parseScopes,
  permissionKey,
  type RequestedScope,
  resourcesOf,
  scopeKey,
} from './scopes.ts';
import { createAccessToken, createClientInfo, toIdTokenClaims } from './tokens.ts';

type Outcome =
  | { readonly kind: 'failed'; readonly error: EntraError; readonly context?: TokenContext }
  | { readonly kind: 'issued'; readonly body: Record<string, unknown>; readonly context: TokenContext };

/** A code or refresh token that passed its own checks, before scopes and policy are looked at. */
type Redeemed = {
  readonly grant: Grant;
  readonly grantType: TokenContext['grantType'];
  readonly nonce: string | undefined;
  /** The `claims` that the authorize request carried. */
  readonly claims: string | undefined;
};

const failed = (error: EntraError): Outcome => ({ kind: 'failed', error });

/** The token endpoint: codes and refresh tokens become tokens. */
export const handleToken = async (
  authority: Authority,
  tenantSegment: string,
  request: EmulatorRequest,
): Promise<Reply> => {
  const outcome = await redeem(authority, tenantSegment, request);
  const correlationId =
    request.query.get('client-request-id') ?? request.form.get('client-request-id') ?? undefined;
  const reply =
    outcome.kind === 'issued'
      ? jsonReply(200, outcome.body)
      : jsonReply(outcome.error.status, toErrorBody(outcome.error, authority.now(), correlationId));
  return (await authority.intercept.tokenResponse?.(reply, outcome.context)) ?? reply;
};

const redeem = async (
  authority: Authority,
  tenantSegment: string,
  request: EmulatorRequest,
): Promise<Outcome> => {
  if (request.method !== 'POST')
    return failed(
      errors.methodNotAllowed('The endpoint only accepts POST requests. Received a GET request.'),
    );
  const tenant = parseTenant(authority, tenantSegment);
  if (tenant === undefined)
    return failed(
      errors.tenantUnknown(
        `Tenant '${tenantSegment}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
      ),
    );

  const { form } = request;
  const client = await authenticateClient(authority, form, `${authority.origin}${request.path}`);
  if ('error' in client) return failed(client.error);

  const grantType = form.get('grant_type');
  if (grantType !== 'authorization_code' && grantType !== 'refresh_token')
    return failed(
      errors.grantTypeUnknown(`The app requested an unsupported grant type '${grantType ?? ''}'.`),
    );
  const redeemed =
    grantType === 'authorization_code'
      ? redeemCode(authority, client.registration, form)
      : redeemRefreshToken(authority, client.registration, form);
  if ('error' in redeemed) return failed(redeemed.error);

  const context: TokenContext = {
    grantType,
    user: redeemed.grant.user,
    registration: client.registration,
    nonce: redeemed.nonce,
    form: Object.fromEntries(form),
  };
  if (tenant.kind === 'one' && tenant.tenant.id !== redeemed.grant.tenantId)
    return {
      kind: 'failed',
      context,
      error: errors.grantInvalid('The grant was issued for another tenant.'),
    };
  const issued = await issueTokens(authority, redeemed, form, context);
  return 'error' in issued
    ? { kind: 'failed', context, error: issued.error }
    : { kind: 'issued', context, body: issued.body };
};

const redeemCode = (
  authority: Authority,
  registration: Registration,
  form: URLSearchParams,
): Redeemed | { error: EntraError } => {
  const value = form.get('code');
  if (value === null)
    return {
      error: errors.parameterMissing("The request body must contain the following parameter: 'code'."),
    };
  const code = authority.grants.findCode(value);
  if (code === undefined || code.grant.registration.clientId !== registration.clientId)
    return { error: errors.grantInvalid("The provided value for the 'code' parameter is not valid.") };
  if (code.isRedeemed)
    return {
      error: errors.codeAlreadyRedeemed(
        'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
      ),
    };
  if (code.expiresAt <= authority.now())
    return {
      error: errors.codeExpired(
        'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
      ),
    };
  if (form.get('redirect_uri') !== code.redirectUri)
    return {
      error: errors.codeRedirectUriDiffers(
        `The reply address '${form.get('redirect_uri') ?? ''}' does not match the reply address '${code.redirectUri}' provided when requesting Authorization code.`,
      ),
    };
  if (!isVerified(code.codeChallenge, form.get('code_verifier')))
    return {
      error: errors.codeVerifierWrong(
        'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
      ),
    };
  if (code.grant.isRevoked) return { error: passwordChanged() };
  code.isRedeemed = true;
  return { grant: code.grant, grantType: 'authorization_code', nonce: code.nonce, claims: code.claims };
};

const isVerified = (codeChallenge: string | undefined, codeVerifier: string | null): boolean => {
  if (codeChallenge === undefined) return codeVerifier === null;
  return (
    codeVerifier !== null && createHash('sha256').update(codeVerifier).digest('base64url') === codeChallenge
  );
};

const redeemRefreshToken = (
  authority: Authority,
  registration: Registration,
  form: URLSearchParams,
): Redeemed | { error: EntraError } => {
  const { switches } = authority;
  const value = form.get('refresh_token');
  if (value === null)
    return {
      error: errors.parameterMissing(
        "The request body must contain the following parameter: 'refresh_token'.",
      ),
    };
  const token = authority.grants.findRefreshToken(value);
  if (token === undefined || token.grant.registration.clientId !== registration.clientId)
    return {
      error: errors.grantInvalid("The provided value for the 'refresh_token' parameter is not valid."),
    };
  if (switches.refreshTokensExpired || token.expiresAt <= authority.now())
    return {
      error: errors.refreshTokenExpired(
        `The refresh token has expired due to inactivity. The token was issued on ${token.grant.signedInAt.toISOString()} and was inactive for 90.00:00:00.`,
      ),
    };
  if (switches.refreshTokensRevoked || token.grant.isRevoked) return { error: passwordChanged() };
  if (switches.strictRefreshTokenRotation && token.isSpent) {
    token.grant.isRevoked = true;
    return {
      error: errors.grantInvalid('The refresh token was used before. Every token of its sign-in is revoked.'),
    };
  }
  if (switches.secondFactorDemanded && !token.grant.withSecondFactor) return { error: secondFactorMissing() };
  token.isSpent = true;
  return { grant: token.grant, grantType: 'refresh_token', nonce: undefined, claims: undefined };
};

const passwordChanged = (): EntraError =>
  errors.passwordChanged(
    'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
  );

const issueTokens = async (
  authority: Authority,
  { grant, grantType, nonce, claims }: Redeemed,
  form: URLSearchParams,
  context: TokenContext,
): Promise<{ body: Record<string, unknown> } | { error: EntraError }> => {
  const { switches, intercept } = authority;
  const asked = parseScopes(authority.directory, form.get('scope') ?? grant.scope);
  if (asked.unknown.length > 0)
    return {
      error: errors.scopeInvalid(
        `The provided value for the input parameter 'scope' is not valid. The scope ${asked.unknown.join(' ')} does not exist.`,
      ),
    };
  const [resource = graphOf(authority), ...furtherResources] = resourcesOf(asked.scopes);
  if (furtherResources.length > 0 && form.has('scope'))
    return {
      error: errors.moreThanOneResource(
        "Provided value for the input parameter scope isn't valid because it contains more than one resource.",
      ),
    };

  const consented = authority.consents.grantedTo({
    tenantId: grant.tenantId,
    clientId: grant.registration.clientId,
    userId: grant.user.id,
  });
  const consentIsMissing = asked.scopes.some((scope) => !consented.has(scopeKey(scope)));
  if (consentIsMissing || (switches.consentWithdrawn && grantType === 'refresh_token'))
    return {
      error: errors.consentMissing(
        `The user or administrator has not consented to use the application with ID '${grant.registration.clientId}' named '${grant.registration.displayName}'. Send an interactive authorization request for this user and resource.`,
      ),
    };

  const request = parseClaimsRequest(form.get('claims') ?? undefined);
  const requestAtSignIn = parseClaimsRequest(claims);
  if (request === undefined || requestAtSignIn === undefined)
    return { error: errors.requestMalformed('Invalid request. The claims parameter is no JSON object.') };
  if (request.demandsSecondFactor && !grant.withSecondFactor) return { error: secondFactorMissing() };
  const fulfilled = {
    ...request,
    authenticationContexts: [
      ...new Set([...request.authenticationContexts, ...requestAtSignIn.authenticationContexts]),
    ],
  };

  const isAsked = (name: string) => asked.scopes.some((scope) => scope.permission.name === name);
  const permissionNames = namesInAccessToken(resource, consented);
  const lifetimeSeconds = switches.accessTokenLifetimeSeconds;
  const body: Record<string, unknown> = {
    token_type: 'Bearer',
    scope: scopeInAnswer(asked.scopes, resource, permissionNames),
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: await createAccessToken(authority, grant, resource, permissionNames, fulfilled),
  };
  if (isAsked('offline_access'))
    body['refresh_token'] = authority.grants.addRefreshToken({
      grant,
      expiresAt: new Date(authority.now().getTime() + refreshTokenLifetimeMs),
    });
  if (isAsked('openid') && !(switches.refreshWithoutIdToken && grantType === 'refresh_token')) {
    const truth = toIdTokenClaims(authority, grant, nonce, fulfilled);
    const jwt = await authority.keys.sign(intercept.idTokenClaims?.(truth, context) ?? truth);
    body['id_token'] = (await intercept.idToken?.(jwt, context)) ?? jwt;
    if (form.get('client_info') === '1') body['client_info'] = createClientInfo(grant);
  }
  return { body };
};

const refreshTokenLifetimeMs = 90 * 24 * 60 * 60 * 1000; // Entra's 90 days

const graphOf = (authority: Authority): Resource => {
  const [first] = authority.directory.resources;
  if (first === undefined) throw new Error('The directory has no resource.');
  return first;
};

/** As Entra does, an access token holds every permission the app has at that API, asked for now or not. */
const namesInAccessToken = (resource: Resource, consented: Set<string>): string[] =>
  resource.permissions
    .filter(
      (permission) =>
        permission.name !== 'offline_access' && consented.has(permissionKey(resource, permission)),
    )
    .map((permission) => permission.name);

/** Asked scopes come back letter by letter, then what else was consented, in the app's own style. */
const scopeInAnswer = (
  asked: readonly RequestedScope[],
  resource: Resource,
  permissionNames: readonly string[],
): string => {
  const spellings = asked
    .filter((scope) => scope.permission.name !== 'offline_access')
    .map((scope) => scope.spelling);
  const askedNames = new Set(asked.map((scope) => scope.permission.name));
  const isSpelledOut = asked.some((scope) => !isOpenIdScope(scope) && scope.spelling.includes('://'));
  for (const name of permissionNames)
    if (!askedNames.has(name)) {
      const isOpenId = ['openid', 'profile', 'email'].includes(name);
      spellings.push(isSpelledOut && !isOpenId ? `${resource.uri}/${name}` : name);
    }
  return spellings.join(' ');
};
