import type { ApiProfile } from './api-profile.ts';
import { changesIfDecoded, toComparableText } from './characters.ts';
import { type PolicyResult, parsePolicy } from './parse.ts';
import { hasLooseSemicolon } from './semicolons.ts';

/** Keys with a colon, which would otherwise end the path of a file: a chat or channel of Teams. */
const chatKey = /^19:[A-Za-z0-9_-]{1,256}@(?:thread\.(?:v2|tacv2|skype)|unq\.gbl\.spaces)$/;

/**
 * Names of Graph that look like keys, in lower case, because Graph ignores letter case: letters only, letters around one
 * number (`oauth2PermissionGrants`), a name with its version (`alerts_v2`), and a name with its namespace. The second
 * pattern excludes 28 letters and digits, which may be a key of Planner.
 */
const namePatterns = [
  /^[a-z]+$/,
  /^(?!.{28}$)[a-z]+\d{1,4}[a-z]{3,}\d{0,2}$/,
  /^[a-z]+_v\d{1,2}$/,
  /^(?:microsoft|graph|default)\.[^@]*$/,
];

/**
 * Names of Graph that no pattern above distinguishes from a key. `npm run graph-names` finds them in Microsoft's
 * permission reference.
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

/** OData's system query options. Graph also accepts them without the `$`. */
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

/** Parameters that Graph documents with the name of an OData option and without its `$`, by the end of their paths. */
const ownParameters = [
  { name: 'format', path: /\/content$/ },
  { name: 'search', path: /^\/[^/]+\/sites$/ },
];

/** Whether a parenthesis begins the text or follows its first word, which could be the name of a function. */
const isFunctionCall = (text: string) => /^[^\s(]*\s*\(/.test(text);

/** Collections in which Graph knows words beside ids: `mailFolders('inbox')`, `items('root')`, `users('me')`. */
const collectionsWithWords: ReadonlySet<string> = new Set(
  'calendars childfolders contactfolders drives items lists mailfolders sites users'.split(' '),
);

export const graphProfile: ApiProfile = {
  /**
   * Any text except those that have a meaning in Graph's paths. `$` begins a word of OData (`$value`), a parenthesis
   * behind a name a function or a key, a semicolon a matrix parameter, and a colon the path of a file. A word that is or
   * could be a name of Graph is more likely a function (`delta`), a well-known name or a cast. Each of those needs a
   * separate rule. Some servers drop a dot or a space at either end, and the rest could be such a word.
   */
  isKey(text) {
    const comparable = toComparableText(text);
    if (/[:;]/.test(comparable)) return chatKey.test(text);
    return (
      comparable !== '' &&
      // Behind a `?`, a server that decodes the path before it looks for the query would find options.
      !/^[\s.$]|[\s.]$|[?/\\]/.test(comparable) &&
      !changesIfDecoded(comparable) &&
      !isFunctionCall(text) &&
      !namePatterns.some((pattern) => pattern.test(comparable)) &&
      !otherNames.has(comparable)
    );
  },
  hasKeysInParentheses: true,
  isKeyInParentheses(collection, key) {
    const comparable = toComparableText(key).replaceAll(/^[\s.]+|[\s.]+$/g, '');
    // Graph may write the key as a segment when it passes the call on, and `.` and `..` would then be dot segments.
    if (comparable === '') return false;
    return !/^[a-z]+$/.test(comparable) || !collectionsWithWords.has(collection.toLowerCase());
  },
  // Two to four words separated by dots. A word may have hyphens: User.Read, Mail.ReadWrite.Shared.
  scopePattern: /^[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?:\.[A-Z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*){1,3}$/,
  scopeHint:
    'write the name of one delegated permission of Microsoft Graph, as its reference spells it: "Mail.Read", without a URI before it, and not ".default"',
  hasFileLinks: true,
  checksTokenFirst: true,
  // Without Graph's URI. MSAL compares scopes letter by letter, so this service uses this one spelling everywhere.
  toScope: (permission) => permission,
  pathDescription:
    "The path as Graph documents it, beginning with the version. {name} stands for one id: /v1.0/me/messages/{id}. Functions with their parameters: /v1.0/me/reminderView(startDateTime='{start}',endDateTime='{end}').",
  pathIssue(template) {
    if (/\/\$batch(?:\/|$)/i.test(template))
      return 'names $batch, which needs no rule, because each call in a batch needs its own; remove the rule';
    if (/^\/(?:v1\.0|beta)\/./.test(template)) return undefined;
    return 'does not begin with a version of Microsoft Graph; write /v1.0/… or /beta/…, or give --api= for the policy of your own API';
  },
  /**
   * Directory objects are searched by field. Messages, people and a user's contacts are searched by words, in fields that
   * Graph chooses. `/v1.0/contacts` are contacts of the organization, which are directory objects.
   */
  searchesByField: (template) => !/^\/[^/]+\/.+\/(?:messages|contacts|people)$/.test(template),
  hasSeparatingSemicolon: hasLooseSemicolon,
  allowsSemicolonsAsData: false,
  queryOptionIssue(name, template) {
    if (ownParameters.some((own) => own.name === name && own.path.test(template))) return undefined;
    if (!systemOptions.has(name.toLowerCase().replace(/^\$/, ''))) {
      return name.startsWith('$')
        ? 'is not an option of OData; check the spelling, or omit the $ if it is a parameter of a function'
        : undefined;
    }
    if (name.startsWith('$') && name === name.toLowerCase()) return undefined;
    return `is another spelling of an OData option, which would pass without its bound; write "$${name.toLowerCase().replace(/^\$/, '')}"`;
  },
};

export const parseGraphPolicy = (document: unknown): PolicyResult => parsePolicy(document, graphProfile);
