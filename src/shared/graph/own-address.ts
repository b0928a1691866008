import { BffError } from '../errors.ts';
import type { Policy } from '../policy/match.ts';
import { allowedCall } from '../proxy/allowed-call.ts';

/** The address of ours that stands for a link of Graph's; undefined when the browser may not follow it. */
export type ToOwnAddress = (link: string) => string | undefined;

export interface OwnAddressNeeds {
  readonly policy: Policy;
  readonly graphOrigin: string;
  /** `https://app.example/api/graph` */
  readonly ownPrefix: string;
}

/**
 * A link becomes ours when it begins with exactly Graph's origin and the policy allows to GET it; each call of it is
 * compared with the policy again. Without a host, as in some `Location`s, it is of v1.0.
 */
export function createToOwnAddress({ policy, graphOrigin, ownPrefix }: OwnAddressNeeds): ToOwnAddress {
  return (link) => {
    const target = toTarget(link, graphOrigin);
    if (target === undefined) return undefined;
    const mark = target.indexOf('?');
    const path = mark === -1 ? target : target.slice(0, mark);
    const query = mark === -1 ? '' : target.slice(mark + 1);
    const allowed = spellingsOf(path).find((spelling) => isAllowed(policy, spelling, query));
    if (allowed === undefined) return undefined;
    return `${ownPrefix}${allowed}${query === '' ? '' : `?${query}`}`;
  };
}

function toTarget(link: string, graphOrigin: string): string | undefined {
  if (link.startsWith(`${graphOrigin}/`)) return link.slice(graphOrigin.length);
  if (!link.startsWith('/')) return undefined;
  return /^\/(?:v1\.0|beta)\//.test(link) ? link : `/v1.0${link}`;
}

/** Graph writes `/mailFolders('inbox')` where a call may say `/mailFolders/inbox`, which is what policies name. */
export function spellingsOf(path: string): readonly string[] {
  if (!path.includes("('")) return [path];
  return [path, path.replaceAll(/(\/[A-Za-z]+)\('([^'()/]+)'\)(?=\/|$)/g, '$1/$2')];
}

function isAllowed(policy: Policy, path: string, query: string): boolean {
  try {
    allowedCall(policy, { method: 'GET', path, query });
    return true;
  } catch (error) {
    if (error instanceof BffError) return false;
    throw error;
  }
}
