import type { RandomBytes } from '../crypto/seal.ts';
import type { Entra } from '../entra/entra.ts';
import type { SendHttp } from '../network/http-request.ts';
import type { SessionStore } from '../session/store.ts';
import type { AcquireToken } from './access-token.ts';
import { createTokenBreakers } from './circuit-breaker.ts';
import { type CodeFlow, createCodeFlow } from './code-flow.ts';
import { createMsal } from './msal.ts';
import type { Refusals } from './refusals.ts';
import { createRenewIdentity, type RenewIdentity } from './renew-identity.ts';
import { createRenewals } from './renewals.ts';

/** Everything on this worker that gets tokens from Microsoft Entra ID. */
export interface Tokens {
  readonly codeFlow: CodeFlow;
  readonly acquireToken: AcquireToken;
  readonly refusals: Refusals;
  readonly renewIdentity: RenewIdentity;
}

export interface TokensDependencies {
  readonly entra: Entra;
  readonly store: SessionStore;
  /** Requested at every sign-in. */
  readonly signInScopes: readonly string[];
  readonly random: RandomBytes;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
  readonly sendHttp: SendHttp;
}

export function createTokens(dependencies: TokensDependencies): Tokens {
  const { entra, signInScopes, monotonicMs, sendHttp } = dependencies;
  const { idTokenRules } = entra;
  const breakers = createTokenBreakers(monotonicMs);
  const createMsalClient = createMsal({ ...entra, sendHttp, breakers });
  const { acquireToken, refreshInTurn, refusals } = createRenewals({
    ...dependencies,
    createMsalClient,
    idTokenRules,
    breakers,
  });
  return {
    codeFlow: createCodeFlow({ ...entra, createMsalClient }),
    acquireToken,
    refusals,
    renewIdentity: createRenewIdentity({ refresh: refreshInTurn, signInScopes, monotonicMs }),
  };
}
