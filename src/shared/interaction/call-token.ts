import { chooseScopes, type ScopeNeed } from '../entra/scopes.ts';
import type { Session } from '../session/session.ts';
import type { Log } from '../telemetry/log.ts';
import type { AcquireAccessToken } from '../tokens/access-token.ts';
import type { Refusals } from '../tokens/refusals.ts';
import type { TokenChallenge } from '../tokens/token-request.ts';
import { type Interaction, sessionRequired } from './interaction.ts';

/** The permissions that a call of an API needs. */
export interface CallNeed extends ScopeNeed {
  readonly feature: string;
}

/** The access tokens for one call: the first, and a second one if the API responds to the first with a claims challenge. */
export interface CallTokens {
  /** @throws {BffError} interaction_required, session_required, and the codes of {@link AcquireAccessToken} */
  token(challenge?: TokenChallenge): Promise<string>;
  /** The problem to throw if the API refuses the second token too. */
  refusedProblem(claims: string): Error;
}

/**
 * Checks for an active consent denial before a token is requested.
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
    /** The challenge for which a token was acquired, and the session afterwards. */
    let redeemed: { readonly session: Session; readonly challenge: TokenChallenge } | undefined;
    return {
      async token(challenge) {
        const acquired = await acquireAccessToken(session, scopes, log, challenge);
        if (acquired.kind === 'session-ended') throw sessionRequired('session_ended');
        if (acquired.kind === 'token') {
          if (challenge !== undefined) redeemed = { session: acquired.session, challenge };
          return acquired.accessToken;
        }
        // The claims that Entra ID asks for take precedence over those of the API.
        const claims = acquired.claims ?? challenge?.claims;
        throw interaction.required(session, {
          ...acquired,
          feature,
          // A larger alternative that was granted once must not be requested after its consent was withdrawn.
          scopes: acquired.reason === 'consent_required' ? need.scopes : scopes,
          ...(claims === undefined ? {} : { claims }),
        });
      },
      refusedProblem(claims) {
        const reason = 'continuous_access_evaluation';
        // Otherwise each further call would redeem the refresh token for another token that the API refuses.
        if (redeemed !== undefined) {
          const { session: current, challenge } = redeemed;
          refusals.remember(current, { scopes, challenge }, { kind: 'interaction-required', reason });
        }
        return interaction.required(session, { reason, feature, scopes, claims });
      },
    };
  };
}
