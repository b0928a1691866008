import type { ApiProfile } from './api-profile.ts';
import { type PathSegment, sliceRaw, type UpstreamPath } from './path.ts';
import {
  type FunctionPart,
  isFileName,
  type LiteralPart,
  type Part,
  type PathTemplate,
  withoutColon,
} from './path-template.ts';
import { findEndOfText, hasHalfEncodedQuotes, withoutDoubledQuotes } from './quoted-text.ts';

/** A path that matches a template. */
export interface PathMatch {
  /** What is sent: literals and the names of functions and parameters as in the rule, the rest as the caller wrote it. */
  readonly path: string;
  /** What the path names: one decoded text for each part of the template, the same for `users/x` and `users('x')`. */
  readonly resource: readonly string[];
  /**
   * One digit for each part. 0: the caller wrote a name of the rule as a key in parentheses (`mailFolders('inbox')`). If
   * several rules match, the rule with the smaller text is meant, as for `mailFolders/inbox`.
   */
  readonly rank: string;
}

export function matchPath(
  template: PathTemplate,
  path: UpstreamPath,
  profile: ApiProfile,
): PathMatch | undefined {
  const { matches, segments } = matchParts(template, path, profile);
  if (segments < path.segments.length || countParts(matches) < template.parts.length) return undefined;
  return {
    path: matches.map(({ sent }) => `/${sent}`).join(''),
    resource: matches.flatMap(({ resource }) => resource),
    rank: matches.map(({ rank }) => rank).join(''),
  };
}

/** How far a path matches a template: the number of parts, and of segments, from the first one on. */
export function countMatching(
  template: PathTemplate,
  path: UpstreamPath,
  profile: ApiProfile,
): { readonly parts: number; readonly segments: number } {
  const { matches, segments } = matchParts(template, path, profile);
  return { parts: countParts(matches), segments };
}

/** A segment that matches one part of a template, or two, if it has a key in parentheses. */
interface SegmentMatch {
  readonly sent: string;
  readonly resource: readonly string[];
  readonly rank: string;
}

const countParts = (matches: readonly SegmentMatch[]) => matches.flatMap(({ resource }) => resource).length;

function matchParts(
  { parts }: PathTemplate,
  path: UpstreamPath,
  profile: ApiProfile,
): { readonly matches: readonly SegmentMatch[]; readonly segments: number } {
  const matches: SegmentMatch[] = [];
  let at = 0;
  for (const segment of path.segments) {
    const [part, next] = [parts[at], parts[at + 1]];
    if (part === undefined) break;
    const match =
      matchPart(part, segment, profile) ??
      (part.kind === 'literal' && profile.hasKeysInParentheses
        ? matchKeyInParentheses(part, next, segment, profile)
        : undefined);
    if (match === undefined) break;
    matches.push(match);
    at += match.resource.length;
  }
  return { matches, segments: matches.length };
}

function matchPart(part: Part, segment: PathSegment, profile: ApiProfile): SegmentMatch | undefined {
  const { raw, text } = segment;
  switch (part.kind) {
    case 'literal':
      return isSameName(text, part.text) ? oneMatch(part.text, part.text) : undefined;
    case 'key':
      return profile.isKey(text) ? oneMatch(raw, text) : undefined;
    case 'name': {
      const name = withoutColon(text, part);
      if (!text.endsWith(part.suffix) || !isFileName(name)) return undefined;
      return oneMatch(`${sliceRaw(segment, 0, name.length)}${part.suffix}`, text);
    }
    case 'function':
      return matchFunction(part, segment);
  }
}

const oneMatch = (sent: string, resource: string): SegmentMatch => ({
  sent,
  resource: [resource],
  rank: '1',
});

const isSameName = (text: string, name: string) => text.toLowerCase() === name.toLowerCase();

/** `users('o''brien@contoso.com')`, which is `users/{id}`. Quoted text is never a name or a function of the API. */
function matchKeyInParentheses(
  { text: name, isInFilePath }: LiteralPart,
  next: Part | undefined,
  segment: PathSegment,
  profile: ApiProfile,
): SegmentMatch | undefined {
  const { text } = segment;
  const start = name.length + "('".length;
  if (isInFilePath || !/^[a-z]\w*$/i.test(name) || !isSameName(text.slice(0, start), `${name}('`))
    return undefined;
  const end = findEndOfText(text, start);
  if (end === start || text.slice(end) !== "')") return undefined;
  const raw = sliceRaw(segment, start, end);
  const key = withoutDoubledQuotes(text.slice(start, end));
  if (next?.kind === 'key' && profile.isKeyInParentheses(name, key) && !hasHalfEncodedQuotes(raw)) {
    return { sent: `${name}('${raw}')`, resource: [name, key], rank: '11' };
  }
  if (next?.kind === 'literal' && /^[a-z]+$/i.test(key) && isSameName(key, next.text)) {
    return { sent: `${name}/${next.text}`, resource: [name, next.text], rank: '10' };
  }
  return undefined;
}

/** A value without quotes: a number, an instant, a GUID or an id. `@` before it would refer to the query, `$` to OData. */
const plainValue = /[A-Za-z0-9_.~!+-][A-Za-z0-9_.:@~!=+-]{0,255}/y;

function matchFunction({ name, parameters }: FunctionPart, segment: PathSegment): SegmentMatch | undefined {
  const { text } = segment;
  let at = 0;
  const skip = (expected: string) => {
    const isThere = isSameName(text.slice(at, at + expected.length), expected);
    at += expected.length;
    return isThere;
  };
  if (!skip(`${name}(`)) return undefined;
  const [sent, resource]: [string[], string[]] = [[], []];
  for (const [index, parameter] of parameters.entries()) {
    if (index > 0 && !skip(',')) return undefined;
    while (index > 0 && text[at] === ' ') at++;
    if (!skip(`${parameter.name}=`)) return undefined;
    const value = readValue(segment, at, parameter.isQuoted);
    if (value === undefined) return undefined;
    at = value.end;
    sent.push(`${parameter.name}=${value.sent}`);
    resource.push(`${parameter.name}=${value.text}`);
  }
  if (text.slice(at) !== ')') return undefined;
  return oneMatch(`${name}(${sent.join(',')})`, `${name}(${resource.join(',')})`);
}

interface FunctionValue {
  readonly end: number;
  readonly sent: string;
  readonly text: string;
}

function readValue(segment: PathSegment, at: number, isQuoted: boolean): FunctionValue | undefined {
  const { text } = segment;
  if (!isQuoted) {
    plainValue.lastIndex = at;
    const [value] = plainValue.exec(text) ?? [];
    if (value === undefined) return undefined;
    const end = at + value.length;
    return { end, sent: sliceRaw(segment, at, end), text: value };
  }
  const end = text[at] === "'" ? findEndOfText(text, at + 1) : -1;
  // An empty value is refused, because some functions then return everything.
  if (end <= at + 1) return undefined;
  const raw = sliceRaw(segment, at + 1, end);
  if (hasHalfEncodedQuotes(raw)) return undefined;
  return { end: end + 1, sent: `'${raw}'`, text: text.slice(at, end + 1) };
}
