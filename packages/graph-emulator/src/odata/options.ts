import { GraphError } from '../reply.ts';

/** The query options of a call. Names are compared without letter case. */
export interface QueryOptions {
  get(name: string): string | undefined;
  has(name: string): boolean;
  /** Names and values as the caller wrote them. */
  readonly entries: readonly (readonly [name: string, value: string])[];
}

export const entityOptions = ['$select', '$expand'] as const;
export const listOptions = [
  ...entityOptions,
  '$filter',
  '$search',
  '$orderby',
  '$top',
  '$skip',
  '$skiptoken',
  '$count',
] as const;

/** Reads the part behind the `?` of an address. @throws {GraphError} if an option occurs twice or cannot be decoded */
export function parseQuery(text: string): QueryOptions {
  return toOptions(
    text
      .split('&')
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', value = ''] = part.split(/=(.*)/s);
        return [decode(name), decode(value)] as const;
      }),
  );
}

export function toOptions(entries: QueryOptions['entries']): QueryOptions {
  const byName = new Map<string, string>();
  for (const [name, value] of entries) {
    if (byName.has(name.toLowerCase())) {
      const message = `Query option '${name}' was specified more than once, but it must be specified at most once.`;
      throw new GraphError(400, 'BadRequest', message);
    }
    byName.set(name.toLowerCase(), value);
  }
  return {
    entries,
    get: (name) => byName.get(name.toLowerCase()),
    has: (name) => byName.has(name.toLowerCase()),
  };
}

/** Refuses options that a route does not have, so that none is ignored. @throws {GraphError} */
export function requireKnownOptions({ entries }: QueryOptions, known: readonly string[]): void {
  const isKnown = (name: string) => known.some((one) => one.toLowerCase() === name.toLowerCase());
  const unknown = entries.find(([name]) => !isKnown(name))?.[0];
  if (unknown === undefined) return;
  const message = `The query parameter '${unknown}' is not supported. The emulator supports here: ${known.join(', ') || 'none'}.`;
  throw new GraphError(400, 'BadRequest', message);
}

/** Returns a whole number of an option. @throws {GraphError} */
export function readCount(options: QueryOptions, name: string): number | undefined {
  const text = options.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const message = `Invalid value '${text}' for ${name} query option found. The ${name} query option requires a non-negative integer value.`;
  throw new GraphError(400, 'BadRequest', message);
}

/** Returns `$count`. @throws {GraphError} */
export function readCountOption(options: QueryOptions): boolean {
  const text = options.get('$count')?.toLowerCase();
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  const message = `Invalid value '${text}' for $count query option found. The $count query option requires true or false.`;
  throw new GraphError(400, 'BadRequest', message);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new GraphError(400, 'BadRequest', `The query string contains '${text}', which cannot be decoded.`);
  }
}
