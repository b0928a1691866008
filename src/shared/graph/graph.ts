import type { Buffer } from 'node:buffer';
import type { Cloud } from '../entra/authority.ts';
import type { Interaction } from '../interaction/interaction.ts';
import type { RequestPermissions } from '../interaction/missing-permissions.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import { requireAllowed } from '../policy/match.ts';
import type { Policy } from '../policy/policy.ts';
import type { ApiProxy } from '../proxy/custom-api.ts';
import { requireEmbeddable } from '../proxy/embed.ts';
import { createForward, type ForwardDependencies, toRequestedCall } from '../proxy/forward.ts';
import { requireTokenNotEchoed } from '../proxy/returned-token.ts';
import { upstreamProblem } from '../proxy/send.ts';
import type { Exchange } from '../proxy/send-with-token.ts';
import { batchVersionOf, forwardBatch } from './batch.ts';
import { createHasFileToken, createIsFileUrl } from './file-urls.ts';
import { readLinkHeader, withoutLinkHeader } from './link-header.ts';
import { createLinks, fileUrlHeader } from './links.ts';
import { createToOwnUrl } from './own-url.ts';
import { createPageLinks } from './page-links.ts';

export interface GraphOptions {
  readonly cloud: Cloud;
  /** Graph's origin in this cloud. */
  readonly origin: string;
  /** Replaces Graph's origin in links: `https://app.contoso.com/api/graph`. */
  readonly ownPrefix: string;
  readonly policy: Policy;
  readonly indexKey: Buffer;
}

export interface GraphDependencies extends ForwardDependencies {
  readonly interaction: Interaction;
  readonly requestPermissions: RequestPermissions;
  readonly rateLimits: Pick<RateLimits, 'countForSession'>;
  readonly now: () => Date;
}

/** Forwards calls and batches to Microsoft Graph, if the policy allows them, and replaces the links in Graph's responses. */
export function createGraph(options: GraphOptions, dependencies: GraphDependencies): ApiProxy {
  const { cloud, origin, ownPrefix, policy, indexKey } = options;
  const urlOptions = { policy, graphOrigin: origin, ownPrefix };
  const pageLinks = createPageLinks({ ...urlOptions, indexKey });
  const links = createLinks({
    toOwnUrl: createToOwnUrl(urlOptions),
    isFileUrl: createIsFileUrl(cloud, origin),
    hasFileToken: createHasFileToken(cloud, origin),
    pageLinks,
  });
  const forward = createForward(dependencies, 'drop');
  const batchDependencies = { ...dependencies, links, pageLinks };
  return {
    async call(caller, request, log) {
      const version = batchVersionOf(request.path);
      if (version !== undefined) {
        requireEmbeddable(request.embed);
        return forwardBatch(caller, request, version, log, batchDependencies);
      }
      const linked = readLinkHeader(request);
      const match =
        linked === undefined
          ? pageLinks.match(caller.user, toRequestedCall(request))
          : pageLinks.matchSigned(caller.user, linked);
      const call = requireAllowed(match);
      const exchange = await forward(caller, withoutLinkHeader(request), call, log);
      const response = links.toResponse(exchange, { user: caller.user, call }, log, dependencies.now());
      requireTokenNotEchoed(response, exchange, call.rule.feature, log);
      if (request.embed !== undefined && fileUrlHeader in response.headers) throw fileElsewhere(exchange);
      return response;
    },
  };
}

/** The JSON with the address of the file is for a script. The user would save it in place of the file. */
const fileElsewhere = ({ request }: Exchange) =>
  upstreamProblem(
    request,
    'upstream_answer_refused',
    'This file is at a file host of Microsoft. A script of the app has to read its address first.',
  );
