import type { CallExpression, Expression, MemberExpression, Node, ObjectExpression } from 'oxc-parser';
import { readSourceFiles, type SourceFile } from '../source-files.ts';

/** A test that carries requirement numbers, as its source states it. */
export interface TaggedTest {
  /** Relative to the root of the repository. */
  readonly file: string;
  /** The titles of the suites around it, then its own. */
  readonly titles: readonly string[];
  /** Includes the tags of the suites around it. */
  readonly tags: readonly string[];
}

/**
 * Reads the sources of all tests, without running them. A table of cases counts by its rows if they are objects
 * with `title` and `tags`.
 */
export function collectTaggedTests(): TaggedTest[] {
  return readSourceFiles(['test', 'packages'])
    .filter(({ path }) => /^(?:packages\/[^/]+\/)?test\//.test(path))
    .sort((left, right) => left.path.localeCompare(right.path))
    .flatMap(taggedTestsIn);
}

export function taggedTestsIn({ path, parsed }: Pick<SourceFile, 'path' | 'parsed'>): TaggedTest[] {
  const found: TaggedTest[] = [];
  visit(parsed.program, { titles: [], tags: [] });
  return found;

  function visit(value: unknown, around: Omit<TaggedTest, 'file'>): void {
    if (Array.isArray(value)) {
      for (const element of value) visit(element, around);
      return;
    }
    if (!isNode(value)) return;
    const declared = value.type === 'CallExpression' ? declarationIn(value) : undefined;
    const row = value.type === 'ObjectExpression' ? rowIn(value) : undefined;
    const { kind, title, tags } = declared ?? row ?? { kind: undefined, title: '', tags: [] };
    const inside = { titles: [...around.titles, title], tags: [...around.tags, ...tags] };
    if ((kind === 'test' || kind === 'row') && inside.tags.length > 0) found.push({ file: path, ...inside });
    for (const child of Object.values(value)) visit(child, kind === 'suite' ? inside : around);
  }
}

interface Declared {
  readonly kind: 'suite' | 'test' | 'row';
  readonly title: string;
  readonly tags: readonly string[];
}

/** `it('title', { tags: [...] }, …)`, also `it.each(rows)('title', …)`. */
function declarationIn({ callee, arguments: [first, options] }: CallExpression): Declared | undefined {
  // `it.each(rows)` returns the function that declares the tests.
  if (callee.type === 'MemberExpression' && isOneOf(propertyName(callee), ['each', 'for', 'runIf', 'skipIf']))
    return undefined;
  const name = rootName(callee);
  const title = textOf(first);
  if (!isOneOf(name, ['describe', 'it', 'test']) || title === undefined) return undefined;
  const tags = options?.type === 'ObjectExpression' ? tagsIn(options) : [];
  return { kind: name === 'describe' ? 'suite' : 'test', title, tags };
}

/** `{ title: 'title', tags: [...] }` in a table of cases. */
function rowIn(node: ObjectExpression): Declared | undefined {
  const title = textOf(propertyValue(node, 'title'));
  const tags = tagsIn(node);
  return title === undefined || tags.length === 0 ? undefined : { kind: 'row', title, tags };
}

function tagsIn(node: ObjectExpression): string[] {
  const value = propertyValue(node, 'tags');
  if (value?.type !== 'ArrayExpression') return [];
  return value.elements.flatMap((element) => {
    const text = element === null || element.type === 'SpreadElement' ? undefined : textOf(element);
    return text === undefined ? [] : [text];
  });
}

function propertyValue({ properties }: ObjectExpression, name: string): Expression | undefined {
  for (const property of properties) {
    if (property.type !== 'Property' || property.key.type !== 'Identifier') continue;
    if (property.key.name === name) return property.value;
  }
  return undefined;
}

/** The text of a title. Parts that differ between cases become "…". */
function textOf(node: { readonly type: string } | undefined): string | undefined {
  if (!isNode(node)) return undefined;
  const text =
    node.type === 'TemplateLiteral'
      ? node.quasis.map(({ value }) => value.cooked).join('…')
      : node.type === 'Literal' && typeof node.value === 'string'
        ? node.value
        : undefined;
  return text?.replace(/%[sdifjoO]|\$\w+(?:\.\w+)*/g, '…').replace(/…{2,}/g, '…');
}

function rootName(node: Expression): string | undefined {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression') return rootName(node.object);
  if (node.type === 'CallExpression') return rootName(node.callee);
  return undefined;
}

const propertyName = ({ property }: MemberExpression) =>
  property.type === 'Identifier' ? property.name : undefined;

const isOneOf = (name: string | undefined, names: readonly string[]) =>
  name !== undefined && names.includes(name);

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
