import type { Policy } from '../policy/policy.ts';

/** The URL of this service that replaces a link of Graph. Undefined if the browser may not follow the link. */
export type ToOwnUrl = (link: string) => string | undefined;

export interface OwnUrlOptions {
  readonly policy: Policy;
  readonly graphOrigin: string;
  /** `https://app.example/api/graph` */
  readonly ownPrefix: string;
}

/**
 * Replaces a link of Graph, if the policy allows a GET of it. The link must begin with exactly Graph's origin, or have
 * no host, as in some `Location` headers. A link without a host may lack the version, which is then v1.0. When the
 * browser follows the new link, the call is compared with the policy again.
 */
export function createToOwnUrl({ policy, graphOrigin, ownPrefix }: OwnUrlOptions): ToOwnUrl {
  return (link) => {
    const target = toTarget(link, graphOrigin);
    if (target === undefined) return undefined;
    const questionMark = target.indexOf('?');
    const path = questionMark === -1 ? target : target.slice(0, questionMark);
    const query = questionMark === -1 ? '' : target.slice(questionMark + 1);
    const match = policy.match({ method: 'GET', path, query });
    if (match.kind === 'refused') return undefined;
    return `${ownPrefix}${match.call.path}${match.call.query === '' ? '' : `?${match.call.query}`}`;
  };
}

function toTarget(link: string, graphOrigin: string): string | undefined {
  if (link.startsWith(`${graphOrigin}/`)) return link.slice(graphOrigin.length);
  if (!link.startsWith('/')) return undefined;
  return /^\/(?:v1\.0|beta)\//i.test(link) ? link : `/v1.0${link}`;
}
