import {
  readItems,
  readMembers,
  skipScalar,
  skipWhitespace,
} from '../../../src/shared/policy/json-scanner.ts';

export interface NewRule {
  readonly feature: string;
  /** Of a feature that the file does not have yet. */
  readonly title: string;
  readonly rule: object;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Adds a rule to the text of a policy file, and its feature if the file does not have it. All other bytes stay as they are.
 * @param text valid JSON with an object `features`
 */
export function insertRule(text: string, { feature, title, rule }: NewRule): string {
  const features = memberOf(text, skipWhitespace(text, 0), 'features');
  const existing = features && memberOf(text, features.start, feature);
  const rules = existing && memberOf(text, existing.start, 'rules');
  if (features === undefined) return text;
  return rules === undefined
    ? append(text, features, { name: feature, value: { title, rules: [rule] } })
    : append(text, rules, { value: rule });
}

/** Adds a value to the end of an object or array. */
function append(text: string, list: Span, added: { readonly name?: string; readonly value: object }): string {
  const spans = text[list.start] === '{' ? membersOf(text, list.start) : itemsOf(text, list.start);
  const last = spans.at(-1);
  const unit = /\n([ \t]+)\S/.exec(text)?.[1];
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const own = indentAt(text, list.start);
  const isSpread =
    last === undefined ? unit !== undefined : text.slice(list.start, last.start).includes('\n');
  const inner = last === undefined || !isSpread ? own + (unit ?? '') : indentAt(text, last.start);
  const isOneLine = last !== undefined && !text.slice(last.start, last.end).includes('\n');
  const label = added.name === undefined ? '' : `${JSON.stringify(added.name)}: `;
  // Written as the others are: a rule in one line among such rules.
  const value = isOneLine || !isSpread ? inline(added.value) : spread(added.value, unit ?? '  ', inner);
  const entry = `${label}${value}`.replaceAll('\n', lineEnd);
  if (last !== undefined) {
    const gap = isSpread ? `,${lineEnd}${inner}` : ', ';
    return `${text.slice(0, last.end)}${gap}${entry}${text.slice(last.end)}`;
  }
  const [before, after] = isSpread ? [`${lineEnd}${inner}`, `${lineEnd}${own}`] : ['', ''];
  return `${text.slice(0, list.start + 1)}${before}${entry}${after}${text.slice(list.end - 1)}`;
}

const indentAt = (text: string, at: number) =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at) + 1, at + 1))?.[0] ?? '';

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${inline(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

const LINE_LENGTH = 100;

/** Objects over several lines, lists of names in one line if they fit. */
function spread(value: unknown, unit: string, indent: string): string {
  const inner = indent + unit;
  const inOneLine = inline(value);
  const isList = Array.isArray(value);
  if (typeof value !== 'object' || value === null) return inOneLine;
  const holdsObjects = isList && value.some((item) => typeof item === 'object' && !Array.isArray(item));
  if (inOneLine === '{}' || (isList && !holdsObjects && inner.length + inOneLine.length <= LINE_LENGTH)) {
    return inOneLine;
  }
  const lines = isList
    ? value.map((item) => spread(item, unit, inner))
    : Object.entries(value).map(
        ([name, member]) => `${JSON.stringify(name)}: ${spread(member, unit, inner)}`,
      );
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${lines.map((line) => inner + line).join(',\n')}\n${indent}${close}`;
}

function memberOf(text: string, start: number, name: string): Span | undefined {
  let found: Span | undefined;
  readMembers(text, start, (at, member) => {
    const end = skipValue(text, at);
    if (member === name) found = { start: at, end };
    return end;
  });
  return found;
}

/** Each member from its name on. */
function membersOf(text: string, start: number): readonly Span[] {
  const spans: Span[] = [];
  readMembers(text, start, (at, _name, nameAt) => {
    const end = skipValue(text, at);
    spans.push({ start: nameAt, end });
    return end;
  });
  return spans;
}

function itemsOf(text: string, start: number): readonly Span[] {
  const spans: Span[] = [];
  readItems(text, start, (at) => {
    const end = skipValue(text, at);
    spans.push({ start: at, end });
    return end;
  });
  return spans;
}

function skipValue(text: string, start: number): number {
  if (text[start] === '{') return readMembers(text, start, (at) => skipValue(text, at));
  if (text[start] === '[') return readItems(text, start, (at) => skipValue(text, at));
  return skipScalar(text, start);
}
