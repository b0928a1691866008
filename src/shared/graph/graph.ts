import type { Buffer } from 'node:buffer';
import type { Cloud } from '../entra/authority.ts';
import type { Interaction } from '../interaction/interaction.ts';
import type { Policy } from '../policy/match.ts';
import { createForward, type ForwardNeeds } from '../proxy/forward.ts';
import type { ProxyNeeds, UpstreamProxy } from '../proxy/proxy.ts';
import type { EchoesRequestId } from '../proxy/request-id-echo.ts';
import { createHasFileToken, createIsFileAddress } from './file-addresses.ts';
import { createGraphProxy } from './graph-proxy.ts';
import { createHandedOutLinks } from './handed-out-links.ts';
import { createLinks } from './links.ts';
import { createToOwnAddress } from './own-address.ts';

export interface GraphOptions {
  readonly cloud: Cloud;
  /** Graph's origin in this cloud. */
  readonly origin: string;
  /** The address that stands for Graph's origin in the browser: `https://app.contoso.com/api/graph`. */
  readonly ownPrefix: string;
  readonly echoesRequestId: EchoesRequestId;
  readonly policy: Policy;
  readonly indexKey: Buffer;
}

export interface GraphDependencies
  extends Omit<ForwardNeeds, 'origin' | 'echoesRequestId' | 'repeatsRefusedWrites'>,
    Omit<ProxyNeeds, 'policy' | 'forward' | 'readingOf' | 'allow' | 'interaction'> {
  readonly interaction: Interaction;
}

/** Microsoft Graph behind this service's own address. */
export function createGraph(
  { cloud, origin, ownPrefix, echoesRequestId, policy, indexKey }: GraphOptions,
  dependencies: GraphDependencies,
): UpstreamProxy {
  const addresses = { policy, graphOrigin: origin, ownPrefix };
  return createGraphProxy({
    ...dependencies,
    policy,
    forward: createForward({
      ...dependencies,
      origin,
      echoesRequestId,
      repeatsRefusedWrites: policy.repeatsRefusedWrites,
    }),
    links: createLinks({
      toOwnAddress: createToOwnAddress(addresses),
      isFileAddress: createIsFileAddress(cloud, origin),
      hasFileToken: createHasFileToken(cloud, origin),
    }),
    handedOutLinks: createHandedOutLinks({ ...addresses, indexKey }),
  });
}
