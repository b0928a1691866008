import { graphResourceId } from '@entra-bff/directory';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { GraphError } from './reply.ts';

/** The caller and the permissions of the access token. */
export interface Caller {
  readonly userId: string;
  readonly tenantId: string;
  readonly scopes: ReadonlySet<string>;
  /** `nbf`, for continuous access evaluation. */
  readonly notBeforeSeconds: number;
  /** `acrs` */
  readonly authenticationContexts: readonly string[];
  /** The app can handle claims challenges: `xms_cc` contains `CP1`. */
  readonly understandsChallenges: boolean;
}

/** Returns the caller of an `Authorization` header. @throws {GraphError} 401 */
export type AuthenticateCaller = (authorization: string | undefined, now: Date) => Promise<Caller>;

/** Verifies access tokens with the keys that the issuer publishes. */
export function createAuthenticateCaller(entraOrigin: string): AuthenticateCaller {
  const keys = createRemoteJWKSet(new URL('/common/discovery/v2.0/keys', entraOrigin), {
    // A rotated key must be found at once. Tests do not wait 30 seconds.
    cooldownDuration: 0,
    // Distinguishes these requests from those of the app, which uses the same library.
    headers: { 'user-agent': 'graph-emulator' },
  });

  return async (authorization, now) => {
    const accessToken = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (accessToken === undefined) throw unauthorized(entraOrigin, 'Access token is empty.');
    try {
      const { payload } = await jwtVerify(accessToken, keys, {
        algorithms: ['RS256'],
        audience: graphResourceId,
        requiredClaims: ['exp', 'iss', 'tid', 'oid'],
        currentDate: now,
        // A token for a challenge of this second has an `nbf` in the next second.
        clockTolerance: 2,
      });
      return parseCaller(payload, entraOrigin);
    } catch (cause) {
      throw cause instanceof GraphError ? cause : unauthorized(entraOrigin, explain(cause));
    }
  };
}

function parseCaller(claims: JWTPayload, entraOrigin: string): Caller {
  const { tid, oid, scp, iss } = claims;
  if (typeof tid !== 'string' || typeof oid !== 'string' || iss !== `${entraOrigin}/${tid}/v2.0`) {
    throw unauthorized(entraOrigin, 'Access token validation failure. Invalid issuer.');
  }
  return {
    userId: oid,
    tenantId: tid,
    scopes: new Set(typeof scp === 'string' ? scp.split(' ') : []),
    notBeforeSeconds: claims.nbf ?? 0,
    authenticationContexts: textsIn(claims['acrs']),
    understandsChallenges: textsIn(claims['xms_cc']).some((one) => one.toUpperCase() === 'CP1'),
  };
}

function textsIn(claim: unknown): string[] {
  const values: unknown[] = Array.isArray(claim) ? claim : [claim];
  return values.filter((value) => typeof value === 'string');
}

function explain(cause: unknown): string {
  if (cause instanceof errors.JWTExpired) return 'Lifetime validation failed, the token is expired.';
  if (cause instanceof errors.JWTClaimValidationFailed && cause.claim === 'aud') {
    return 'Access token validation failure. Invalid audience.';
  }
  if (cause instanceof errors.JWTClaimValidationFailed)
    return `Access token validation failure. Invalid ${cause.claim}.`;
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'Signature is invalid.';
  if (cause instanceof errors.JWKSNoMatchingKey) return 'Signing key not found.';
  return 'CompactToken parsing failed.';
}

function unauthorized(entraOrigin: string, message: string): GraphError {
  return new GraphError(401, 'InvalidAuthenticationToken', message, {
    'WWW-Authenticate': `Bearer realm="", authorization_uri="${entraOrigin}/common/oauth2/authorize", client_id="${graphResourceId}"`,
  });
}
