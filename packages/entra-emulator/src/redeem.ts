import { createHash } from 'node:crypto';
import type { Registration } from '@entra-bff/directory';
import type { Authority } from './authority.ts';
import { refusalOf, unmetPolicy } from './conditional-access.ts';
import { isTooOld, refusalOfEnded } from './ended-sign-ins.ts';
import { EntraRefusal, errors } from './errors.ts';
import type { Grant } from './grants.ts';
import { numberedError } from './numbered-errors.ts';

/** A valid code or refresh token, before its scopes and policies are checked. */
export interface Redeemed {
  readonly grant: Grant;
  readonly grantType: 'authorization_code' | 'refresh_token';
  readonly nonce: string | undefined;
  /** The `claims` of the authorize request. */
  readonly claimsAtSignIn: string | undefined;
}

/**
 * Redeems the code or refresh token of a token request.
 * @throws {EntraRefusal}
 */
export function redeem(authority: Authority, registration: Registration, form: URLSearchParams): Redeemed {
  const redeemed = redeemByType(authority, registration, form);
  const { grant } = redeemed;
  if (grant.ending !== undefined) throw new EntraRefusal(refusalOfEnded(grant, grant.ending));
  if (authority.blockedUsers.has(grant.user.id)) throw new EntraRefusal(errors.userDisabled());
  if (authority.expiredPasswords.has(grant.user.id)) throw new EntraRefusal(errors.passwordExpired());
  return redeemed;
}

function redeemByType(authority: Authority, registration: Registration, form: URLSearchParams): Redeemed {
  const grantType = requireParameter(form, 'grant_type');
  switch (grantType) {
    case 'authorization_code':
      return redeemCode(authority, registration, form);
    case 'refresh_token':
      return redeemRefreshToken(authority, registration, form);
    default:
      throw new EntraRefusal(errors.grantTypeUnknown(grantType));
  }
}

function redeemCode(authority: Authority, registration: Registration, form: URLSearchParams): Redeemed {
  const code = authority.grants.findCode(requireParameter(form, 'code'));
  if (code === undefined || code.grant.registration.clientId !== registration.clientId)
    throw new EntraRefusal(errors.grantInvalid("The provided value for the 'code' parameter is not valid."));
  if (code.isRedeemed) throw new EntraRefusal(errors.codeAlreadyRedeemed());
  if (code.expiresAt <= authority.now()) throw new EntraRefusal(errors.codeExpired());
  const redirectUri = requireParameter(form, 'redirect_uri');
  if (redirectUri !== code.redirectUri)
    throw new EntraRefusal(errors.codeRedirectUriDiffers(redirectUri, code.redirectUri));
  if (!isVerified(code.codeChallenge, form.get('code_verifier')))
    throw new EntraRefusal(errors.codeVerifierWrong());
  code.isRedeemed = true;
  return {
    grant: code.grant,
    grantType: 'authorization_code',
    nonce: code.nonce,
    claimsAtSignIn: code.claims,
  };
}

/** A verifier without a challenge is refused too: it may be a PKCE downgrade (RFC 9700 section 4.8.2). */
function isVerified(codeChallenge: string | undefined, codeVerifier: string | null): boolean {
  if (codeChallenge === undefined || codeVerifier === null)
    return codeChallenge === undefined && codeVerifier === null;
  return createHash('sha256').update(codeVerifier).digest('base64url') === codeChallenge;
}

function redeemRefreshToken(
  authority: Authority,
  registration: Registration,
  form: URLSearchParams,
): Redeemed {
  const { switches } = authority;
  const token = authority.grants.findRefreshToken(requireParameter(form, 'refresh_token'));
  if (token === undefined || token.grant.registration.clientId !== registration.clientId)
    throw new EntraRefusal(
      errors.grantInvalid("The provided value for the 'refresh_token' parameter is not valid."),
    );
  const { grant } = token;
  if (switches.refreshRefusedWith !== 0) throw new EntraRefusal(numberedError(switches.refreshRefusedWith));
  if (switches.refreshTokensExpired || token.expiresAt <= authority.now())
    throw new EntraRefusal(errors.refreshTokenExpired(grant.signedInAt));
  if (switches.refreshTokensRevoked) throw new EntraRefusal(errors.passwordChanged());
  if (switches.strictRefreshTokenRotation && token.isSpent) {
    grant.ending = 'revoked';
    throw new EntraRefusal(
      errors.grantInvalid('The refresh token was used before. Every token of its sign-in is revoked.'),
    );
  }
  if (switches.secondFactorDemanded && !grant.withSecondFactor)
    throw new EntraRefusal(errors.secondFactorMissing());
  const policy = unmetPolicy(authority, grant);
  if (policy !== undefined) throw new EntraRefusal(refusalOf(policy));
  if (isTooOld(authority, grant.signedInAt))
    throw new EntraRefusal(errors.signInTooOld(grant.signedInAt, switches.signInFrequencySeconds));
  if (switches.consentWithdrawn) throw new EntraRefusal(errors.consentMissing(registration));
  token.isSpent = true;
  return { grant, grantType: 'refresh_token', nonce: undefined, claimsAtSignIn: undefined };
}

function requireParameter(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null || value === '') throw new EntraRefusal(errors.parameterMissing(name));
  return value;
}
