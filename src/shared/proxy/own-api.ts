import type { Policy } from '../policy/match.ts';
import { createForward, type ForwardNeeds } from './forward.ts';
import { createProxy, type ProxyNeeds, type UpstreamProxy } from './proxy.ts';
import type { EchoesRequestId } from './request-id-echo.ts';

export interface OwnApiOptions {
  readonly origin: string;
  readonly echoesRequestId: EchoesRequestId;
  readonly policy: Policy;
}

export interface OwnApiDependencies
  extends Omit<ForwardNeeds, 'origin' | 'echoesRequestId' | 'repeatsRefusedWrites'>,
    Omit<ProxyNeeds, 'policy' | 'forward' | 'readingOf' | 'allow'> {}

/** One of the operator's own APIs behind this service's own address. */
export function createOwnApi(
  { origin, echoesRequestId, policy }: OwnApiOptions,
  dependencies: OwnApiDependencies,
): UpstreamProxy {
  const { repeatsRefusedWrites } = policy;
  const forward = createForward({ ...dependencies, origin, echoesRequestId, repeatsRefusedWrites });
  return createProxy({ ...dependencies, policy, forward });
}
