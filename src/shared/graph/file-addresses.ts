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
