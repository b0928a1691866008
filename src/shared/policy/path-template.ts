import type { Dialect } from './api-profile.ts';
import type { UpstreamPath } from './path.ts';

/** The path of a rule: literals that match letter by letter, and parameters. */
export interface PathTemplate {
  readonly text: string;
  readonly parts: readonly Part[];
}

type Part =
  | { readonly kind: 'literal'; readonly text: string }
  /** `{id}`: what the dialect takes for a key. */
  | { readonly kind: 'key' }
  /** `{file}` after `root:`, with the colon that ends the path or without: the name of a file or folder. */
  | { readonly kind: 'name'; readonly suffix: ':' | '' }
  /** `name(first='{x}',second={y})` */
  | { readonly kind: 'function'; readonly shape: string; readonly pattern: RegExp };

const parameter = String.raw`\{[A-Za-z][A-Za-z0-9-]*\}`;
const argument = `[A-Za-z][A-Za-z0-9]*=(?:'${parameter}'|${parameter})`;
const literalSegment = `[A-Za-z0-9$._~-]+:?`;
const parameterSegment = `${parameter}:?`;
const functionSegment = String.raw`[A-Za-z][A-Za-z0-9.]*\((?:${argument}(?:,${argument})*)?\)`;

/** The grammar of a template, as a whole. */
export const pathTemplateForm = new RegExp(
  `^(?:/(?:${literalSegment}|${parameterSegment}|${functionSegment}))+$`,
);

/** Reads a template of the form {@link pathTemplateForm}. */
export function parsePathTemplate(text: string): PathTemplate {
  // Between a segment that ends with a colon and the next one, parameters are names of files: as APIs of drives have it.
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
  // A value ends where its quote or the list ends: nothing that is a word of the grammar can be inside.
  const pattern = shape.replaceAll(/[.()]/g, String.raw`\$&`).replaceAll('{}', "([^'(),;]*)");
  return { kind: 'function', shape, pattern: new RegExp(`^${pattern}$`) };
}

/** Whether the template spells out this path. */
export function matchesPath(template: PathTemplate, path: UpstreamPath, dialect: Dialect): boolean {
  const { length } = template.parts;
  return length === path.segments.length && fittingSegments(template, path, dialect) === length;
}

/** How many segments fit from the beginning on. Literals are compared with the bytes that are sent. */
export function fittingSegments({ parts }: PathTemplate, path: UpstreamPath, dialect: Dialect): number {
  const { rawSegments, segments } = path;
  const misfit = parts.findIndex(
    (part, at) => !matchesSegment(part, rawSegments[at] ?? '', segments[at] ?? '', dialect),
  );
  return misfit === -1 ? parts.length : misfit;
}

function matchesSegment(part: Part, rawSegment: string, segment: string, dialect: Dialect): boolean {
  switch (part.kind) {
    case 'literal':
      return part.text === rawSegment;
    case 'key':
      return isKey(segment, dialect);
    case 'name':
      // The colon that ends the path must not be encoded, because some readers take an encoded colon for a part of the
      // name.
      return rawSegment.endsWith(part.suffix) && isName(withoutSuffix(segment, part.suffix));
    case 'function': {
      const [whole, ...values] = part.pattern.exec(rawSegment) ?? [];
      return whole !== undefined && values.every((value) => isArgument(decodeURIComponent(value)));
    }
  }
}

/** Whether some call fits both; letter case does not make two paths, since upstreams differ on it. */
export function overlap(left: PathTemplate, right: PathTemplate, dialect: Dialect): boolean {
  return (
    left.parts.length === right.parts.length &&
    left.parts.every((part, at) => {
      const other = right.parts[at];
      return (
        other !== undefined && (partsOverlap(part, other, dialect) || partsOverlap(other, part, dialect))
      );
    })
  );
}

function partsOverlap(part: Part, other: Part, dialect: Dialect): boolean {
  switch (part.kind) {
    case 'literal':
      if (other.kind === 'literal') return part.text.toLowerCase() === other.text.toLowerCase();
      if (other.kind === 'key') return isKey(part.text, dialect);
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

const isKey = (segment: string, dialect: Dialect) => !/[()]/.test(segment) && dialect.isKey(segment);

/** A file's name. No colon, which would end the path; nothing at its ends that a file system drops. */
function isName(text: string): boolean {
  return /^[\p{L}\p{M}\p{N} _@.!~=+,()&'-]{1,255}$/u.test(text) && !/^ |[ .]$/.test(text);
}

/** A value in a function's brackets: a date, a number, a key, words. No quote, comma or bracket. */
function isArgument(text: string): boolean {
  return /^[\p{L}\p{M}\p{N} _@.:!~=+-]{1,512}$/u.test(text);
}
