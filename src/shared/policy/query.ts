import { hasControlCharacter } from './path.ts';
import { type Rereading, rereadingsOf, toComparableOption } from './rereadings.ts';

export interface QueryOption {
  /** Decoded. */
  readonly name: string;
  /** Decoded; empty where nothing was given. */
  readonly value: string;
  /**
   * What the option can become in an API that decodes it again. The call is refused unless these are also within
   * bounds.
   */
  readonly rereadings?: readonly Rereading[];
}

export type QueryReading =
  | { readonly kind: 'query'; readonly options: readonly QueryOption[] }
  | { readonly kind: 'refused'; readonly reason: string };

const MAX_QUERY_BYTES = 4096;

/**
 * Reads the query of a call for the upstream, for the policy. It is sent as it came.
 * @param raw without the question mark
 * @param isOwn whether the upstream itself wrote the value of the option with this name, as {@link toComparableOption}
 * returns it. Such a value is not decoded again.
 */
export function readUpstreamQuery(
  raw: string,
  isOwn: (comparable: string) => boolean = () => false,
): QueryReading {
  if (raw === '') return { kind: 'query', options: [] };
  if (raw.length > MAX_QUERY_BYTES) return refused('the query is too long');
  if (!/^[\x21-\x7e]*$/.test(raw) || raw.includes('#'))
    return refused('the query has a character that it must not');
  const options: QueryOption[] = [];
  const known = new Set<string>();
  for (const pair of raw.split('&')) {
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined) return refused('the query is not valid UTF-8');
    if (name === '') return refused('the query has a nameless part');
    if (hasControlCharacter(name) || hasControlCharacter(value))
      return refused('the query has a control character');
    const read = isOwn(toComparableOption(name)) ? undefined : rereadingsOf(name, value);
    if (read?.kind === 'refused') return read;
    const rereadings = read?.rereadings ?? [];
    for (const comparable of new Set(
      [name, ...rereadings.map((again) => again.name)].map(toComparableOption),
    )) {
      // RFC 6750, 2.3: an API may take a token from the query. The user of the call would then be unknown.
      if (comparable === 'access_token') return refused('the query has a token');
      if (known.has(comparable)) return refused('the query names something twice');
      known.add(comparable);
    }
    options.push({ name, value, ...(rereadings.length === 0 ? {} : { rereadings }) });
  }
  return { kind: 'query', options };
}

function refused(reason: string): QueryReading {
  return { kind: 'refused', reason };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
