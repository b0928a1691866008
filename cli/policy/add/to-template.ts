import type { ApiProfile } from '../../../src/shared/policy/api-profile.ts';

/**
 * The path of a rule for a call: ids, values of functions and names of files become parameters.
 * @param path as the call has it, encoded or not; it may have parameters already
 */
export function toTemplate(path: string, profile: ApiProfile): string {
  const used = new Set<string>();
  let isInFilePath = false;
  let before = '';
  const segments = path
    .split('/')
    .slice(1)
    .map(decode)
    .flatMap(splitKey)
    .map((text, at, all) => {
      const isNamed = isInFilePath;
      if (text.endsWith(':')) isInFilePath = !isInFilePath;
      const part = isNamed
        ? toName(text, !isInFilePath || at === all.length - 1, used)
        : toPart(text, before, used, profile);
      before = text;
      return part;
    });
  return `/${segments.join('/')}`;
}

/** `users('x')` is `users/x`. */
function splitKey(text: string): readonly string[] {
  const [, name, key] = /^([A-Za-z]+)\('((?:[^']|'')+)'\)$/.exec(text) ?? [];
  return name === undefined || key === undefined ? [text] : [name, key.replaceAll("''", "'")];
}

function toPart(text: string, before: string, used: Set<string>, profile: ApiProfile): string {
  if (/^\{.*\}:?$/.test(text)) return text;
  if (/^[A-Za-z][\w.]*\(.*\)$/.test(text)) return toFunction(text);
  const key = text.replace(/:$/, '');
  // The version of Graph is no id.
  if (before === '' || !profile.isKey(key)) return text;
  return `{${unusedName(used, used.size === 0 ? 'id' : singularOf(before))}}${text.endsWith(':') ? ':' : ''}`;
}

/** `reminderView(startDateTime='2026-01-01',…)`: each value becomes a parameter with the name that is before it. */
function toFunction(text: string): string {
  return text.replaceAll(/([A-Za-z]\w*)=('(?:[^']|'')*'|[^',)]+)/g, (_, name: string, value: string) =>
    value.startsWith("'") ? `${name}='{${name}}'` : `${name}={${name}}`,
  );
}

function toName(text: string, isLast: boolean, used: Set<string>): string {
  if (/^\{.*\}:?$/.test(text)) return text;
  return `{${unusedName(used, isLast ? 'file' : 'folder')}}${text.endsWith(':') ? ':' : ''}`;
}

/** `messages` and `childFolders` contain a `message` and a `folder`. */
function singularOf(collection: string): string {
  const [word = 'id'] = collection.match(/[A-Z]?[a-z]+$/) ?? [];
  return word.toLowerCase().replace(/ies$/, 'y').replace(/s$/, '');
}

function unusedName(used: Set<string>, name: string): string {
  const names = [name, ...Array.from({ length: 9 }, (_, index) => `${name}${index + 2}`)];
  const unused = names.find((candidate) => !used.has(candidate)) ?? name;
  used.add(unused);
  return unused;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
