import type { ApiProfile } from './api-profile.ts';
import type { UpstreamPath } from './path.ts';

/** The path of a rule: literals that match letter by letter, and parameters. */
export interface PathTemplate {
  readonly text: string;
  readonly parts: readonly Part[];
}

type Part =
  | { readonly kind: 'literal'; readonly text: string }
  /** `{id}`: a segment that the API's profile accepts as a key. */
  | { readonly kind: 'key' }
  /** `{file}` after `root:`, or `{file}:` at the end of the file's path: the name of a file or folder. */
  | { readonly kind: 'name'; readonly suffix: ':' | '' }
  /** `name(first='{x}',second={y})` */
  | { readonly kind: 'function'; readonly shape: string; readonly pattern: RegExp };

const parameter = String.raw`\{[A-Za-z][A-Za-z0-9-]*\}`;
const argument = `[A-Za-z][A-Za-z0-9]*=(?:'${parameter}'|${parameter})`;
const literalSegment = `[A-Za-z0-9$._~-]+:?`;
const parameterSegment = `${parameter}:?`;
const functionSegment = String.raw`[A-Za-z][A-Za-z0-9.]*\((?:${argument}(?:,${argument})*)?\)`;

/** Matches a complete template. */
export const pathTemplatePattern = new RegExp(
  `^(?:/(?:${literalSegment}|${parameterSegment}|${functionSegment}))+$`,
);

/** @param text matches {@link pathTemplatePattern} */
export function parsePathTemplate(text: string): PathTemplate {
  // From a segment that ends with a colon to the next such segment, parameters are names of files, as in
  // `/me/drive/root:/{folder}/{file}:/content`.
  let inNames = false;
  const parts = text
    .slice(1)
    .split('/')
    .map((segment): Part => {
      const endsWithColon = segment.endsWith(':');
      const part = toPart(segment, inNames);
      if (endsWithColon) inNames = !inNames;
      return part;
    });
  return { text, parts };
}

function toPart(segment: string, inNames: boolean): Part {
  if (segment.startsWith('{')) {
    const suffix = segment.endsWith(':') ? ':' : '';
    return inNames || suffix === ':' ? { kind: 'name', suffix } : { kind: 'key' };
  }
  if (!segment.endsWith(')')) return { kind: 'literal', text: segment };
  const shape = segment.replaceAll(/\{[^}]+\}/g, '{}');
  // A value contains no quote, comma, semicolon or parenthesis, because it could end its argument with one.
  const pattern = shape.replaceAll(/[.()]/g, String.raw`\$&`).replaceAll('{}', "([^'(),;]*)");
  return { kind: 'function', shape, pattern: new RegExp(`^${pattern}$`) };
}

export function matchesPath(template: PathTemplate, path: UpstreamPath, profile: ApiProfile): boolean {
  const { length } = template.parts;
  return length === path.segments.length && countMatchingSegments(template, path, profile) === length;
}

/** The number of segments that match, from the first one on. Literals are compared with the bytes that are sent. */
export function countMatchingSegments(
  { parts }: PathTemplate,
  path: UpstreamPath,
  profile: ApiProfile,
): number {
  const { rawSegments, segments } = path;
  const mismatch = parts.findIndex(
    (part, at) => !matchesSegment(part, rawSegments[at] ?? '', segments[at] ?? '', profile),
  );
  return mismatch === -1 ? parts.length : mismatch;
}

function matchesSegment(part: Part, rawSegment: string, segment: string, profile: ApiProfile): boolean {
  switch (part.kind) {
    case 'literal':
      return part.text === rawSegment;
    case 'key':
      return isKey(segment, profile);
    case 'name':
      // The colon that ends the file's path must not be encoded, because some servers read an encoded colon as a part of
      // the file's name.
      return rawSegment.endsWith(part.suffix) && isName(withoutSuffix(segment, part.suffix));
    case 'function': {
      const [whole, ...values] = part.pattern.exec(rawSegment) ?? [];
      return whole !== undefined && values.every((value) => isArgument(decodeURIComponent(value)));
    }
  }
}

/**
 * Whether a call may match both templates. If unsure, the answer is true. Letter case makes no difference, because some
 * APIs ignore it.
 */
export function overlap(left: PathTemplate, right: PathTemplate, profile: ApiProfile): boolean {
  return (
    left.parts.length === right.parts.length &&
    left.parts.every((part, at) => {
      const other = right.parts[at];
      return (
        other !== undefined && (partsOverlap(part, other, profile) || partsOverlap(other, part, profile))
      );
    })
  );
}

function partsOverlap(part: Part, other: Part, profile: ApiProfile): boolean {
  switch (part.kind) {
    case 'literal':
      if (other.kind === 'literal') return part.text.toLowerCase() === other.text.toLowerCase();
      if (other.kind === 'key') return isKey(part.text, profile);
      return (
        other.kind === 'name' &&
        part.text.endsWith(other.suffix) &&
        isName(withoutSuffix(part.text, other.suffix))
      );
    case 'key':
      return other.kind === 'key' || (other.kind === 'name' && other.suffix === '');
    case 'name':
      return (other.kind === 'name' && part.suffix === other.suffix) || other.kind === 'function';
    case 'function':
      return other.kind === 'function' && part.shape.toLowerCase() === other.shape.toLowerCase();
  }
}

const withoutSuffix = (text: string, suffix: string) => text.slice(0, text.length - suffix.length);

const isKey = (segment: string, profile: ApiProfile) => !/[()]/.test(segment) && profile.isKey(segment);

/**
 * A file name. A colon would end the file's path. Some file systems drop a space at the start, and a space or dot at
 * the end.
 */
function isName(text: string): boolean {
  return /^[\p{L}\p{M}\p{N} _@.!~=+,()&'-]{1,255}$/u.test(text) && !/^ |[ .]$/.test(text);
}

/** A value in a function's parentheses: a date, a number, a key or words, without quotes, commas and parentheses. */
function isArgument(text: string): boolean {
  return /^[\p{L}\p{M}\p{N} _@.:!~=+-]{1,512}$/u.test(text);
}

/** Whether the path ends with a parameter. The response is then one object and not a list. */
export function endsWithParameter({ parts }: PathTemplate): boolean {
  const kind = parts.at(-1)?.kind;
  return kind === 'key' || kind === 'name';
}
