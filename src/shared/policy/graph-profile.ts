import type { Dialect } from './api-profile.ts';
import { type PolicyReading, parsePolicy } from './match.ts';
import { hasLooseSemicolon } from './semicolons.ts';

/**
 * Forms in which Graph hands out keys that are more than {@link plainKey}: a chat or channel of Teams, a site of
 * SharePoint (host name and two GUIDs).
 */
const longKeys = [
  /^19:[A-Za-z0-9_-]{1,256}@(?:thread\.(?:v2|tacv2|skype)|unq\.gbl\.spaces)$/,
  /^[A-Za-z0-9.-]{1,253}(?:,[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}){2}$/,
];

/** Some servers drop a dot at either end of a segment, which makes it another segment. */
const plainKey = /^(?!\.)[A-Za-z0-9_@.!~=+-]{1,512}(?<!\.)$/;

/**
 * Names of Graph that look like keys, in any letter case, because Graph ignores it: letters alone, letters around one
 * number (`oauth2PermissionGrants`), a name with its version (`alerts_v2`), and a dotted name of a namespace. A Planner
 * key is 28 letters and digits of any kind.
 */
const nameForms = [
  /^[a-z]+$/,
  /^(?!.{28}$)[a-z]+\d{1,4}[a-z]{3,}\d{0,2}$/,
  /^[a-z]+_v\d{1,2}$/,
  /^(?:microsoft|graph|default)\.[^@]*$/,
];

/**
 * Names of Graph that no form above tells from a key. `npm run graph-names` finds them in Microsoft's permission
 * reference.
 */
const otherNames: ReadonlySet<string> = new Set([
  'fido2',
  'uploadpkcs12',
  'v1',
  // Names of 28 characters.
  'getm365appplatformusercounts',
  'getoffice365activationcounts',
  'getoffice365activeusercounts',
  'getoffice365activeuserdetail',
]);

/** OData's system query options. Graph takes them without their `$` as well. */
const systemOptions = new Set(
  [
    'select',
    'expand',
    'filter',
    'orderby',
    'search',
    'top',
    'skip',
    'count',
    'format',
    'levels',
    'apply',
  ].concat('compute', 'skiptoken', 'deltatoken'),
);

/** What is special about Microsoft Graph. */
export const graphDialect: Dialect = {
  /**
   * A key as Graph hands them out, or an address. `$` would be an OData word (`$value`, `$ref`), a parenthesis a function
   * or a key in brackets, a semicolon or colon a matrix or drive path. A word that is or could be one of Graph's
   * own names is more likely a function (`delta`), a well-known name or a cast. Each of those needs a separate rule.
   */
  isKey(segment) {
    if (longKeys.some((form) => form.test(segment))) return true;
    if (!plainKey.test(segment)) return false;
    const name = segment.toLowerCase();
    return !nameForms.some((form) => form.test(name)) && !otherNames.has(name);
  },
  // Two or three words with dots between them, the first with parts behind hyphens: User.Read, Mail.ReadWrite.Shared.
  scopeForm: /^[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?:\.[A-Z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*){1,3}$/,
  scopeCure:
    'write the name of one delegated permission of Microsoft Graph, as its reference has it: "Mail.Read"; no address before it, and not ".default"',
  knowsFileLinks: true,
  refusesBeforeActing: true,
  // Without Graph's address: MSAL compares scopes letter by letter, and one spelling is used throughout.
  toScope: (permission) => permission,
  pathDescription:
    "The path in Graph's own words, version first. {name} takes one id: /v1.0/me/messages/{id}. Functions with their parameters: /v1.0/me/reminderView(startDateTime='{start}',endDateTime='{end}').",
  pathFault(template) {
    if (/\/\$batch(?:\/|$)/i.test(template))
      return 'names $batch, which needs no rule: each call in a batch needs its own; take the rule out';
    if (/^\/(?:v1\.0|beta)\/./.test(template)) return undefined;
    return 'does not begin with a version of Microsoft Graph; write /v1.0/… or /beta/…';
  },
  /**
   * Of directory objects. Messages, contacts of a person and people are searched by words, in fields of Graph's choice;
   * `/v1.0/contacts` are the organization's, which are directory objects.
   */
  searchesByField: (template) => !/^\/[^/]+\/.+\/(?:messages|contacts|people)$/.test(template),
  hasSeparatingSemicolon: hasLooseSemicolon,
  maySaySemicolonsAreData: false,
  queryOptionFault(name) {
    if (!systemOptions.has(name.toLowerCase().replace(/^\$/, ''))) {
      return name.startsWith('$')
        ? 'is no option of OData; look at its spelling, or leave the $ out if the function is given it without'
        : undefined;
    }
    if (name.startsWith('$') && name === name.toLowerCase()) return undefined;
    return `is how Graph also takes an option of OData, and would pass unbounded; write "$${name.toLowerCase().replace(/^\$/, '')}"`;
  },
};

/** Reads a policy for Microsoft Graph. */
export const parseGraphPolicy = (document: unknown): PolicyReading => parsePolicy(document, graphDialect);
