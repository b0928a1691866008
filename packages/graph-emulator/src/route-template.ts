import type { Segment } from './path.ts';

/** The path of a route, for example `/me/messages/{id}`, ready for comparison. */
export interface RouteTemplate {
  /** Returns the keys of a path, in the order of the template, or undefined if the path is another one. */
  match(segments: readonly Segment[]): readonly string[] | undefined;
  /** Comparable: of two templates that match, the one with the smaller text is more specific. */
  readonly rank: string;
}

type Part =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'key' }
  | { readonly kind: 'file-path' }
  | { readonly kind: 'function'; readonly text: string; readonly names: readonly string[] };

/**
 * Reads a template: names, which match in any letter case, `{keys}`, functions such as `search(q='{words}')`, and paths of
 * files such as `root:/{path}:`.
 */
export function parseTemplate(text: string): RouteTemplate {
  const parts = text.split('/').filter(Boolean).map(toPart);
  return {
    rank: parts.map(({ kind }) => (kind === 'literal' || kind === 'function' ? '0' : '1')).join(''),
    match(segments) {
      if (segments.length !== parts.length) return undefined;
      const keys: string[] = [];
      for (const [at, part] of parts.entries()) {
        const found = matchPart(part, segments[at]);
        if (found === undefined) return undefined;
        keys.push(...found);
      }
      return keys;
    },
  };
}

function toPart(text: string): Part {
  if (text === '{path}:') return { kind: 'file-path' };
  if (/^\{\w+\}:?$/.test(text)) return { kind: 'key' };
  const [, name, args] = /^(\w+)\((.+)\)$/.exec(text) ?? [];
  if (name === undefined || args === undefined)
    return { kind: 'literal', text: text.replace(/:$/, '').toLowerCase() };
  const names = args.split(',').map((one) => one.split('=')[0]?.toLowerCase() ?? '');
  return { kind: 'function', text: name.toLowerCase(), names };
}

function matchPart(part: Part, segment: Segment | undefined): readonly string[] | undefined {
  if (segment === undefined) return undefined;
  const { text, args, isFilePath } = segment;
  switch (part.kind) {
    case 'literal':
      return args === undefined && isFilePath === undefined && text.toLowerCase() === part.text
        ? []
        : undefined;
    case 'key':
      return args === undefined && isFilePath === undefined ? [text] : undefined;
    case 'file-path':
      return isFilePath ? [text] : undefined;
    case 'function': {
      if (args?.size !== part.names.length || text.toLowerCase() !== part.text) return undefined;
      const values = part.names.map((name) => args.get(name));
      return values.every((value) => value !== undefined) ? values : undefined;
    }
  }
}
