import type { ApiProfile } from './api-profile.ts';
import { toComparableText } from './characters.ts';

/** The path of a rule: literals, and parameters for what a caller chooses. */
export interface PathTemplate {
  readonly text: string;
  readonly parts: readonly Part[];
}

export type Part =
  | LiteralPart
  /** `{id}`: a segment that the API's profile accepts as a key. */
  | { readonly kind: 'key' }
  /** `{file}` after `root:`, or `{file}:` at the end of the file's path: the name of a file or folder. */
  | { readonly kind: 'name'; readonly suffix: ':' | '' }
  | FunctionPart;

export interface LiteralPart {
  readonly kind: 'literal';
  readonly text: string;
  /** Whether it stands in the path of a file, where it is the name of a folder. */
  readonly isInFilePath: boolean;
}

/** `name(first='{x}',second={y})` */
export interface FunctionPart {
  readonly kind: 'function';
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly isQuoted: boolean }[];
}

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
  let isInFilePath = false;
  const parts = text
    .slice(1)
    .split('/')
    .map((segment): Part => {
      const endsWithColon = segment.endsWith(':');
      const part = toPart(segment, isInFilePath || endsWithColon);
      if (endsWithColon) isInFilePath = !isInFilePath;
      return part;
    });
  return { text, parts };
}

function toPart(segment: string, isInFilePath: boolean): Part {
  if (segment.startsWith('{')) {
    return isInFilePath ? { kind: 'name', suffix: segment.endsWith(':') ? ':' : '' } : { kind: 'key' };
  }
  const [, name, list = ''] = /^([^(]+)\((.*)\)$/.exec(segment) ?? [];
  if (name === undefined) return { kind: 'literal', text: segment, isInFilePath };
  const parameters = list === '' ? [] : list.split(',').map(toParameter);
  return { kind: 'function', name, parameters };
}

function toParameter(text: string): FunctionPart['parameters'][number] {
  const [name = '', value = ''] = text.split('=');
  return { name, isQuoted: value.startsWith("'") };
}

/**
 * Whether a call may match both templates. If unsure, the answer is true. Letter case makes no difference, as when a call
 * is matched.
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
      if (other.kind === 'key') return profile.isKey(part.text);
      return (
        other.kind === 'name' &&
        part.text.endsWith(other.suffix) &&
        isFileName(withoutColon(part.text, other))
      );
    case 'key':
      return other.kind === 'key' || (other.kind === 'name' && other.suffix === '');
    case 'name':
      return (other.kind === 'name' && part.suffix === other.suffix) || other.kind === 'function';
    case 'function':
      return other.kind === 'function' && shapeOf(part) === shapeOf(other);
  }
}

function shapeOf({ name, parameters }: FunctionPart): string {
  return JSON.stringify([name, parameters]).toLowerCase();
}

/** A text without the colon with which a template ends the path of a file. */
export const withoutColon = (text: string, { suffix }: { readonly suffix: string }): string =>
  text.slice(0, text.length - suffix.length);

/**
 * Whether a text can be the name of a file or folder. A colon would end the file's path. Some file systems drop a space at
 * the start, and a space or dot at the end. Behind a `?`, a server that decodes the path before it looks for the query would
 * find options. A word of OData would lead to something else than a file.
 */
export function isFileName(text: string): boolean {
  if (text === '' || /[:?]/.test(text) || /^\s|[\s.]$/.test(text)) return false;
  return !/^[\s.]*\$[a-z]+[\s.]*$/.test(toComparableText(text));
}

/** Whether the path ends with a parameter. The response is then one object and not a list. */
export function endsWithParameter({ parts }: PathTemplate): boolean {
  const kind = parts.at(-1)?.kind;
  return kind === 'key' || kind === 'name';
}
