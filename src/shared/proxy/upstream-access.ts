import { type CallTokenNeeds, createTokensForCall, type TokensForCall } from '../interaction/call-token.ts';
import { type CountCall, createCountCall } from './counted-call.ts';
import { createCallLimits } from './limiter.ts';
import { type BodyRoom, createBodyRoom } from './memory-budget.ts';

/** What every call of an upstream API shares on this worker: access tokens, and the limits on calls and memory. */
export interface UpstreamAccess {
  readonly tokensForCall: TokensForCall;
  readonly countCall: CountCall;
  readonly bodyRoom: BodyRoom;
}

export function createUpstreamAccess(dependencies: CallTokenNeeds): UpstreamAccess {
  return {
    tokensForCall: createTokensForCall(dependencies),
    countCall: createCountCall(createCallLimits()),
    bodyRoom: createBodyRoom(),
  };
}
