import { chooseScopes, type ScopeNeed } from '../entra/scopes.ts';
import type { Session } from '../session/session.ts';
import type { Log } from '../telemetry/log.ts';
import type { AcquireAccessToken } from '../tokens/access-token.ts';
import type { Refusals } from '../tokens/refusals.ts';
import type { TokenChallenge } from '../tokens/token-request.ts';
import { type Interaction, sessionRequired } from './interaction.ts';

/** The permissions that a call to an API needs, and the feature to which the call belongs. */
export interface CallNeed extends ScopeNeed {
  readonly feature: string;
}

/** Acquires the access token for one call, and a second one if the API responds to the first with a claims challenge. */
export interface CallTokens {
  /** @throws {BffError} interaction_required, session_required, and the codes of {@link AcquireAccessToken} */
  token(challenge?: TokenChallenge): Promise<string>;
  /**
   * Returns the problem to throw if the API refuses the last token that the call may use. If a challenge led to that token,
   * remembers the refusal.
   * @param claims what the API demands; undefined if that cannot be read
   */
  refusedProblem(claims: string | undefined): Error;
}

/**
 * Returns the access tokens for one call. Throws if the call's permissions are missing and the consent back-off is not over.
 * @throws {BffError} consent_declined, admin_consent_required
 */
export type TokensForCall = (session: Session, need: CallNeed, log: Log) => CallTokens;

export interface CallTokenDependencies {
  readonly acquireAccessToken: AcquireAccessToken;
  readonly refusals: Pick<Refusals, 'remember'>;
  readonly interaction: Interaction;
}

export function createTokensForCall({
  acquireAccessToken,
  refusals,
  interaction,
}: CallTokenDependencies): TokensForCall {
  return (session, need, log) => {
    const { feature } = need;
    const scopes = chooseScopes(need, session.facts.grantedScopes);
    interaction.requireNoActiveDenial(session, feature, scopes);
    /** The last challenge for which a token was acquired, and the session afterwards. */
    let lastChallenged: { readonly session: Session; readonly challenge: TokenChallenge } | undefined;
    return {
      async token(challenge) {
        const acquired = await acquireAccessToken(session, scopes, log, challenge);
        if (acquired.kind === 'session-ended') throw sessionRequired('session_ended');
        if (acquired.kind === 'token') {
          if (challenge !== undefined) lastChallenged = { session: acquired.session, challenge };
          return acquired.accessToken;
        }
        // The claims that Entra ID asks for take precedence over those of the API.
        const claims = acquired.claims ?? challenge?.claims;
        throw interaction.required(session, {
          ...acquired,
          feature,
          // If the consent to a larger alternative was withdrawn, the smaller set of permissions is requested instead.
          scopes: acquired.reason === 'consent_required' ? need.scopes : scopes,
          ...(claims === undefined ? {} : { claims }),
        });
      },
      refusedProblem(claims) {
        const reason = 'continuous_access_evaluation';
        // If the refusal were not remembered, each further call would redeem the refresh token for another token that
        // the API refuses.
        if (lastChallenged !== undefined) {
          const { session: current, challenge } = lastChallenged;
          refusals.remember(current, { scopes, challenge }, { kind: 'interaction-required', reason });
        }
        return interaction.required(session, {
          reason,
          feature,
          scopes,
          ...(claims === undefined ? {} : { claims }),
        });
      },
    };
  };
}
