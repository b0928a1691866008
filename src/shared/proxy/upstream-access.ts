import { createTokensForCall, type TokensForCall } from '../interaction/call-token.ts';
import type { Interaction } from '../interaction/interaction.ts';
import type { AcquireToken } from '../tokens/access-token.ts';
import type { Refusals } from '../tokens/refusals.ts';
import { type CountCall, createCountCall } from './counted-call.ts';
import { createCallLimits } from './limiter.ts';
import { type BodyRoom, createBodyRoom } from './memory-budget.ts';

/** What every call of an upstream API shares on this worker: access tokens, and the limits on calls and memory. */
export interface UpstreamAccess {
  readonly tokensForCall: TokensForCall;
  readonly countCall: CountCall;
  readonly bodyRoom: BodyRoom;
}

export interface UpstreamAccessDependencies {
  readonly acquireToken: AcquireToken;
  readonly refusals: Refusals;
  readonly interaction: Interaction;
}

export function createUpstreamAccess(dependencies: UpstreamAccessDependencies): UpstreamAccess {
  return {
    tokensForCall: createTokensForCall(dependencies),
    countCall: createCountCall(createCallLimits()),
    bodyRoom: createBodyRoom(),
  };
}
