/** A path that every reader along the way understands in the same way. */
export interface UpstreamPath {
  /** What is sent, byte for byte: `/v1.0/me`. */
  readonly raw: string;
  /** Between the slashes, as they are sent. */
  readonly rawSegments: readonly string[];
  /** The same, decoded once. */
  readonly segments: readonly string[];
}

export type PathReading =
  | { readonly kind: 'path'; readonly path: UpstreamPath }
  | { readonly kind: 'refused'; readonly reason: string };

const MAX_PATH_BYTES = 2048;

/** RFC 3986 3.3: the characters of a path. Anything else has been repaired by somebody, or will be. */
const pathCharacters = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;

/**
 * Reads the path of a call for the upstream, and refuses instead of repairing: two readers that repair differently
 * are how a path escapes its policy.
 */
export function readUpstreamPath(raw: string): PathReading {
  if (raw.length > MAX_PATH_BYTES) return refused('the path is too long');
  if (!raw.startsWith('/') || !pathCharacters.test(raw))
    return refused('the path has a character that it must not');
  const rawSegments = raw.slice(1).split('/');
  const segments: string[] = [];
  for (const rawSegment of rawSegments) {
    const segment = decode(rawSegment);
    if (segment === undefined) return refused('the path is not valid UTF-8');
    if (segment === '') return refused('the path has an empty segment');
    if (segment === '.' || segment === '..') return refused('the path has a dot segment');
    // An encoded percent is a second encoding, which some front ends undo and some do not.
    if (/[/\\%]/.test(segment)) return refused('the path has an encoded slash, backslash or percent');
    if (hasControlCharacter(segment)) return refused('the path has a control character');
    segments.push(segment);
  }
  return { kind: 'path', path: { raw, rawSegments, segments } };
}

/**
 * Reads a path that the host's router has read as well. Behind a front end that decodes, its URL has had dot segments
 * collapsed, and the router's parameter has not (measured): where the two disagree, somebody has repaired something.
 * @param raw path after our prefix, as in the request's URL
 * @param routeParameter the same path as the router saw it: decoded once, not collapsed
 */
export function readRoutedPath(raw: string, routeParameter: string): PathReading {
  const reading = readUpstreamPath(raw);
  if (reading.kind === 'refused' || reading.path.segments.join('/') === routeParameter) return reading;
  return refused('the path means two things to two readers');
}

function refused(reason: string): PathReading {
  return { kind: 'refused', reason };
}

function decode(text: string): string | undefined {
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
