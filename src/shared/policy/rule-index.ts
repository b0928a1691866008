import type { UpstreamPath } from './path.ts';
import type { Part } from './path-template.ts';
import type { PolicyRule } from './rule.ts';

/**
 * Returns the rules that a path may match, in the order of the policy. Rules that it leaves out cannot match; the others are
 * still compared with the path. A comparison with every rule took a third of the service's own time for a call (measured).
 */
export type FindCandidates = (path: UpstreamPath) => readonly PolicyRule[];

/** The templates of all rules as a tree. Each level is one part of a template. */
interface Node {
  /** By the lower-case text of a literal. */
  readonly literals: Map<string, Node>;
  /** By the lower-case name of a function. */
  readonly functions: Map<string, Node>;
  /** The part is a parameter, which a segment of any text may fit. */
  parameter: Node | undefined;
  /** Positions of the rules whose template ends here. */
  readonly rules: number[];
}

const createNode = (): Node => ({
  literals: new Map(),
  functions: new Map(),
  parameter: undefined,
  rules: [],
});

export function createRuleIndex(rules: readonly PolicyRule[]): FindCandidates {
  const root = createNode();
  for (const [position, { template }] of rules.entries()) {
    let node = root;
    for (const part of template.parts) node = childFor(node, part);
    node.rules.push(position);
  }
  return ({ segments }) => {
    const texts = segments.map(({ text }) => text.toLowerCase());
    const positions: number[] = [];
    collect(root, texts, 0, positions);
    // A rule is found twice if a segment fits two of its spellings.
    const found =
      positions.length < 2 ? positions : [...new Set(positions)].sort((left, right) => left - right);
    return found.flatMap((position) => rules[position] ?? []);
  };
}

function childFor(node: Node, part: Part): Node {
  switch (part.kind) {
    case 'key':
    case 'name':
      node.parameter ??= createNode();
      return node.parameter;
    case 'literal':
      return childNamed(node.literals, part.text);
    case 'function':
      return childNamed(node.functions, part.name);
  }
}

function childNamed(children: Map<string, Node>, name: string): Node {
  const key = name.toLowerCase();
  const child = children.get(key) ?? createNode();
  children.set(key, child);
  return child;
}

/** Adds the rules below `node` that the segments from `at` on may match. */
function collect(node: Node | undefined, texts: readonly string[], at: number, positions: number[]): void {
  if (node === undefined) return;
  const text = texts[at];
  if (text === undefined) {
    positions.push(...node.rules);
    return;
  }
  collect(node.literals.get(text), texts, at + 1, positions);
  collect(node.parameter, texts, at + 1, positions);
  const parenthesis = text.indexOf('(');
  if (parenthesis === -1) return;
  const name = text.slice(0, parenthesis);
  collect(node.functions.get(name), texts, at + 1, positions);
  // `users('x')` is two parts: the literal, and the key in parentheses.
  const literal = node.literals.get(name);
  if (literal === undefined) return;
  for (const next of [literal.parameter, ...literal.literals.values()])
    collect(next, texts, at + 1, positions);
}
