import type { Cloud } from '../entra/authority.ts';

/**
 * Hosts at which SharePoint, OneDrive and Outlook serve files to anyone who has the file's URL. An entry with
 * a leading dot stands for every host below that name.
 * @see https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges
 * @see https://learn.microsoft.com/graph/api/driveitem-get-content
 * @see https://learn.microsoft.com/graph/outlook-large-attachments
 */
const fileHosts: Readonly<Record<Cloud, readonly string[]>> = {
  public: [
    '.sharepoint.com',
    // Conversions (`/content?format=pdf`) and previews.
    '.svc.ms',
    // OneDrive of personal accounts.
    '.1drv.com',
    'api.onedrive.com',
    'my.microsoftpersonalcontent.com',
    // Large attachments.
    'outlook.office.com',
    'outlook.office365.com',
  ],
  usgov: ['.sharepoint.us', 'outlook.office365.us'],
  usgovdod: ['.sharepoint-mil.us', '.dps.mil', 'outlook-dod.office365.us'],
  china: ['.sharepoint.cn', 'partner.outlook.cn'],
};

/**
 * Parameters that hold the token in a file's URL, in lower case. SharePoint, OneDrive and Azure Storage use the first three.
 * Outlook uses the last one for attachments.
 */
const tokenParameters = new Set(['tempauth', 'access_token', 'sig', 'authtoken']);

const tokenPattern = /(?:tempauth|access_token|sig|authtoken)=/i;

/**
 * In any letter case. A text without one of these has no {@link tokenParameters} in plain letters. In JSON, each letter may
 * also be escaped.
 */
export const marksOfTokens = [...tokenParameters].map((name) => `${name}=`);

/** Whether this is the URL of a file at Microsoft: https, a listed host, nothing else before the path. */
export type IsFileUrl = (text: string) => boolean;

/** @param graphOrigin an origin without TLS belongs to an emulator, which serves the files itself */
export function createIsFileUrl(cloud: Cloud, graphOrigin: string): IsFileUrl {
  const hosts = fileHosts[cloud];
  const emulated = graphOrigin.startsWith('http://') ? `${graphOrigin}/files/` : undefined;
  return (text) => {
    if (emulated !== undefined && text.startsWith(emulated)) return /^[\x21-\x7e]*$/.test(text);
    // Not with a URL parser, which would repair the text. Every reader must find the same host.
    const [, host = ''] =
      /^https:\/\/((?:[a-z0-9-]+\.)+[a-z]+)(?:[/?][\x21-\x5b\x5d-\x7e]*)?$/.exec(text) ?? [];
    return hosts.some((listed) => (listed.startsWith('.') ? host.endsWith(listed) : host === listed));
  };
}

/**
 * @param mayParse called before the slow URL parser reads the text. If it returns false, the text counts as a match.
 */
export type HasFileToken = (text: string, mayParse: () => boolean) => boolean;

/** The beginning of a URL, up to its host. The userinfo may itself contain an `@`. */
const beginning = String.raw`^https?:[/\\]*(?:[^/\\?#]*@)?`;
/** A URL whose host a URL parser may change, apart from letter case. */
const oddHostPattern = /^https?:[/\\]*[^/\\?#]*[%\x80-\uffff]/i;
const longBeginningPattern = /^https?:[/\\]*[^/\\?#]*$/i;
const tokenName = /[?#&](?:tempauth|access_token|sig|authtoken)=/i;
const escapedName = /[?#&][^=?#&%]*%/;
/** Of a longer text, the host is sought only in this much, because a regular expression throws on several megabytes. */
const MAX_MATCHED_LENGTH = 8 * 1024;

/**
 * Whether the whole text is the URL of a file and contains a token. The holder of such a URL needs no session. Unlike
 * {@link createIsFileUrl}, the function also matches a URL that a browser would repair, because a match is removed from the
 * response. Only an oddly written URL goes to a URL parser, because a body may have hundreds of thousands of URLs.
 */
export function createHasFileToken(cloud: Cloud, graphOrigin: string): HasFileToken {
  const hosts = fileHosts[cloud];
  const emulated = graphOrigin.startsWith('http://') ? new URL(graphOrigin) : undefined;
  const listedHostPattern = toRegExp(hosts, emulated);

  return (untrimmed, mayParse) => {
    if (!tokenPattern.test(untrimmed)) return false;
    const text = untrimmed.trim();
    const isLong = text.length > MAX_MATCHED_LENGTH;
    const start = isLong ? text.slice(0, MAX_MATCHED_LENGTH) : text;
    const isOdd = oddHostPattern.test(start) || (isLong && longBeginningPattern.test(start));
    if ((!isOdd && !listedHostPattern.test(start)) || /\s/.test(text)) return false;
    if (isLong) return true;
    const parameters = text.slice(text.search(/[?#]|$/));
    if (!isOdd && !escapedName.test(parameters)) return tokenName.test(parameters);
    return !mayParse() || isParsedFileUrl(text);
  };

  function isParsedFileUrl(text: string): boolean {
    if (!URL.canParse(text)) return false;
    const { hostname, origin, search, hash } = new URL(text);
    const host = hostname.replace(/\.$/, '');
    const isListed = hosts.some((listed) =>
      listed.startsWith('.') ? host.endsWith(listed) : host === listed,
    );
    if (!isListed && origin !== emulated?.origin) return false;
    const names = [search, hash].flatMap((part) => [...new URLSearchParams(part.slice(1)).keys()]);
    return names.some((name) => tokenParameters.has(name.toLowerCase()));
  }
}

/** Matches a URL of these hosts, in the notation of {@link fileHosts}, with any port. */
function toRegExp(hosts: readonly string[], emulated: URL | undefined): RegExp {
  const all = emulated === undefined ? hosts : [...hosts, emulated.hostname];
  const names = all.map(
    (host) => (host.startsWith('.') ? String.raw`[^/\\?#@:]*` : '') + host.replaceAll('.', '\\.'),
  );
  return new RegExp(String.raw`${beginning}(?:${names.join('|')})\.?(?::\d*)?(?:[/\\?#]|$)`, 'i');
}
