import {
  type CallTokenDependencies,
  createTokensForCall,
  type TokensForCall,
} from '../interaction/call-token.ts';
import { createRequestPermissions, type RequestPermissions } from '../interaction/missing-permissions.ts';
import { type CallLimits, createCallLimits } from './call-limits.ts';
import { createMemoryBudget, type MemoryBudget } from './memory-budget.ts';

/** Shared by all calls of upstream APIs on this worker: access tokens, and the limits on calls and memory. */
export interface UpstreamAccess {
  readonly tokensForCall: TokensForCall;
  readonly requestPermissions: RequestPermissions;
  readonly callLimits: CallLimits;
  readonly memoryBudget: MemoryBudget;
}

export function createUpstreamAccess(dependencies: CallTokenDependencies): UpstreamAccess {
  return {
    tokensForCall: createTokensForCall(dependencies),
    requestPermissions: createRequestPermissions(dependencies),
    callLimits: createCallLimits(),
    memoryBudget: createMemoryBudget(),
  };
}
