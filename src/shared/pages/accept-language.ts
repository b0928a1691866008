/** A longer header is ignored. Browsers send fewer than 100 characters. */
const MAX_LENGTH = 500;

interface LanguageRange {
  /** In lower case. `*` stands for every language. */
  readonly range: string;
  /** 0 to 1. 0: the user does not accept the language. */
  readonly quality: number;
}

const rangePattern =
  /^(?<range>\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)(?:[ \t]*;[ \t]*q=(?<quality>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?$/;

/** Entries that are not valid are left out. @see RFC 9110, section 12.5.4 */
function parseAcceptLanguage(header: string): readonly LanguageRange[] {
  if (header.length > MAX_LENGTH) return [];
  return header
    .toLowerCase()
    .split(',')
    .flatMap((entry) => {
      const { range, quality = '1' } = rangePattern.exec(entry.trim())?.groups ?? {};
      return range === undefined ? [] : [{ range, quality: Number(quality) }];
    });
}

/**
 * Chooses one of the available languages for a user. Nothing but this choice depends on the header.
 * @param available language tags, the default first
 * @see RFC 4647, section 3.4 (lookup)
 */
export function chooseLanguage(header: string | undefined, available: readonly string[]): string | undefined {
  const ranges = parseAcceptLanguage(header ?? '');
  const refused = new Set(ranges.filter(({ quality }) => quality === 0).map(({ range }) => range));
  const acceptable = available.filter((tag) => !refused.has(tag.toLowerCase()));
  const wanted = ranges
    .filter(({ quality }) => quality > 0)
    .toSorted((left, right) => right.quality - left.quality);
  for (const { range } of wanted) {
    const found = range === '*' ? acceptable[0] : lookUp(range, acceptable);
    if (found !== undefined) return found;
  }
  return available[0];
}

/** The language of the range, or the next more general one: `pt-BR`, then `pt`. */
function lookUp(range: string, available: readonly string[]): string | undefined {
  const subtags = range.split('-');
  while (subtags.length > 0) {
    const shortened = subtags.join('-');
    const found = available.find((tag) => tag.toLowerCase() === shortened);
    if (found !== undefined) return found;
    subtags.pop();
    // A subtag of one character only introduces the next one.
    if (subtags.at(-1)?.length === 1) subtags.pop();
  }
  return undefined;
}
