import { GraphError } from './reply.ts';

/** A part of a path, decoded. */
export interface Segment {
  readonly text: string;
  /** Arguments of a function by their names in lower case, for example of `search(q='words')`. */
  readonly args?: ReadonlyMap<string, string>;
  /** A path of files between colons, for example of `root:/Reports/May.docx:`. */
  readonly isFilePath?: true;
}

/**
 * Splits a path as OData reads it. `users('x')` becomes `users` and `x`; `delta()` and `microsoft.graph.delta()` become
 * `delta`; `root:/a/b.txt:/content` becomes `root`, the path of a file, and `content`.
 * @throws {GraphError} if it cannot be decoded or read
 */
export function parsePath(raw: string): Segment[] {
  const [, before, file, after] = /^(.*?\/(?:root|items\/[^/:]+)):(\/[^:]*)(?::(\/.*)?)?$/is.exec(raw) ?? [];
  if (before === undefined || file === undefined) return splitPath(raw).flatMap(toSegments);
  const text = file.split('/').filter(Boolean).map(decode).join('/');
  return [
    ...splitPath(before).flatMap(toSegments),
    ...(text === '' ? [] : [{ text, isFilePath: true } as const]),
    ...splitPath(after ?? '').flatMap(toSegments),
  ];
}

/** A slash in the quotes of an argument separates nothing. */
function splitPath(raw: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  let quoted = false;
  for (const [character] of raw.matchAll(/%27|./gisu)) {
    if (depth > 0 && (character === "'" || character === '%27')) quoted = !quoted;
    if (!quoted && character === '(') depth++;
    if (!quoted && character === ')') depth--;
    if (character === '/' && !quoted) parts.push('');
    else parts.push(`${parts.pop()}${character}`);
  }
  return parts.filter((part) => part !== '');
}

function toSegments(raw: string): Segment[] {
  const text = decode(raw);
  const [, name, inner] = /^([A-Za-z$][\w.$]*)\((.*)\)$/s.exec(text) ?? [];
  if (name === undefined || inner === undefined)
    return [{ text: text.replace(/^graph\./i, 'microsoft.graph.') }];
  const functionName = name.replace(/^(?:microsoft\.)?graph\./i, '');
  const args = parseArguments(inner);
  if (args === undefined) return [{ text: name }, { text: unquoteKey(inner) }];
  return [args.size === 0 ? { text: functionName } : { text: functionName, args }];
}

/** Returns undefined if the parentheses contain a key. */
function parseArguments(inner: string): ReadonlyMap<string, string> | undefined {
  const args = new Map<string, string>();
  const next = /\s*([A-Za-z]\w*)\s*=\s*('(?:[^']|'')*'|[^',]*)\s*(?:,|$)/sy;
  while (next.lastIndex < inner.length) {
    const [, name, value = ''] = next.exec(inner) ?? [];
    if (name === undefined) return undefined;
    args.set(name.toLowerCase(), unquoteKey(value));
  }
  return args;
}

function unquoteKey(text: string): string {
  return /^'.*'$/s.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new GraphError(400, 'BadRequest', `The request URI is not valid: '${text}' cannot be decoded.`);
  }
}
