import { Buffer } from 'node:buffer';
import { equalBytes, keyedHash } from '../crypto/keyed-hash.ts';
import { deriveKey } from '../crypto/seal.ts';
import { readExpand } from '../policy/expand.ts';
import type { AllowedCall, PolicyMatch, RequestedCall } from '../policy/match.ts';
import { endsWithParameter } from '../policy/path-template.ts';
import type { Policy } from '../policy/policy.ts';
import { type OptionText, toComparableOption } from '../policy/query.ts';
import type { Caller } from '../session/caller.ts';

type User = Caller['user'];

/**
 * Links to the next page of a list. Graph's page tokens hold encoded `&` and `%`, which the policy refuses in a query that
 * the caller wrote. A MAC in the link proves that Graph wrote it, and that this service returned it to this user.
 */
export interface PageLinks {
  /**
   * Compares a call with the policy. If it has a valid MAC, the MAC is removed and the values of its paging options are
   * trusted: the policy does not refuse an encoded `&` or `%` in them.
   */
  match(user: User, requested: RequestedCall): PolicyMatch;
  /**
   * Replaces a link at the top level of Graph's response with a URL of this service that has a MAC. Undefined unless the
   * link leads to the next page of exactly the list that this call read, or of a property that it expanded.
   * @param name the member's name: `@odata.nextLink`, or `members@odata.nextLink` for an expanded property
   */
  sign(user: User, call: AllowedCall, name: string, link: string): string | undefined;
}

export interface PageLinksOptions {
  readonly policy: Policy;
  readonly graphOrigin: string;
  /** `https://app.example/api/graph` */
  readonly ownPrefix: string;
  /** `SESSION_INDEX_KEY`, from which the key of the MAC is derived. */
  readonly indexKey: Buffer;
}

/** No policy can list this option, because names of options have no underscore. */
const MAC_OPTION = 'bff_link';

/** Options that Graph may change from page to page, by comparable name. */
const pagingOptions: ReadonlySet<string> = new Set(['skiptoken', 'deltatoken', 'skip']);

const isPaging = ({ name }: OptionText) => pagingOptions.has(toComparableOption(name));

/**
 * What a call or a link reads; part of the input of a MAC. Its texts are decoded, because a caller's library may encode the
 * same option in another way.
 */
interface Resource extends Pick<AllowedCall, 'resource'> {
  readonly options: readonly OptionText[];
}

export function createPageLinks({ policy, graphOrigin, ownPrefix, indexKey }: PageLinksOptions): PageLinks {
  const key = deriveKey(indexKey, 'graph-links');
  const matchTrusted = (requested: RequestedCall) =>
    policy.match({ ...requested, trustedOptions: pagingOptions });

  return {
    match(user, requested) {
      const pairs = requested.query.split('&');
      const macs = pairs.filter(isMac);
      if (macs.length === 0) return policy.match(requested);
      const query = pairs.filter((pair) => !isMac(pair)).join('&');
      const match = matchTrusted({ ...requested, query });
      if (match.kind === 'refused') return match;
      const isValid =
        macs.length === 1 && requested.method === 'GET' && hasMac(key, user, match.call, macs[0]);
      return isValid ? match : invalidLink;
    },
    sign(user, call, name, link) {
      const expected = expectedOf(call, name);
      const target = link.startsWith(`${graphOrigin}/`) ? link.slice(graphOrigin.length) : undefined;
      if (expected === undefined || target === undefined) return undefined;
      const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(target) ?? [];
      const match = matchTrusted({ method: 'GET', path, query });
      if (match.kind === 'refused' || !isNextPageOf(expected, match.call)) return undefined;
      const mac = macOf(key, user, match.call).toString('base64url');
      return `${ownPrefix}${match.call.path}?${match.call.query}&${MAC_OPTION}=${mac}`;
    },
  };
}

const invalidLink: PolicyMatch = {
  kind: 'refused',
  code: 'path_not_allowed',
  part: 'link',
  detail:
    'This link is not valid for this user and call, or the policy or the key has changed since. Read the list again from its first page.',
};

function hasMac(key: Buffer, user: User, call: AllowedCall, pair = ''): boolean {
  const text = pair.slice(MAC_OPTION.length + 1);
  const mac = Buffer.from(text, 'base64url');
  // A decoder of base64url ignores the last bits, so a MAC could otherwise have several spellings.
  return mac.toString('base64url') === text && equalBytes(mac, macOf(key, user, call));
}

function macOf(key: Buffer, user: User, { rule, resource, options }: AllowedCall): Buffer {
  // Sorted, because a caller's library may reorder options.
  const sorted = options
    .map(({ name, value }): [string, string] => [toComparableOption(name), value])
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  return keyedHash(key, [
    'graph-link',
    user.tenantId,
    user.objectId,
    rule.digest,
    resource.length,
    ...resource,
    ...sorted.flat(),
  ]);
}

const isMac = (pair: string) => pair.startsWith(`${MAC_OPTION}=`);

/** The list that a link must continue, with the options that the link must have besides the paging options. */
function expectedOf(call: AllowedCall, name: string): Resource | undefined {
  const { resource, options } = call;
  const property = name.slice(0, name.lastIndexOf('@'));
  if (!isWrittenByGraph(call)) return undefined;
  // A path that ends with a parameter leads to a single object, which has no next page. A member `@odata.nextLink` in it may
  // have been chosen by another app.
  if (property === '') return endsWithParameter(call.rule.template) ? undefined : call;
  const expand = options.find((option) => option.name === '$expand');
  const reading = readExpand(expand?.value ?? '');
  const items = reading.kind === 'items' ? reading.items : [];
  const item = items.find(({ navigation }) => navigation === property);
  return item?.options && { resource: [...resource, property], options: item.options };
}

/**
 * Whether Graph wrote the top level of the response. The sender of a file or an attachment chose its bytes, and an app chose
 * the names of an open extension's members.
 */
function isWrittenByGraph({ resource }: Resource): boolean {
  const last = resource.at(-1) ?? '';
  return !/^\$value$|content(?:stream)?$/i.test(last) && resource.at(-2)?.toLowerCase() !== 'extensions';
}

function isNextPageOf(expected: Resource, link: Resource): boolean {
  const otherOptions = (options: readonly OptionText[]) =>
    JSON.stringify(
      options
        .filter((option) => !isPaging(option))
        .map(({ name, value }) => [toComparableOption(name), value])
        .toSorted(([left = ''], [right = '']) => (left < right ? -1 : 1)),
    );
  return (
    link.options.some(isPaging) &&
    JSON.stringify(link.resource) === JSON.stringify(expected.resource) &&
    otherOptions(link.options) === otherOptions(expected.options)
  );
}
