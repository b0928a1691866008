import type { Policy } from '../policy/policy.ts';
import type { Caller } from '../session/caller.ts';
import { withMe } from './link-spellings.ts';
import { type LinkEdit, removed } from './removed-links.ts';

/** The URL of this service that replaces a link of Graph, or why the browser may not follow the link. */
export type ToOwnUrl = (link: string, user: Pick<Caller['user'], 'objectId'>) => LinkEdit;

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
  const toEdit = (target: string): LinkEdit => {
    const questionMark = target.indexOf('?');
    const path = questionMark === -1 ? target : target.slice(0, questionMark);
    const query = questionMark === -1 ? '' : target.slice(questionMark + 1);
    const match = policy.match({ method: 'GET', path, query });
    if (match.kind === 'refused') {
      // With a MAC, another query may pass.
      const mayNeedMac = query !== '' && match.part !== 'path' && match.part !== 'method';
      return removed(mayNeedMac ? 'unverified' : 'not-allowed');
    }
    return {
      kind: 'own',
      url: `${ownPrefix}${match.call.path}${match.call.query === '' ? '' : `?${match.call.query}`}`,
    };
  };
  return (link, user) => {
    const target = toTarget(link, graphOrigin);
    if (target === undefined) return removed('other-host');
    const edit = toEdit(target);
    const ownTarget = withMe(target, user);
    return edit.kind === 'own' || ownTarget === undefined ? edit : toEdit(ownTarget);
  };
}

function toTarget(link: string, graphOrigin: string): string | undefined {
  if (link.startsWith(`${graphOrigin}/`)) return link.slice(graphOrigin.length);
  if (!link.startsWith('/')) return undefined;
  return /^\/(?:v1\.0|beta)\//i.test(link) ? link : `/v1.0${link}`;
}
