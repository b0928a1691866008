import type { RandomBytes } from '../crypto/seal.ts';
import type { Entra } from '../entra/entra.ts';
import type { SendHttp } from '../network/http-request.ts';
import type { SessionStore } from '../session/store.ts';
import { workerLog } from '../telemetry/worker-log.ts';
import { createCircuitBreakers } from './circuit-breaker.ts';
import { type CodeFlow, createCodeFlow } from './code-flow.ts';
import { createMsal } from './msal.ts';
import { createRenewals, type Renewals } from './renewals.ts';

/** Everything on this worker that obtains tokens from Microsoft Entra ID. */
export interface Tokens extends Renewals {
  readonly codeFlow: CodeFlow;
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
  const { entra, monotonicMs, sendHttp } = dependencies;
  const breakers = createCircuitBreakers(monotonicMs);
  const createMsalClient = createMsal({ ...entra, sendHttp, breakers });
  return {
    codeFlow: createCodeFlow({ ...entra, createMsalClient }),
    ...createRenewals({ ...dependencies, ...entra, createMsalClient, breakers, workerLog }),
  };
}
