import { chooseScopes, type ScopeNeed } from '../entra/scopes.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { AcquireAccessToken } from '../tokens/access-token.ts';
import type { Refusals } from '../tokens/refusals.ts';
import type { TokenChallenge } from '../tokens/token-request.ts';
import { type Interaction, sessionRequired } from './interaction.ts';

/** What a call of an API needs of the person. */
export interface CallNeed extends ScopeNeed {
  readonly feature: string;
}

/** The access tokens for one call: the first, and another where the API refuses that one with a claims challenge. */
export interface CallTokens {
  /** @throws {BffError} interaction_required, session_required, and those of acquiring a token */
  token(challenge?: TokenChallenge): Promise<string>;
  /** For an API that refuses the new token as well. */
  stillRefused(claims: string): Error;
}

/**
 * Looks for what the person withholds before anything is asked.
 * @throws {BffError} consent_declined, admin_consent_required
 */
export type TokensForCall = (session: Session, need: CallNeed, log: Log) => CallTokens;

export interface CallTokenDependencies {
  readonly acquireAccessToken: AcquireAccessToken;
  readonly refusals: Pick<Refusals, 'keep'>;
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
    interaction.requireNotWithheld(session, feature, scopes);
    let answered: { readonly session: Session; readonly challenge: TokenChallenge } | undefined;
    return {
      async token(challenge) {
        const acquired = await acquireAccessToken(session, scopes, log, challenge);
        if (acquired.kind === 'session-ended') throw sessionRequired('session_ended');
        if (acquired.kind === 'token') {
          if (challenge !== undefined) answered = { session: acquired.session, challenge };
          return acquired.accessToken;
        }
        // What Entra itself asks for goes before what the API asked for.
        const claims = acquired.claims ?? challenge?.claims;
        throw interaction.required(session, {
          ...acquired,
          feature,
          // A larger permission that was granted once and is not any more is no reason to ask for it.
          scopes: acquired.reason === 'consent_required' ? need.scopes : scopes,
          ...(claims === undefined ? {} : { claims }),
        });
      },
      stillRefused(claims) {
        const reason = 'continuous_access_evaluation';
        // Without this, each further call would redeem the refresh token for another token that this API
        // refuses.
        if (answered !== undefined) {
          const { session: holder, challenge: asked } = answered;
          refusals.keep(holder, { scopes, challenge: asked }, { kind: 'interaction-required', reason });
        }
        return interaction.required(session, { reason, feature, scopes, claims });
      },
    };
  };
}
