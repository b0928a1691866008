import { Buffer } from 'node:buffer';
import type { Validator } from './validators.ts';

/** The other services of a storage account, by the label that follows the account's name in their host names. */
const otherServices = new Set(['blob', 'dfs', 'file', 'queue', 'web']);

/** The https address of a table service. Only an emulator's address may have a path. */
export function tableEndpoint(expected: string): Validator<string> {
  return {
    type: 'https URL',
    expected,
    parse: (text) =>
      URL.canParse(text) && new URL(text).protocol === 'https:' && problemOfEndpoint(text) === undefined
        ? text
        : undefined,
    diagnose: (text) => (URL.canParse(text) ? problemOfEndpoint(text) : undefined),
  };
}

function problemOfEndpoint(text: string): string | undefined {
  const url = new URL(text);
  const [, service = ''] = url.hostname.split('.');
  if (otherServices.has(service)) {
    return `is the address of another service of the account (${service}); set it to https://ACCOUNT.table.core.windows.net`;
  }
  if (/\.documents\.azure\.[a-z]+$/.test(url.hostname)) {
    return 'is the address of another API of Cosmos DB; set it to https://ACCOUNT.table.cosmos.azure.com';
  }
  // The name of a storage account has no hyphen. The name of a Cosmos DB account may have one.
  if (/^[a-z0-9]+-secondary\.(?:[a-z0-9]+\.)?table\.(?:core|storage)\./.test(url.hostname)) {
    return 'is the read-only copy of the account; set it to the address without "-secondary"';
  }
  const { pathname, search, hash, username, password } = url;
  // One slash at the end means the same address.
  const hasPath = pathname !== '/' && !isEmulator(url);
  if (hasPath || `${search}${hash}${username}${password}` !== '' || text !== text.trim()) {
    return 'has more than a host, such as a path, a query or a user name; set it to scheme and host alone';
  }
  return undefined;
}

/** Emulators have the account's name in the path. */
function isEmulator({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' || !hostname.includes('.') || /^[\d.]+$/.test(hostname);
}

/** The connection string of a storage account, with a key or a shared access signature. */
export function connectionString(expected: string): Validator<string> {
  const problemOf = (text: string) => {
    const parts = parseConnectionString(text);
    return parts === undefined ? NOT_PAIRS : problemOfParts(parts);
  };
  return {
    type: 'connection string',
    expected,
    parse: (text) =>
      text === text.trim() && problemOf(text) === undefined ? pairsOf(text).join(';') : undefined,
    diagnose: problemOf,
  };
}

const NOT_PAIRS =
  'does not consist of NAME=VALUE pairs with a semicolon between them; set it to the connection string of a storage account';

/** Without blank pairs, for which the table client throws, and without the spaces around pairs, which it ignores. */
function pairsOf(text: string): readonly string[] {
  return text
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
}

/** By name in lower case. Undefined if the text has no such pairs. Of equal names, the table client reads the first. */
function parseConnectionString(text: string): ReadonlyMap<string, string> | undefined {
  const parts = new Map<string, string>();
  for (const pair of pairsOf(text)) {
    const [, name, value] = /^([A-Za-z]+)=(.*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return undefined;
    if (!parts.has(name.toLowerCase())) parts.set(name.toLowerCase(), value);
  }
  return parts.size === 0 ? undefined : parts;
}

function problemOfParts(parts: ReadonlyMap<string, string>): string | undefined {
  if (parts.get('usedevelopmentstorage')?.toLowerCase() === 'true') return undefined;
  const endpoint = parts.get('tableendpoint');
  const problem = endpoint === undefined ? problemOfAccountAddress(parts) : problemOfTableEndpoint(endpoint);
  if (problem !== undefined) return problem;
  if (endpoint !== undefined && parts.has('sharedaccesssignature')) {
    return /(?:^|&)sig=[^&]/.test(parts.get('sharedaccesssignature') ?? '')
      ? undefined
      : 'has a SharedAccessSignature without "sig="; set it to the connection string with the whole signature';
  }
  return problemOfAccount(parts);
}

function problemOfAccount(parts: ReadonlyMap<string, string>): string | undefined {
  const lacking = ['AccountName', 'AccountKey'].find((name) => (parts.get(name.toLowerCase()) ?? '') === '');
  if (lacking !== undefined) return `has no ${lacking}; set it to the whole connection string`;
  // Otherwise the table client takes the string for one with a shared access signature.
  if (!/^https?$/i.test(parts.get('defaultendpointsprotocol') ?? '')) {
    return 'has no DefaultEndpointsProtocol; set it to the connection string with DefaultEndpointsProtocol=https';
  }
  if (!/^[a-z0-9][a-z0-9-]*$/.test(parts.get('accountname') ?? '')) {
    return 'has an AccountName that is no name of an account; set it to the connection string as Azure shows it';
  }
  return isAccountKey(parts.get('accountkey') ?? '')
    ? undefined
    : 'has an AccountKey that is not 64 bytes as base64; set it to the connection string with the whole key';
}

function problemOfAccountAddress(parts: ReadonlyMap<string, string>): string | undefined {
  const suffix = parts.get('endpointsuffix');
  if (suffix === undefined) return problemOfMissingAddress(parts);
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(suffix) && !otherServices.has(suffix.split('.')[0] ?? '')
    ? undefined
    : 'has an EndpointSuffix that is no suffix of a storage account; set it to the connection string as Azure shows it';
}

/** If the account key is missing too, only that is reported, because it is more useful to know. */
function problemOfMissingAddress(parts: ReadonlyMap<string, string>): string {
  return (parts.get('accountkey') ?? '') === ''
    ? 'has no AccountKey; set it to the whole connection string'
    : 'has neither EndpointSuffix nor TableEndpoint; set it to the whole connection string';
}

function problemOfTableEndpoint(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint))
    return 'has a TableEndpoint that is no URL; set it to the whole connection string';
  const { search, hash } = new URL(endpoint);
  if (search !== '' || hash !== '') {
    return 'has a TableEndpoint with a query; set it to the connection string as Azure shows it';
  }
  return problemOfEndpoint(endpoint)?.replace(/^(?:is|has)\b/, 'has a TableEndpoint that $&');
}

/** Every key of Table Storage and of Cosmos DB has 64 bytes. */
function isAccountKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 64 && bytes.toString('base64') === text;
}

/** When a shared access signature in the connection string expires. */
export function signatureExpiresAt(text: string): Date | undefined {
  const signature = parseConnectionString(text)?.get('sharedaccesssignature');
  const expiry = new URLSearchParams(signature).get('se');
  const expiresAt = new Date(expiry ?? Number.NaN);
  return Number.isNaN(expiresAt.getTime()) ? undefined : expiresAt;
}
