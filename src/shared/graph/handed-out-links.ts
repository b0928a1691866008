import { Buffer } from 'node:buffer';
import { equalBytes, keyedHash } from '../crypto/keyed-hash.ts';
import { deriveKey } from '../crypto/seal.ts';
import { BffError } from '../errors.ts';
import type { Policy } from '../policy/match.ts';
import { readUpstreamPath } from '../policy/path.ts';
import { type QueryOption, readUpstreamQuery } from '../policy/query.ts';
import { readExpandItems } from '../policy/query-bounds.ts';
import { toComparableOption } from '../policy/rereadings.ts';
import { type AllowedCall, allowedCall, type WantedCall } from '../proxy/allowed-call.ts';
import type { SessionContent } from '../session/facts.ts';
import { spellingsOf } from './own-address.ts';

type WhoCalls = Pick<SessionContent, 'facts'>;

/**
 * Links to the next page that Graph wrote and this service handed out. Graph's page tokens hold encoded `&` and `%`,
 * which the policy refuses in a query that the caller wrote. A MAC proves that Graph wrote the link.
 */
export interface HandedOutLinks {
  /**
   * Compares a call with the policy. If the call has a valid MAC, the MAC is removed and its paging options are not
   * decoded again.
   * @throws {BffError} request_invalid, path_not_allowed, content_type_not_allowed
   */
  allow(session: WhoCalls, wanted: WantedCall): AllowedCall;
  /**
   * Our address, with its MAC, that replaces a link at the top level of Graph's answer; undefined unless the link leads
   * to the next page of this very call.
   * @param name the member's name: `@odata.nextLink`, or `members@odata.nextLink` for an expanded property
   */
  sign(session: WhoCalls, call: AllowedCall, name: string, link: string): string | undefined;
}

export interface HandedOutLinksNeeds {
  readonly policy: Policy;
  readonly graphOrigin: string;
  /** `https://app.example/api/graph` */
  readonly ownPrefix: string;
  /** `SESSION_INDEX_KEY`: the MAC's key is derived from it. */
  readonly indexKey: Buffer;
}

/** No policy can name this option, because names of options have no underscore. */
const MAC_OPTION = 'bff_link';

/** Options that Graph may change from page to page, by comparable name. */
const pagingOptions: ReadonlySet<string> = new Set(['skiptoken', 'deltatoken', 'skip']);

const isPaging = ({ name }: QueryOption) => pagingOptions.has(toComparableOption(name));

/** The input of a MAC. It is decoded, because libraries write the same options anew and in another order. */
interface Resource {
  readonly segments: readonly string[];
  readonly options: readonly QueryOption[];
}

export function createHandedOutLinks(needs: HandedOutLinksNeeds): HandedOutLinks {
  const { policy, graphOrigin, ownPrefix } = needs;
  const key = deriveKey(needs.indexKey, 'graph-links');
  const allowOwn = (wanted: WantedCall) => allowedCall(policy, { ...wanted, ownOptions: pagingOptions });

  function macOf({ facts }: WhoCalls, { ruleDigest }: AllowedCall, { segments, options }: Resource): Buffer {
    const { tenantId, objectId } = facts.claims.principal;
    const sorted = options
      .map(({ name, value }): [string, string] => [toComparableOption(name), value])
      .toSorted(([left], [right]) => (left < right ? -1 : 1));
    return keyedHash(key, [
      'graph-link',
      tenantId,
      objectId,
      ruleDigest,
      segments.length,
      ...segments,
      ...sorted.flat(),
    ]);
  }

  return {
    allow(session, wanted) {
      const pairs = wanted.query.split('&');
      const [given, ...more] = pairs.filter(isMac);
      if (given === undefined) return allowedCall(policy, wanted);
      const query = pairs.filter((pair) => !isMac(pair)).join('&');
      const allowed = allowOwn({ ...wanted, query });
      const text = given.slice(MAC_OPTION.length + 1);
      const mac = Buffer.from(text, 'base64url');
      const resource = readResource(allowed);
      if (
        wanted.method === 'GET' &&
        more.length === 0 &&
        // Only one spelling is accepted. Base64url would leave the last bits open.
        mac.toString('base64url') === text &&
        resource !== undefined &&
        equalBytes(mac, macOf(session, allowed, resource))
      ) {
        return allowed;
      }
      throw new BffError('path_not_allowed', {
        rules: ['link'],
        detail:
          'This link was not handed out to this user, or the policy has changed since. Read the list from its beginning.',
      });
    },
    sign(session, call, name, link) {
      const expected = expectedOf(call, name);
      const target = link.startsWith(`${graphOrigin}/`) ? link.slice(graphOrigin.length) : undefined;
      if (expected === undefined || target === undefined) return undefined;
      const [, linkPath = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(target) ?? [];
      for (const path of spellingsOf(linkPath)) {
        const allowed = tryAllow(() => allowOwn({ method: 'GET', path, query }));
        const resource = allowed && readResource(allowed);
        if (allowed === undefined || resource === undefined || !isNextPageOf(expected, resource)) continue;
        const mac = macOf(session, allowed, resource).toString('base64url');
        return `${ownPrefix}${path}?${query}&${MAC_OPTION}=${mac}`;
      }
      return undefined;
    },
  };
}

const isMac = (pair: string) => pair.startsWith(`${MAC_OPTION}=`);

function readResource({ path, query }: Pick<AllowedCall, 'path' | 'query'>): Resource | undefined {
  const pathReading = readUpstreamPath(path);
  const queryReading = readUpstreamQuery(query, (name) => pagingOptions.has(name));
  return pathReading.kind === 'path' && queryReading.kind === 'query'
    ? { segments: pathReading.path.segments, options: queryReading.options }
    : undefined;
}

/** The list that a link must continue, with the options that the link must have in addition to those of paging. */
function expectedOf(call: AllowedCall, name: string): Resource | undefined {
  const resource = readResource(call);
  const property = name.slice(0, name.lastIndexOf('@'));
  if (resource === undefined || !isEnvelope(resource)) return undefined;
  // A single object has no next page, but an open extension's members have names that another app chose.
  if (property === '') return call.isOfOne ? undefined : resource;
  const expand = resource.options.find((option) => option.name === '$expand');
  const item = readExpandItems(expand?.value ?? '').find(({ navigation }) => navigation === property);
  return item?.options && { segments: [...resource.segments, property], options: item.options };
}

/**
 * Whether Graph wrote the answer itself. The sender of a file or an attachment chose its bytes, and some app chose the
 * names of an open extension's members.
 */
function isEnvelope({ segments }: Resource): boolean {
  const last = segments.at(-1) ?? '';
  return !/^\$value$|content(?:stream)?$/i.test(last) && segments.at(-2)?.toLowerCase() !== 'extensions';
}

function isNextPageOf(expected: Resource, link: Resource): boolean {
  const rest = (options: readonly QueryOption[]) =>
    JSON.stringify(
      options
        .filter((option) => !isPaging(option))
        .map(({ name, value }) => [toComparableOption(name), value])
        .toSorted(([left = ''], [right = '']) => (left < right ? -1 : 1)),
    );
  return (
    link.options.some(isPaging) &&
    JSON.stringify(link.segments) === JSON.stringify(expected.segments) &&
    rest(link.options) === rest(expected.options)
  );
}

function tryAllow(allow: () => AllowedCall): AllowedCall | undefined {
  try {
    return allow();
  } catch (error) {
    if (error instanceof BffError) return undefined;
    throw error;
  }
}
