import { Buffer } from 'node:buffer';
import { equalBytes, keyedHash } from '../crypto/keyed-hash.ts';
import { deriveKey } from '../crypto/seal.ts';
import { readExpand } from '../policy/expand.ts';
import type { AllowedCall, PolicyMatch, RequestedCall } from '../policy/match.ts';
import { isRead } from '../policy/methods.ts';
import { readUpstreamPath } from '../policy/path.ts';
import { endsWithParameter } from '../policy/path-template.ts';
import type { Policy } from '../policy/policy.ts';
import { type OptionText, toComparableOption } from '../policy/query.ts';
import type { Caller } from '../session/caller.ts';
import { spellingsOf } from './link-spellings.ts';
import { type LinkEdit, removed } from './removed-links.ts';

type User = Caller['user'];

/**
 * Links to the next page of a list. Graph's page tokens hold encoded `&` and `%`, which the policy refuses in a query that
 * the caller wrote, and Graph chooses between options that a rule may not list. A MAC in the link proves that Graph wrote
 * it, and that this service returned it to this user.
 */
export interface PageLinks {
  /**
   * Compares a call with the policy. If it has a valid MAC, the MAC is removed and its paging options are trusted: the rule
   * need not list them, and an encoded `&` or `%` in them is not refused.
   */
  match(user: User, requested: RequestedCall): PolicyMatch;
  /** The same for a call that must have a MAC. */
  matchSigned(user: User, requested: RequestedCall): PolicyMatch;
  /**
   * Replaces a link at the top level of Graph's response with a URL of this service that has a MAC. The link must lead to
   * the next page of exactly the list that this call read, or of a property that it expanded.
   * @param name the member's name: `@odata.nextLink`, or `members@odata.nextLink` for an expanded property
   * @returns undefined if Graph may not have written the member
   */
  sign(user: User, call: AllowedCall, name: string, link: string): LinkEdit | undefined;
  /**
   * Replaces the `Location` of Graph's response, if it leads to exactly the list that this call read. There, a list of
   * changes begins again after a 410. Its options may differ from those of the call, because Graph writes all headers.
   * @returns undefined if the call did not read a list
   */
  signLocation(user: User, call: AllowedCall, location: string): LinkEdit | undefined;
}

/** Path and query of a link that has a MAC, below `/api/graph`. */
export const MAX_PAGE_LINK_LENGTH = 16 * 1024;

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

  function matchSigned(user: User, requested: RequestedCall): PolicyMatch {
    const pairs = requested.query.split('&');
    const macs = pairs.filter(isMac);
    const query = pairs.filter((pair) => !isMac(pair)).join('&');
    const match = matchTrusted({ ...requested, query });
    if (match.kind === 'refused') return match;
    const isValid = macs.length === 1 && requested.method === 'GET' && hasMac(key, user, match.call, macs[0]);
    return isValid ? match : invalidLink;
  }

  /** @param isNextPage whether the options of the link are those of the next page */
  function signOne(
    user: User,
    call: AllowedCall,
    link: string,
    resource: Resource['resource'],
    isNextPage: (options: Resource['options']) => boolean,
  ): LinkEdit {
    if (!link.startsWith(`${graphOrigin}/`)) return removed('other-host');
    const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(link.slice(graphOrigin.length)) ?? [];
    // Checked whole, because the spelling of the call leaves out parts of it.
    if (readUpstreamPath(path).kind === 'refused') return removed('not-allowed');
    const allowed = spellingsOf(path, call, user)
      .map((spelling) => matchTrusted({ method: 'GET', path: spelling, query }))
      .flatMap((match) => (match.kind === 'allowed' ? [match.call] : []));
    const found = allowed.find(
      (one) => JSON.stringify(one.resource) === JSON.stringify(resource) && isNextPage(one.options),
    );
    if (found === undefined) return removed(allowed.length === 0 ? 'not-allowed' : 'other-call');
    const mac = macOf(key, user, found).toString('base64url');
    const ownLink = `${found.path}?${found.query === '' ? '' : `${found.query}&`}${MAC_OPTION}=${mac}`;
    if (ownLink.length > MAX_PAGE_LINK_LENGTH) return removed('too-long');
    return { kind: 'own', url: `${ownPrefix}${ownLink}` };
  }

  return {
    match(user, requested) {
      const { query } = requested;
      // In a batch, a query may have megabytes. The policy refuses a long one before it reads it.
      const isSigned = query.length <= MAX_PAGE_LINK_LENGTH && query.split('&').some(isMac);
      return isSigned ? matchSigned(user, requested) : policy.match(requested);
    },
    matchSigned,
    sign(user, call, name, link) {
      const expected = expectedOf(call, name);
      if (expected === undefined) return undefined;
      return signOne(
        user,
        call,
        link,
        expected.resource,
        (options) => options.some(isPaging) && hasSameOptions(expected.options, options),
      );
    },
    signLocation(user, call, location) {
      const list = isRead(call.method) ? expectedOf(call, '') : undefined;
      return list && signOne(user, call, location, list.resource, () => true);
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

/** Whether the options of a link are those of a call, except for the paging options. */
function hasSameOptions(expected: Resource['options'], linked: Resource['options']): boolean {
  const otherOptions = (options: Resource['options']) =>
    JSON.stringify(
      options
        .filter((option) => !isPaging(option))
        .map(({ name, value }) => [toComparableOption(name), value])
        .toSorted(([left = ''], [right = '']) => (left < right ? -1 : 1)),
    );
  return otherOptions(linked) === otherOptions(expected);
}
