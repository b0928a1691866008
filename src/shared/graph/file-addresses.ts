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

/**
 * Whether a text is, as a whole, an address of a file that has its own token: whoever has it needs no session. Unlike
 * {@link createIsFileAddress} it takes whatever a browser would repair, because what it takes does not come out.
 */
export function createHasFileToken(cloud: Cloud, graphOrigin: string): IsFileAddress {
  const hosts = fileHosts[cloud];
  const emulated = graphOrigin.startsWith('http://') ? graphOrigin : undefined;
  return (text) => {
    if (!tokenMark.test(text) || !/^\s*https?:\S+\s*$/i.test(text) || !URL.canParse(text)) return false;
    const { hostname, origin, search, hash } = new URL(text);
    const host = hostname.replace(/\.$/, '');
    const isListed = hosts.some((known) => (known.startsWith('.') ? host.endsWith(known) : host === known));
    if (!isListed && origin !== emulated) return false;
    const names = [search, hash].flatMap((part) => [...new URLSearchParams(part.slice(1)).keys()]);
    return names.some((name) => tokenParameters.has(name.toLowerCase()));
  };
}
