import { BffError } from '../errors.ts';
import { isRead } from './methods.ts';

/** The headers that a rule allows in its calls, in addition to those that every rule allows. */
export interface HeaderRule {
  /** Further headers that are forwarded, in lower case. */
  readonly headers: readonly string[];
  /** Further preferences of `Prefer` that pass with any value, in lower case. */
  readonly preferences: readonly string[];
  /**
   * The largest page size that `Prefer` may ask for: the bound of `$top`, infinity if `$top` may have any value, or 0
   * if the rule has no `$top`.
   */
  readonly maxPageSize: number;
}

/**
 * Headers that, by Graph's documentation, change what a call reads, in which workbook session it writes, or as which user it
 * acts. If the proxy dropped one silently, the call would do something else. Without the session's id, for example, Excel
 * saves changes to the file.
 * @see https://learn.microsoft.com/graph/api/user-list-people
 * @see https://learn.microsoft.com/graph/api/workbook-createsession
 * @see https://learn.microsoft.com/graph/api/resources/schedule (MS-APP-ACTS-AS)
 */
const callChangingHeaders = ['x-peoplequery-querysources', 'workbook-session-id', 'ms-app-acts-as'];
/**
 * Headers that change what a write does. Without them, a part of a file would replace the whole file, and a change would
 * overwrite a later one (RFC 9110, 13.1.4, 14.5).
 */
const changingHeadersOfWrites = [...callChangingHeaders, 'content-range', 'if-unmodified-since'];

/**
 * Preferences that every rule lets pass, because they only change the form of a response. A rule must name all others,
 * because a preference can do more than its name says: with `redeemSharingLink`, a GET grants lasting access.
 * @see https://learn.microsoft.com/graph/api/resources/mail-api-overview, outlook-immutable-id, best-practices-concept
 */
const corePreferences: ReadonlyMap<string, RegExp> = new Map([
  ['return', /^(?:minimal|representation)$/],
  // Names from Windows (`UTC+12`, `Pacific Standard Time (Mexico)`), from IANA, and `tzone://Microsoft/Utc`.
  ['outlook.timezone', /^[A-Za-z0-9 ()+:._/-]{1,64}$/],
  ['outlook.body-content-type', /^(?:text|html)$/i],
  ['idtype', /^ImmutableId$/i],
  ['include-unknown-enum-members', /^$/],
]);

/** Preferences that ask for a page size, as `$top` does. OData 4.01 omits the prefix. */
const pageSizes = new Set(['odata.maxpagesize', 'maxpagesize']);

/**
 * Path and query of a link to Graph that is too long for a request line. Only the proxy for Graph reads it, and only with GET.
 * For every other call, its caller expects another response than the call would get.
 */
export const linkHeader = 'x-graph-link';

/**
 * Refuses a call whose headers ask for more than its rule allows.
 * @param header returns a header by its lower-case name
 * @throws {BffError} request_invalid
 */
export function requireAllowedHeaders(
  method: string,
  header: (name: string) => string | undefined,
  rule: HeaderRule,
): void {
  if (header(linkHeader) !== undefined)
    throw refused(`the header ${linkHeader} is only for a GET of a link to Microsoft Graph`);
  const unlisted = (isRead(method) ? callChangingHeaders : changingHeadersOfWrites).find(
    (name) => (header(name) ?? '') !== '' && !rule.headers.includes(name),
  );
  if (unlisted !== undefined)
    throw refused(`the header ${unlisted} changes the call, but the rule for this path does not list it`);
  const prefer = header('prefer');
  if (prefer === undefined) return;
  const preferences = readPreferences(prefer);
  if (preferences === undefined)
    throw refused(
      'the header Prefer is not a list of preferences, has one twice, or has a comma or semicolon within quotes',
    );
  for (const [name, value] of preferences) {
    if (pageSizes.has(name)) requirePageSize(name, value, rule);
    else if (!rule.preferences.includes(name) && corePreferences.get(name)?.test(value) !== true) {
      throw refused(
        `the header Prefer has a preference that the rule for this path does not list. Always allowed: ${[...corePreferences.keys()].join(', ')}, and odata.maxpagesize up to the rule's $top`,
      );
    }
  }
}

function requirePageSize(
  name: string,
  value: string,
  { preferences, maxPageSize }: Pick<HeaderRule, 'preferences' | 'maxPageSize'>,
): void {
  const max = maxPageSize === 0 && preferences.includes(name) ? Number.POSITIVE_INFINITY : maxPageSize;
  if (max === 0) throw refused(`the preference ${name} needs a rule that has $top or lists the preference`);
  if (!/^\d{1,9}$/.test(value) || Number(value) > max)
    throw refused(`the preference ${name} must be a whole number${max < 1e9 ? ` up to ${max}` : ''}`);
}

const token = "[A-Za-z0-9!#$%&'*+.^_|~`-]+";
/** Without comma and semicolon, because a reader that ignores quotes would split there and find one more preference. */
const quoted = '"[\\x20\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]*"';
/** Without parameters, because no preference of Graph has one. */
const preferencePattern = new RegExp(
  `[ \\t]*(?:(${token})(?:[ \\t]*=[ \\t]*(${token}|${quoted}))?[ \\t]*)?(?:,|$)`,
  'y',
);

/** Preferences by lower-case name. Undefined if the header is not a list of preferences. @see RFC 7240, 2 */
function readPreferences(header: string): ReadonlyMap<string, string> | undefined {
  const preferences = new Map<string, string>();
  preferencePattern.lastIndex = 0;
  while (preferencePattern.lastIndex < header.length) {
    const read = preferencePattern.exec(header);
    if (read === null) return undefined;
    const [, name, value = ''] = read;
    if (name === undefined) continue;
    const comparable = name.toLowerCase();
    if (preferences.has(comparable)) return undefined;
    preferences.set(comparable, value.replaceAll('"', ''));
  }
  return preferences;
}

function refused(reason: string): BffError {
  return new BffError('request_invalid', { detail: `Refused: ${reason}.`, rules: ['header'] });
}

/**
 * Headers that no rule may name. They carry the caller's identity, the framing or the route of a call, or the platform
 * or this service sets them.
 */
const reserved = new RegExp(
  `^(?:${[
    'accept-encoding|access-control-.*|authorization|client-request-id|connection|content-(?:encoding|length|type)',
    'cookie2?|date|expect|forwarded|host|http2-settings|keep-alive|max-forwards|origin|prefer|proxy-.*|referer|sec-.*',
    `set-cookie2?|te|trailer|transfer-encoding|upgrade|via|was-.*|${linkHeader}`,
    'x-(?:arr|authorization|azure|client|csrf|forwarded|functions|http|method|ms|original|real|rewrite|session-tag|site|waws)(?:-.*)?',
  ].join('|')})$`,
);

/** Whether a rule may name this header. An underscore is refused, because some servers would read it as a hyphen. */
export function isNameableHeader(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,63}$/i.test(name) && !reserved.test(name.toLowerCase());
}
