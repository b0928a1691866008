/** A path that every server on the way to the API reads in the same way. */
export interface UpstreamPath {
  /** What is sent, byte for byte: `/v1.0/me`. */
  readonly raw: string;
  /** The parts between the slashes, as they are sent. */
  readonly rawSegments: readonly string[];
  /** The same parts, decoded once. */
  readonly segments: readonly string[];
}

export type PathResult =
  | { readonly kind: 'path'; readonly path: UpstreamPath }
  | { readonly kind: 'refused'; readonly reason: string };

const MAX_PATH_BYTES = 2048;

/** The characters of a path (RFC 3986, 3.3). Servers may "repair" any other character, each in its own way. */
const pathCharacters = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;

/**
 * Reads the path of a call to the API. An irregular path is refused and not repaired, because a path can evade the policy
 * if two servers repair it differently.
 * @param routeParameter the path as the host's router decoded it, once. If it differs from `raw`, a server on the way has
 * changed the path. (A front end that decodes the URL collapses dot segments in it, but not in the router's
 * parameter; measured.) Undefined for a path that did not come through the router.
 */
export function readUpstreamPath(raw: string, routeParameter?: string): PathResult {
  if (raw.length > MAX_PATH_BYTES) return refused('the path is too long');
  if (!raw.startsWith('/') || !pathCharacters.test(raw))
    return refused('the path has a character that is not allowed');
  const rawSegments = raw.slice(1).split('/');
  const segments: string[] = [];
  for (const rawSegment of rawSegments) {
    const segment = decodeSegment(rawSegment);
    if (segment === undefined) return refused('the path is not valid UTF-8');
    if (segment === '') return refused('the path has an empty segment');
    if (segment === '.' || segment === '..') return refused('the path has a dot segment');
    // An encoded percent sign is a second encoding, which some front ends decode and others do not.
    if (/[/\\%]/.test(segment)) return refused('the path has an encoded slash, backslash or percent');
    if (hasControlCharacter(segment)) return refused('the path has a control character');
    segments.push(segment);
  }
  if (routeParameter !== undefined && segments.join('/') !== routeParameter)
    return refused('the URL and the host disagree on the path');
  return { kind: 'path', path: { raw, rawSegments, segments } };
}

function refused(reason: string): PathResult {
  return { kind: 'refused', reason };
}

function decodeSegment(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  }
  return false;
}
