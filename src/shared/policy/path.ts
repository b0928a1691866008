import { changesIfDecoded, describeUnencoded, hasControlCharacter } from './characters.ts';

/** A path that every server on the way to the API reads in the same way. */
export interface UpstreamPath {
  /** The parts between the slashes. */
  readonly segments: readonly PathSegment[];
}

export interface PathSegment {
  /** As the caller wrote it. */
  readonly raw: string;
  /** Decoded once. */
  readonly text: string;
}

export type PathResult =
  | { readonly kind: 'path'; readonly path: UpstreamPath }
  | { readonly kind: 'refused'; readonly reason: string };

const MAX_PATH_BYTES = 2048;

/** The longest beginning that has only characters of a path (RFC 3986, 3.3). Servers may "repair" any other character. */
const pathCharacters = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]+|%[0-9A-Fa-f]{2})*/;

/**
 * Reads the path of a call to the API. An irregular path is refused and not repaired, because a path can evade the policy
 * if two servers repair it differently.
 * @param routeParameter the path as the host's router decoded it, once. If it differs from `raw`, a server on the way has
 * changed the path. (A front end that decodes the URL collapses dot segments in it, but not in the router's
 * parameter; measured.) Undefined for a path that did not come through the router.
 */
export function readUpstreamPath(raw: string, routeParameter?: string): PathResult {
  if (raw.length > MAX_PATH_BYTES) return refused('the path is too long');
  if (!raw.startsWith('/')) return refused('the path does not begin with a slash');
  const [readable = ''] = pathCharacters.exec(raw) ?? [];
  const unreadable = raw.codePointAt(readable.length);
  if (unreadable !== undefined)
    return refused(`the path has ${describeUnencoded(String.fromCodePoint(unreadable))}`);
  const segments: PathSegment[] = [];
  for (const rawSegment of raw.slice(1).split('/')) {
    const text = decodeSegment(rawSegment);
    if (text === undefined) return refused('the path is not valid UTF-8');
    const issue = issueOf(text, rawSegment);
    if (issue !== undefined) return refused(`the path has ${issue}`);
    segments.push({ raw: rawSegment, text });
  }
  if (routeParameter !== undefined && segments.map(({ text }) => text).join('/') !== routeParameter)
    return refused('the URL and the host disagree on the path');
  return { kind: 'path', path: { segments } };
}

/** What servers could read differently in a decoded segment. */
function issueOf(text: string, raw: string): string | undefined {
  if (text === '') return 'an empty segment';
  if (text === '.' || text === '..') return 'a dot segment';
  // Without an escape, the segment has only characters of a path.
  if (!raw.includes('%')) return undefined;
  if (/[/\\]/.test(text)) return 'an encoded slash or backslash';
  // Some front ends decode a second encoding, and others do not.
  if (changesIfDecoded(text)) return 'an encoded "%" before two hexadecimal digits';
  return hasControlCharacter(text) ? 'a control character' : undefined;
}

function refused(reason: string): PathResult {
  return { kind: 'refused', reason };
}

function decodeSegment(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** One character of a segment as the caller wrote it. The bytes of an encoded one are valid UTF-8. */
const rawCharacter = /%[c-f][0-9a-f](?:%[89ab][0-9a-f])+|%[0-9a-f]{2}|./gi;

/** The part of a segment as the caller wrote it, by its position in the decoded text. */
export function sliceRaw({ raw, text }: PathSegment, from: number, to: number): string {
  if (raw.length === text.length) return raw.slice(from, to);
  let at = 0;
  let slice = '';
  for (const character of raw.match(rawCharacter) ?? []) {
    if (at >= from && at < to) slice += character;
    at += decodeURIComponent(character).length;
  }
  return slice;
}
