import type { Buffer } from 'node:buffer';
import { createKeyRing, type KeyRing, parseKeyBytes } from '../crypto/key-ring.ts';
import { guidPattern, guidPatternAnyCase } from '../guid.ts';

/** How the text of a setting is read. */
export interface Validator<Value> {
  /** For the documents: `GUID`, `whole seconds, 0 to 60`. */
  readonly type: string;
  /** Completes "set it to …" in the log. */
  readonly expected: string;
  /** If true, the text may begin like a placeholder, for example `your-policy.json`. */
  readonly isFilePath?: boolean;
  /** If true, only the whole text counts as a placeholder: an app may be named Exchange Messages. */
  readonly isFreeText?: boolean;
  /** Returns undefined for invalid text. */
  parse(text: string): Value | undefined;
  /**
   * Describes a common mistake in invalid text: completes "NAME …" in the log with the problem and its fix. Never contains
   * the text. Returns undefined for any other invalid text.
   */
  diagnose?(text: string): string | undefined;
}

/** Text in which the pattern is found. A pattern for the whole text needs anchors. */
export function matching(type: string, expected: string, pattern: RegExp): Validator<string> {
  return { type, expected, parse: (text) => (pattern.test(text) ? text : undefined) };
}

export function filePath(expected: string): Validator<string> {
  return { ...matching('file path', expected, /^(?!["'].*["']$)\S(?:.*\S)?$/), isFilePath: true };
}

/** @param quantity what the setting counts: `whole seconds`, `a whole number` */
export function integer(quantity: string, min: number, max: number): Validator<number> {
  return {
    // The documents show the type in a table, without an article.
    type: `${quantity.replace(/^a /, '')}, ${min} to ${max}`,
    expected: `${quantity} from ${min} to ${max}`,
    parse(text) {
      const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Validator<Choice> {
  const last = choices.at(-1) ?? '';
  const list = (names: readonly string[], end: string) => names.slice(0, -1).join(', ') + end;
  return {
    type: list(
      choices.map((choice) => `\`${choice}\``),
      ` or \`${last}\``,
    ),
    expected: list(choices, ` or ${last}`),
    parse: (text) => choices.find((choice) => choice === text),
  };
}

export function guid(expected: string): Validator<string> {
  return { ...matching('GUID in lower case', expected, guidPattern), diagnose: diagnoseGuid };
}

function diagnoseGuid(text: string): string | undefined {
  const bare = text.replace(/^\{(.*)\}$/, '$1');
  if (!guidPatternAnyCase.test(bare)) return undefined;
  return bare === text
    ? 'is in upper case; set it to the same id in lower case'
    : 'is in braces; remove the braces';
}

export function tenant(expected: string): Validator<string> {
  const id = guid(expected);
  return {
    ...id,
    type: 'GUID in lower case, or `organizations`',
    parse: (text) => (text === 'organizations' ? text : id.parse(text)),
  };
}

/** A list separated by commas. Spaces around an item are ignored. */
export function listOf(type: string, expected: string, item: RegExp): Validator<readonly string[]> {
  return {
    type,
    expected,
    parse(text) {
      const items = text.split(',').map((part) => part.trim());
      return items.every((part) => item.test(part)) ? items : undefined;
    },
  };
}

/** A list of some of these names, each once, separated by commas. Spaces around a name are ignored. */
export function namesFrom<const Name extends string>(names: readonly Name[]): Validator<readonly Name[]> {
  const { type, expected } = oneOf(...names);
  return {
    type: `one or more of ${type.replace(/ or (?=[^ ]+$)/, ' and ')}, separated by commas`,
    expected: `one or more of ${expected.replace(/ or (?=[^ ]+$)/, ' and ')}, each once, separated by commas`,
    parse(text) {
      const parts = text.split(',').map((part) => part.trim());
      const found = parts
        .map((part) => names.find((name) => name === part))
        .filter((name) => name !== undefined);
      return found.length === parts.length && new Set(found).size === found.length ? found : undefined;
    },
  };
}

export function guids(expected: string): Validator<readonly string[]> {
  return listOf('GUIDs in lower case, separated by commas', expected, guidPattern);
}

/** An https origin. Plain http is accepted for a loopback host, and refused in Azure by `plainHttpIssues`. */
export function origin(expected: string): Validator<string> {
  return { type: 'https origin', expected, parse: (text) => toOrigin(text, isHttpsOrLoopback) };
}

export function loopbackOrigin(expected: string): Validator<string> {
  return { type: 'http origin on this machine', expected, parse: (text) => toOrigin(text, isPlainLoopback) };
}

/** Scheme, host and port in their one canonical spelling: no path, user name, trailing slash or wildcard. */
function toOrigin(text: string, isAllowed: (url: URL) => boolean): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return isAllowed(url) && url.origin === text && !url.hostname.includes('*') ? text : undefined;
}

/** @param hostname as `URL` has it */
export const isLoopback = (hostname: string) => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);

function isPlainLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && isLoopback(hostname);
}

function isHttpsOrLoopback(url: URL): boolean {
  return url.protocol === 'https:' || isPlainLoopback(url);
}

/** 32 bytes as base64url. A text like "AAAA…" is no secret, so a key with fewer than 9 distinct bytes is refused. */
export function key(expected: string): Validator<Buffer> {
  return { type: '32 random bytes as base64url', expected, parse: parseKey };
}

function parseKey(text: string): Buffer | undefined {
  const bytes = parseKeyBytes(text);
  return bytes !== undefined && new Set(bytes).size > 8 ? bytes : undefined;
}

export function keyRing(expected: string): Validator<KeyRing> {
  return { type: '`number:key` pairs, separated by commas', expected, parse: parseKeyRing };
}

function parseKeyRing(text: string): KeyRing | undefined {
  const keys = text.split(',').map((pair) => {
    const [id = '', encoded = '', ...rest] = pair.trim().split(':');
    const bytes = parseKey(encoded);
    if (!/^[1-9]\d{0,8}$/.test(id) || rest.length > 0 || bytes === undefined) return undefined;
    return { id: Number(id), bytes };
  });
  const valid = keys.filter((candidate) => candidate !== undefined);
  const distinctIds = new Set(valid.map(({ id }) => id)).size;
  const distinctKeys = new Set(valid.map(({ bytes }) => bytes.toString('hex'))).size;
  return distinctIds === keys.length && distinctKeys === keys.length ? createKeyRing(valid) : undefined;
}

/**
 * The application ids of Microsoft Graph and of its predecessor, Azure AD Graph. They are the same in every cloud. If one
 * of the two were a custom API, users could read and change the directory without regard to Graph's policy.
 */
const graphIds: ReadonlySet<string> = new Set([
  '00000003-0000-0000-c000-000000000000',
  '00000002-0000-0000-c000-000000000000',
]);
/**
 * The hosts of Microsoft Graph and Azure AD Graph in all clouds, with or without a prefix: `dod-graph.microsoft.us` (the
 * DoD cloud), `canary.graph.microsoft.com` (a preview).
 */
const graphHostPattern =
  /^(?:.+[.-])?(?:graph\.(?:microsoft|windows|microsoftazure|cloudapi|chinacloudapi)|microsoftgraph\.chinacloudapi|ags\.windows)\.[a-z]+$/;

/** The application ID URI of an API other than Graph. */
export function scopePrefix(expected: string): Validator<string> {
  const pattern = /^(?:api|https):\/\/[A-Za-z0-9][A-Za-z0-9._/-]*[A-Za-z0-9]$/;
  return {
    type: 'application ID URI',
    expected,
    parse: (text) => (pattern.test(text) && !isGraph(text) ? text : undefined),
  };
}

/** True for every name by which Entra ID knows Graph. Ignores letter case and dots after the host. */
function isGraph(prefix: string): boolean {
  const [host = '', ...segments] = prefix
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .split('/');
  return (
    [host, ...segments].some((part) => graphIds.has(part)) ||
    graphHostPattern.test(host.replace(/(?<!\.)\.+$/, ''))
  );
}
