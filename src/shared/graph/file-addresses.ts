import type { Cloud } from '../entra/authority.ts';

/**
 * Where SharePoint, OneDrive and Outlook serve files to whoever has the address, without a token. With a dot first: every
 * host below that name; else this host alone.
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
 * By which such an address proves that its holder may have the file, in lower case. The first three are SharePoint's,
 * OneDrive's and storage's; the last is of Outlook's attachments.
 */
const tokenParameters = new Set(['tempauth', 'access_token', 'sig', 'authtoken']);

/** A text without one of these is no such address. Every letter may be escaped in JSON. */
export const tokenMark = /(?:tempauth|access_token|sig|authtoken)=/i;

/** Whether an address leads to a file of Microsoft's: https, a listed host, nothing else before its path. */
export type IsFileAddress = (text: string) => boolean;

/** @param graphOrigin the emulator's serves its files itself, without TLS */
export function createIsFileAddress(cloud: Cloud, graphOrigin: string): IsFileAddress {
  const hosts = fileHosts[cloud];
  const emulated = graphOrigin.startsWith('http://') ? `${graphOrigin}/files/` : undefined;
  return (text) => {
    if (emulated !== undefined && text.startsWith(emulated)) return /^[\x21-\x7e]*$/.test(text);
    // By this form and not by a URL parser, which repairs: every reader has to find the same host.
    const [, host = ''] =
      /^https:\/\/((?:[a-z0-9-]+\.)+[a-z]+)(?:[/?][\x21-\x5b\x5d-\x7e]*)?$/.exec(text) ?? [];
    return hosts.some((known) => (known.startsWith('.') ? host.endsWith(known) : host === known));
  };
}

/** @param mayParse asked before a URL parser reads the text, which is slow; where not, it counts as such an address */
export type HasFileToken = (text: string, mayParse: () => boolean) => boolean;

/** What an address begins with, up to its host. The userinfo may have an `@` of its own. */
const beginning = String.raw`^https?:[/\\]*(?:[^/\\?#]*@)?`;
/** With a host that a URL parser may make another one of, beyond the case of its letters. */
const withOddHost = /^https?:[/\\]*[^/\\?#]*[%\x80-\uffff]/i;
const withLongBeginning = /^https?:[/\\]*[^/\\?#]*$/i;
const tokenName = /[?#&](?:tempauth|access_token|sig|authtoken)=/i;
const escapedName = /[?#&][^=?#&%]*%/;
/** Of a longer text only so much is looked at closely: a regular expression throws on some megabytes. */
const MAX_ADDRESS_LENGTH = 8 * 1024;

/**
 * Whether a text is, as a whole, an address of a file that has its own token: whoever has it needs no session. Unlike
 * {@link createIsFileAddress} it takes whatever a browser would repair, because what it takes does not come out. A URL
 * parser is asked about what is written in an odd way alone: a body may hold hundreds of thousands of addresses.
 */
export function createHasFileToken(cloud: Cloud, graphOrigin: string): HasFileToken {
  const hosts = fileHosts[cloud];
  const emulated = graphOrigin.startsWith('http://') ? new URL(graphOrigin) : undefined;
  const withListedHost = toRegExp(hosts, emulated);

  return (untrimmed, mayParse) => {
    if (!tokenMark.test(untrimmed)) return false;
    const text = untrimmed.trim();
    const isLong = text.length > MAX_ADDRESS_LENGTH;
    const begun = isLong ? text.slice(0, MAX_ADDRESS_LENGTH) : text;
    const isOdd = withOddHost.test(begun) || (isLong && withLongBeginning.test(begun));
    if ((!isOdd && !withListedHost.test(begun)) || /\s/.test(text)) return false;
    if (isLong) return true;
    const parameters = text.slice(text.search(/[?#]|$/));
    if (!isOdd && !escapedName.test(parameters)) return tokenName.test(parameters);
    return !mayParse() || isOneByItsParts(text);
  };

  function isOneByItsParts(text: string): boolean {
    if (!URL.canParse(text)) return false;
    const { hostname, origin, search, hash } = new URL(text);
    const host = hostname.replace(/\.$/, '');
    const isListed = hosts.some((known) => (known.startsWith('.') ? host.endsWith(known) : host === known));
    if (!isListed && origin !== emulated?.origin) return false;
    const names = [search, hash].flatMap((part) => [...new URLSearchParams(part.slice(1)).keys()]);
    return names.some((name) => tokenParameters.has(name.toLowerCase()));
  }
}

/** An address with one of these hosts as it is, with any port. */
function toRegExp(hosts: readonly string[], emulated: URL | undefined): RegExp {
  const all = emulated === undefined ? hosts : [...hosts, emulated.hostname];
  const names = all.map(
    (host) => (host.startsWith('.') ? String.raw`[^/\\?#@:]*` : '') + host.replaceAll('.', '\\.'),
  );
  return new RegExp(String.raw`${beginning}(?:${names.join('|')})\.?(?::\d*)?(?:[/\\?#]|$)`, 'i');
}
