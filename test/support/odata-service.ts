/**
 * Reads requests as a service of OData does: split first, then decoded, then parsed (OData 4.01 URL Conventions, 2 and 4.3.1,
 * and its ABNF). It knows no policy and shares no code with the product. Where services differ, it takes the reading that
 * gives a caller more.
 */

/** One step of a path. A key is the same whether it is a segment or stands in parentheses. */
export type Step =
  | { readonly kind: 'name' | 'key' | 'file'; readonly text: string }
  | { readonly kind: 'call'; readonly text: string; readonly values: readonly (readonly [string, string])[] };

export interface ServiceReading {
  readonly steps: readonly Step[];
  readonly options: readonly (readonly [name: string, value: string])[];
}

/** How often the service decodes each part. Some parts of Graph decode twice. */
export type Decodings = 1 | 2;

/** @returns undefined if the service would refuse the request */
export function readAsService(target: string, decodings: Decodings): ServiceReading | undefined {
  const [, rawPath = '', rawQuery = ''] = /^([^?#]*)\??([^#]*)/s.exec(target) ?? [];
  const segments: string[] = [];
  // A slash or backslash that appears when a segment is decoded separates segments too.
  for (const segment of rawPath
    .slice(1)
    .split('/')
    .flatMap((raw) => decode(raw, decodings).split(/[/\\]/))) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  const steps = toSteps(segments);
  return steps && { steps, options: readOptions(rawQuery, decodings) };
}

/** Splits again after each decoding, as the parts of Graph do that decode twice. */
function readOptions(query: string, decodings: Decodings): (readonly [string, string])[] {
  let pairs = query === '' ? [] : query.split('&').map((pair) => pair.replaceAll('+', ' '));
  for (let done = 0; done < decodings; done++) {
    pairs = pairs
      .map(decodeOnce)
      .flatMap((pair) => (done === 0 && decodings === 1 ? [pair] : pair.split(/[&#]/)));
  }
  return pairs.map((pair) => {
    const equals = pair.indexOf('=');
    return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
}

function decode(text: string, decodings: Decodings): string {
  return decodings === 1 ? decodeOnce(text) : decodeOnce(decodeOnce(text));
}

/** A stray percent sign stays. */
function decodeOnce(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+|%u[0-9a-f]{4}/gi, (escapes) =>
    escapes[1] === 'u'
      ? String.fromCharCode(Number.parseInt(escapes.slice(2), 16))
      : Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

function toSteps(segments: readonly string[]): Step[] | undefined {
  const steps: Step[] = [];
  let isInFilePath = false;
  for (const segment of segments) {
    const text = segment.endsWith(':') ? segment.slice(0, -1) : segment;
    const isFile = isInFilePath;
    if (segment.endsWith(':')) isInFilePath = !isInFilePath;
    const read = steps.length === 0 ? asVersion(text) : isFile ? asFile(text) : toStep(text);
    if (read === undefined) return undefined;
    steps.push(...read);
  }
  return steps;
}

const asVersion = (text: string): Step[] => [{ kind: /^(?:v1\.0|beta)$/i.test(text) ? 'name' : 'key', text }];

const asFile = (text: string): Step[] => [{ kind: isWord(text) ? 'name' : 'file', text }];

/** `$value` and the like, as a reader sees it that ignores spaces, dots and characters that are not seen. */
const isWord = (text: string) => /^\$[a-z]+$/i.test(clean(text));

/**
 * Letters only, letters around a number, a version at the end, or a namespace: most likely a name. 28 letters and digits
 * are the id of a plan or task in Planner.
 */
const isName = (text: string) =>
  isWord(text) ||
  /^(?:[a-z]+|(?!.{28}$)[a-z]+\d{1,4}[a-z]{3,}\d{0,2}|[a-z]+_v\d{1,2}|(?:microsoft|graph|default)\.[^@]*)$/i.test(
    clean(text),
  );

const clean = (text: string) =>
  text
    .normalize('NFKC')
    .replaceAll(/[\p{Cf}\p{Variation_Selector}]/gu, '')
    .replaceAll(/^[\s.]+|[\s.]+$/g, '');

function toStep(text: string): Step[] | undefined {
  const [, name, inner, rest] = /^([^\s(]*)\s*\((.*)\)([^)]*)$/s.exec(text) ?? [];
  if (name === undefined || inner === undefined) return [{ kind: isName(text) ? 'name' : 'key', text }];
  if (rest !== '') return undefined;
  const quoted = readQuoted(inner, 0);
  if (quoted !== undefined && quoted.end === inner.length) {
    return [
      { kind: 'name', text: name },
      { kind: 'key', text: quoted.text },
    ];
  }
  const values = readArguments(inner);
  return values && [{ kind: 'call', text: name, values }];
}

function readArguments(text: string): [string, string][] | undefined {
  const values: [string, string][] = [];
  let at = 0;
  while (at < text.length) {
    const [whole = '', name = ''] = /^,?([A-Za-z_]\w*)=/.exec(text.slice(at)) ?? [];
    if (whole === '' || whole.startsWith(',') !== at > 0) return undefined;
    at += whole.length;
    const quoted = readQuoted(text, at);
    const [plain = ''] = /^[^',()\s]*/.exec(text.slice(at)) ?? [];
    values.push([name, quoted?.text ?? plain]);
    at = quoted?.end ?? at + plain.length;
    if (at < text.length && text[at] !== ',') return undefined;
  }
  return values;
}

/** `'O''Brien'` from this position on. */
function readQuoted(
  text: string,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  if (text[start] !== "'") return undefined;
  let read = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== "'") read += text[at];
    else if (text[at + 1] === "'") read += text[at++];
    else return { text: read, end: at + 1 };
  }
  return undefined;
}
